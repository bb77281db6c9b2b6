package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this program was built from.
type version struct{ module, commit, time, tags string }

func readVersion() version {
	v := version{module: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.module = info.Main.Version
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.commit = setting.Value + v.commit
		case "vcs.modified":
			if setting.Value == "true" {
				v.commit += " (modified)"
			}
		case "vcs.time":
			v.time = setting.Value
		case "-tags":
			v.tags = setting.Value
		}
	}
	return v
}

// String is the short form, for --version.
func (v version) String() string { return v.module }

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Which pfptrace is this?",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			_, err := fmt.Fprintf(p.stdout, "pfptrace  %s\ncommit    %s %s\ngo        %s %s/%s\ntags      %s\n",
				v.module, cmp.Or(v.commit, "unknown"), v.time, runtime.Version(), runtime.GOOS, runtime.GOARCH, cmp.Or(v.tags, "none"))
			return failed(err)
		},
	}
}
