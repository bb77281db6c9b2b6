package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
)

// program is one run: what it reads, where it writes, what its surroundings
// are.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string

	config  string // a file; "" for the user's own
	color   choice
	verbose bool

	lingers atomic.Bool // an interrupted command has something to finish first
}

// run is the whole program; it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, env: env, color: oneOf("auto", "always", "never")}
	// A reader that closes our output early, such as head, is no error; without
	// this the runtime would end the process before we can say so.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- p.execute(ctx, args) }()
	select {
	case err := <-done:
		return p.exitStatus(err)
	case <-ctx.Done():
		stop() // the next signal ends the process at once
		return p.interrupted(done)
	}
}

// patience is how long an interrupted command may take to finish.
const patience = 5 * time.Second

// interrupted abandons the work, whose result nobody waits for. Only what is
// being written to a file is finished first.
func (p *program) interrupted(done <-chan error) int {
	if p.lingers.Load() {
		select {
		case err := <-done:
			return p.exitStatus(err)
		case <-time.After(patience):
		}
	}
	return statusInterrupted
}

func (p *program) execute(ctx context.Context, args []string) error {
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	quiet := func(io.Writer, fang.Styles, error) {} // exitStatus prints it
	return fang.Execute(ctx, root, fang.WithVersion(readVersion().String()), fang.WithErrorHandler(quiet))
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pfptrace",
		Short: "Where did the time of a request go that shared a GPU batch with others?",
		Long: `Where did the time of a request go that shared a GPU batch with others?

pfptrace reads OpenTelemetry traces, stitches each request to the batches that served it over span links, and gives every nanosecond of every request to a stage: queue wait, batch formation, GPU, network and so on. The stages of a request always add up to its duration.

Every flag has an environment variable (--max-memory is PFPTRACE_MAX_MEMORY) and a key in the configuration file; a flag wins over a variable, a variable over the file. A variable that holds a list separates its items by commas.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing found, 130 interrupted.`,
		Example: `pfptrace top --from testdata/samples/recorded
pfptrace inspect d35b6b --from testdata/examples/otlp/ex01-basic.jsonl
pfptrace profiles`,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.config, "config", "", "configuration FILE (default: pfptrace/config.yaml in the user's configuration folder)")
	flags.Var(&p.color, "color", "colour: auto (on a terminal, never with NO_COLOR), always or never")
	flags.BoolVar(&p.verbose, "verbose", false, "say on standard error what was read and how long it took")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrongUsage("pfptrace "+strings.TrimPrefix(cmd.CommandPath(), "pfptrace ")+" --help lists the flags", "%w", err)
	})
	root.AddCommand(p.topCommand(), p.inspectCommand(), p.recordCommand(), p.profilesCommand(), p.versionCommand())
	return root
}

// settings reads variables and the configuration file into the flags that the
// command line left alone, and runs the command. What comes back is a failure,
// and not a wrong usage of the command line, unless it says so.
func (p *program) settings(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := p.configure(cmd); err != nil {
			return err
		}
		return failed(run(cmd, args))
	}
}

// limitMemory lets garbage pile up to four times what is kept, and makes the
// collector work harder as the whole nears the limit. What is loaded is large
// and stays, so collecting it again and again costs much and frees nothing.
func limitMemory(limit int64) {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(limit)
}
