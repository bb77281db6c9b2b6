package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze/text"
	"github.com/pfptrace/pfptrace/query/file"
)

// The exit statuses, beside 0.
const (
	statusFailed      = 1
	statusUsage       = 2
	statusNothing     = 3
	statusInterrupted = 130
)

// failure is an error with the exit status that it leads to and a hint.
type failure struct {
	status int
	err    error
	hint   string
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func wrongUsage(hint, format string, args ...any) error {
	return &failure{statusUsage, fmt.Errorf(format, args...), hint}
}

func nothingFound(hint, format string, args ...any) error {
	return &failure{statusNothing, fmt.Errorf(format, args...), hint}
}

// exactlyOne checks that a command has the one argument that it needs.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return wrongUsage(cmd.CommandPath()+" --help shows how", "%s needs exactly one %s, got %d", cmd.CommandPath(), what, len(args))
	}
}

func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return wrongUsage(cmd.CommandPath()+" --help shows how", "%s needs a %s", cmd.CommandPath(), what)
	}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return wrongUsage(cmd.CommandPath()+" --help shows how", "%s takes no arguments, got %q", cmd.CommandPath(), args[0])
}

// failed makes an error a failure, if it is none yet.
func failed(err error) error {
	var known *failure
	var unreadable *file.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &unreadable):
		return &failure{statusFailed, err, unreadable.Hint()}
	case errors.Is(err, fs.ErrPermission):
		return &failure{statusFailed, err, "may you read it?"}
	}
	return &failure{statusFailed, err, ""}
}

// exitStatus prints the error, if there is one, and returns the status. An
// error that no command made is cobra's: wrong usage of the command line.
func (p *program) exitStatus(err error) int {
	var f *failure
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE):
		return 0
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	case !errors.As(err, &f):
		message, hint, _ := strings.Cut(err.Error(), "\n")
		f = &failure{statusUsage, errors.New(message), strings.Join(strings.Fields(hint), " ")}
		if f.hint == "" {
			f.hint = "pfptrace --help lists the commands"
		}
	}
	p.say("error", f.Error())
	if f.hint != "" {
		p.say("hint", f.hint)
	}
	return f.status
}

// say prints a message to standard error. Messages hold names of files and
// words out of traces: nothing in them may reach the terminal as it is.
func (p *program) say(kind, message string) {
	lead := "pfptrace: " + kind + ": "
	for line := range strings.Lines(message) {
		fmt.Fprintln(p.stderr, lead+text.Clean(strings.TrimSuffix(line, "\n"), !p.isUTF8()))
		lead = "  "
	}
}
