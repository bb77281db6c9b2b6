package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// choice is a flag that takes one of a few words.
type choice struct{ value, words string }

// oneOf makes a choice; its default is the first of the words.
func oneOf(words ...string) choice { return choice{words[0], strings.Join(words, " ")} }

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return "word" }

func (c *choice) Set(text string) error {
	if !slices.Contains(strings.Fields(c.words), text) {
		return fmt.Errorf("must be one of: %s", strings.ReplaceAll(c.words, " ", ", "))
	}
	c.value = text
	return nil
}

func (c *choice) complete(cmd *cobra.Command, name string) {
	words := strings.Fields(c.words)
	err := cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the command has no such flag: a slip in this program
	}
}

// byteCount is a flag that takes a size such as 512MiB or 2GB.
type byteCount int64

func (b *byteCount) String() string {
	const mib = 1 << 20
	if *b > 0 && *b%(1024*mib) == 0 {
		return strconv.FormatInt(int64(*b)/(1024*mib), 10) + "GiB"
	}
	return strconv.FormatInt(int64(*b), 10)
}

func (b *byteCount) Type() string { return "size" }

func (b *byteCount) Set(text string) error {
	for _, unit := range []struct {
		name string
		size float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}} {
		number, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if size := n * unit.size; err == nil && size >= 1 && size < math.MaxInt64 {
			*b = byteCount(size)
			return nil
		}
		break
	}
	return fmt.Errorf("must be a size such as 512MiB or 2GB")
}

// moment is a flag that takes a time: RFC 3339, or unix ns.
type moment struct {
	ns  int64
	set bool
}

func (m *moment) String() string {
	if !m.set {
		return ""
	}
	return time.Unix(0, m.ns).UTC().Format(time.RFC3339Nano)
}

func (m *moment) Type() string { return "time" }

func (m *moment) Set(text string) error {
	if ns, err := strconv.ParseInt(text, 10, 64); err == nil && ns > 0 {
		*m = moment{ns, true}
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1970 || t.Year() > 2261 {
		return fmt.Errorf("must be a time such as 2026-11-22T09:30:00Z, or unix nanoseconds")
	}
	*m = moment{t.UnixNano(), true}
	return nil
}
