package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/analyze/text"
	"github.com/pfptrace/pfptrace/model"
)

func (p *program) profilesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "Which systems are known, and how does a profile read a file?",
		Long: `Which systems are known: a profile says what the spans of one system mean. Those that are built in are detected from the data, several at once where a file mixes systems; --profile NAME or FILE overrides that.

To write one of your own start from the nearest that is built in (profiles show NAME), and see what it makes of your traces (profiles test FILE --profile MINE.yaml). The format: go doc github.com/pfptrace/pfptrace/analyze/profile.`,
		Example: `pfptrace profiles
pfptrace profiles show triton
pfptrace profiles test traces.jsonl`,
		Args: noArguments,
		RunE: p.settings(func(*cobra.Command, []string) error {
			return text.Profiles(p.stdout, profile.Builtin(), p.textOptions())
		}),
	}
	cmd.AddCommand(p.profilesShowCommand(), p.profilesTestCommand())
	return cmd
}

func (p *program) profilesShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a profile that is built in",
		Example: "pfptrace profiles show tgi",
		Args:    exactlyOne("name of a profile"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return profileNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: p.settings(func(_ *cobra.Command, args []string) error {
			for _, one := range profile.Builtin() {
				if one.Name == args[0] {
					_, err := io.WriteString(p.stdout, one.YAML)
					return err
				}
			}
			return nothingFound("pfptrace profiles lists those that are built in", "no profile is called %q", args[0])
		}),
	}
}

func (p *program) profilesTestCommand() *cobra.Command {
	var o sourceFlags
	cmd := &cobra.Command{
		Use:     "test FILE...",
		Short:   "Show which rule fits what in a file, and how much stays unattributed",
		Example: "pfptrace profiles test testdata/samples/recorded --profile kafka",
		Args:    atLeastOne("file"),
		RunE: p.settings(func(cmd *cobra.Command, args []string) error {
			o.from = args
			return p.testProfiles(cmd.Context(), &o)
		}),
	}
	o.add(cmd)
	return cmd
}

func (p *program) testProfiles(ctx context.Context, o *sourceFlags) error {
	if err := o.check(""); err != nil {
		return err
	}
	var explanation *profile.Explanation
	evidence, err := p.load(ctx, o, func(m *profile.Matcher, traces *model.Traces) *role.World {
		explanation = m.Explain(traces)
		return explanation.World
	})
	if err != nil {
		return err
	}
	report := analyze.New(evidence.world, evidence.options).Top(analyze.TopQuery{GroupBy: "profile"})
	return text.Explain(p.stdout, explanation, report, p.textOptions())
}
