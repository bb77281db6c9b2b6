package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/file"
)

// sourceFlags say what is read, and how it is understood.
type sourceFlags struct {
	from     []string
	profiles []string
	quantum  time.Duration
	skew     choice
	memory   byteCount
}

// addFrom adds the flag that names the sources.
func (s *sourceFlags) addFrom(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.from, "from", nil, "read traces from a FILE, a folder, or - for standard input; again for more")
}

// add adds the flags that say how the spans are understood.
func (s *sourceFlags) add(cmd *cobra.Command) {
	s.skew, s.memory = oneOf("none", "min"), 2<<30
	flags := cmd.Flags()
	flags.StringArrayVar(&s.profiles, "profile", nil, "understand spans by this profile, a NAME or a FILE, instead of all that are built in; again for more")
	flags.DurationVar(&s.quantum, "quantum", 0, "resolution of the timestamps: contradictions up to it are not called skew (1us where the format keeps no more)")
	flags.Var(&s.skew, "skew", "clocks that differ: none leaves times as they are, min applies the smallest offsets that causality proves")
	flags.Var(&s.memory, "max-memory", "how much memory the spans may take")
	s.skew.complete(cmd, "skew")
	err := cmd.RegisterFlagCompletionFunc("profile", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return profileNames(), cobra.ShellCompDirectiveDefault
	})
	if err != nil {
		panic(err) // there is no such flag: a slip in this program
	}
}

// scheme is how a source starts that is no path.
var scheme = regexp.MustCompile(`^([a-z][a-z0-9+.-]*://|live:)`)

// check refuses sources and values that cannot be, before anything is read.
func (s *sourceFlags) check(hint string) error {
	if len(s.from) == 0 {
		return wrongUsage(hint, "nothing to read: no --from")
	}
	for _, from := range s.from {
		if is := scheme.FindString(from); is != "" {
			return wrongUsage("save the traces to a file and name it, or pipe them in with --from -", "--from %s: this version reads files, folders and standard input, no %s", from, is)
		}
	}
	if s.quantum < 0 {
		return wrongUsage("", "--quantum %s: must not be negative", s.quantum)
	}
	return nil
}

// evidence is what was read, with its roles.
type evidence struct {
	traces  *model.Traces
	world   *role.World
	options analyze.Options
	dropped int // spans that could not be kept
}

// resolver finds the roles of spans.
type resolver func(*profile.Matcher, *model.Traces) *role.World

// load reads the sources and finds the roles of their spans. Warnings of the
// readers stand in front of the world's own.
func (p *program) load(ctx context.Context, s *sourceFlags, resolve resolver) (*evidence, error) {
	limitMemory(int64(s.memory))
	matcher, err := matcherOf(s.profiles)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	loaded, err := file.Load(ctx, s.from, p.stdin, file.Options{MaxMemory: int64(s.memory)})
	if err != nil {
		return nil, err
	}
	read := time.Now()
	world := resolve(matcher, loaded.Traces)
	world.Warnings = slices.Concat(loaded.Report.Warnings(), loaded.Traces.Odd.Warnings(), world.Warnings)
	if p.verbose {
		p.sayWhatWasRead(&loaded.Report, world, read.Sub(started), time.Since(read))
	}
	if world.Spans == 0 {
		for _, warning := range world.Warnings {
			p.say("warning", warning)
		}
		return nil, nothingFound("", "no spans in %s", strings.Join(s.from, ", "))
	}
	options := analyze.Options{Quantum: int64(s.quantum)}
	if options.Quantum == 0 {
		options.Quantum = loaded.Report.QuantumNS
	}
	if s.skew.String() == "min" {
		options.Skew = analyze.SkewMin
	}
	return &evidence{loaded.Traces, world, options, loaded.Report.Dropped()}, nil
}

func (p *program) sayWhatWasRead(report *file.Report, world *role.World, reading, matching time.Duration) {
	for i := range report.Files {
		f := &report.Files[i]
		formats := strings.Join(append(f.Formats, f.Compression), " ")
		p.say("read", fmt.Sprintf("%s: %s, %d bytes, %d spans", f.Name, strings.TrimSpace(formats), f.Stored, f.Spans))
	}
	p.say("read", fmt.Sprintf("%d spans, %d requests, %d batches; profiles %s; reading took %s, finding roles %s",
		world.Spans, len(world.Requests), len(world.Batches), strings.Join(world.Profiles, " "), reading.Round(time.Millisecond), matching.Round(time.Millisecond)))
}

// matcherOf compiles the profiles with these names or files, all that are built
// in where none is named.
func matcherOf(names []string) (*profile.Matcher, error) {
	if len(names) == 0 {
		return profile.NewMatcher(profile.Builtin()...), nil
	}
	var profiles []*profile.Profile
	for _, name := range names {
		one, err := profile.Load(name)
		if err != nil {
			return nil, &failure{statusUsage, err, "pfptrace profiles lists those that are built in"}
		}
		profiles = append(profiles, one)
	}
	return profile.NewMatcher(profiles...), nil
}

func profileNames() (names []string) {
	for _, p := range profile.Builtin() {
		names = append(names, p.Name)
	}
	return names
}
