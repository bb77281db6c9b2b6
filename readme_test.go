package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// screen is a command in the README with what it prints.
type screen struct{ command, output string }

// screens finds the commands in the README's console blocks.
func screens(t *testing.T, text string) (found []screen) {
	t.Helper()
	for block := range strings.SplitSeq(text, "```console\n") {
		if command, ok := strings.CutPrefix(block, "$ "); ok {
			command, output, _ := strings.Cut(command, "\n")
			output, _, _ = strings.Cut(output, "```")
			found = append(found, screen{command, output})
		}
	}
	if len(found) < 3 {
		t.Fatalf("only %d commands in the README", len(found))
	}
	return found
}

// The README shows what the program prints. UPDATE=1 go test . puts it there.
func TestReadmeShowsRealScreens(t *testing.T) {
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, it := range screens(t, text) {
		args, ok := strings.CutPrefix(it.command, "go run . ")
		if !ok {
			continue
		}
		got := string(outputAt(t, "96", strings.Fields(args)...))
		if it.output == "" || got == it.output {
			continue // where the command alone is shown it is enough that it runs
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("$ %s prints\n%s", it.command, got)
		}
		text = strings.Replace(text, "$ "+it.command+"\n"+it.output, "$ "+it.command+"\n"+got, 1)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("README.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The examples in --help are commands that work; traces.jsonl stands for a
// file of the reader's, and traces.zst for one that an example before it wrote.
func TestHelpExamplesRun(t *testing.T) {
	p := &program{color: oneOf("auto")}
	commands := []*cobra.Command{p.rootCommand()}
	ran := 0
	names := strings.NewReplacer("traces.jsonl.gz", "testdata/examples/otlp/ex01-basic.jsonl", "traces.jsonl", "testdata/examples/otlp/ex01-basic.jsonl",
		"traces.zst", filepath.Join(t.TempDir(), "traces.zst"))
	for len(commands) > 0 {
		command := commands[0]
		commands = append(commands[1:], command.Commands()...)
		for line := range strings.Lines(command.Example) {
			line = names.Replace(strings.TrimSpace(line))
			args := shellWords(line)
			if path.Base(args[0]) != "pfptrace" {
				t.Errorf("%s: example %q", command.CommandPath(), line)
				continue
			}
			output(t, args[1:]...)
			ran++
		}
	}
	if ran < 8 {
		t.Errorf("only %d examples", ran)
	}
}

// shellWords splits a line at spaces outside single quotes.
func shellWords(line string) (words []string) {
	for i, piece := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, piece)
		} else {
			words = append(words, strings.Fields(piece)...)
		}
	}
	return words
}
