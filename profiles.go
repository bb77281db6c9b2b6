package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze/profile"
)

func (p *program) profilesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profiles",
		Short: "Which systems are known?",
		Long: `Which systems are known: a profile says what the spans of one system mean. Those that are built in are detected from the data, several at once where a file mixes systems; --profile NAME or FILE overrides that.

To write one of your own start from the nearest that is built in (pfptrace profiles show NAME), and see what it makes of your traces (pfptrace profiles test FILE --profile MINE.yaml). The format is described in analyze/profile/doc.go.`,
		Example: `pfptrace profiles
pfptrace profiles show pfptrace`,
		Args: noArguments,
		RunE: p.settings(func(*cobra.Command, []string) error { return p.listProfiles() }),
	}
	cmd.AddCommand(p.profilesShowCommand())
	return cmd
}

func (p *program) listProfiles() error {
	var b strings.Builder
	for _, one := range profile.Builtin() {
		fmt.Fprintf(&b, "%-11s  %s\n", one.Name, one.About)
	}
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

func (p *program) profilesShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Print a profile that is built in",
		Args:              exactlyOne("name of a profile"),
		ValidArgsFunction: cobra.FixedCompletions(profileNames(), cobra.ShellCompDirectiveNoFileComp),
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
