package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// configure fills in the flags that the command line left alone: from their
// variables, then from the configuration file.
func (p *program) configure(cmd *cobra.Command) error {
	var err error
	isSet := map[string]bool{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := "PFPTRACE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := p.variable(name)
		if isSet[f.Name] = f.Changed; f.Changed || value == "" || f.Name == "help" || err != nil {
			return
		}
		values := []string{value}
		if isList(f) {
			values = strings.Split(value, ",")
		}
		isSet[f.Name] = true
		err = setFlag(cmd, f, values, "the variable "+name)
	})
	if err != nil {
		return err
	}
	return p.readConfig(cmd, isSet)
}

func isList(f *pflag.Flag) bool {
	_, ok := f.Value.(pflag.SliceValue)
	return ok
}

// setFlag gives a flag its values, as if they stood on the command line.
func setFlag(cmd *cobra.Command, f *pflag.Flag, values []string, where string) error {
	for _, value := range values {
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			var invalid *pflag.InvalidValueError
			if errors.As(err, &invalid) {
				err = invalid.Unwrap()
			}
			return wrongUsage("", "%s: %q: %w", where, value, err)
		}
	}
	return nil
}

// maxConfig is how large a configuration file may be, in bytes.
const maxConfig = 1 << 20

func (p *program) readConfig(cmd *cobra.Command, isSet map[string]bool) error {
	path, mustExist := p.config, p.config != ""
	if !mustExist {
		folder, err := os.UserConfigDir()
		if err != nil {
			return nil // nobody's home: no file
		}
		path = filepath.Join(folder, "pfptrace", "config.yaml")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !mustExist {
		return nil
	}
	if err != nil {
		return &failure{statusUsage, err, "--config names the configuration file"}
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return &failure{statusUsage, err, ""}
	}
	if len(content) > maxConfig {
		return wrongUsage("", "%s: larger than %d bytes", path, maxConfig)
	}
	return applyConfig(cmd, path, content, isSet)
}

// applyConfig sets the command's flags from a YAML mapping of flag names. A key
// that is a flag of another command is for that one; a key that is no flag is
// an error.
func applyConfig(cmd *cobra.Command, path string, content []byte, isSet map[string]bool) error {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return wrongUsage("", "%s: %w", path, err)
	}
	if len(document.Content) == 0 {
		return nil // empty, or comments only
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return wrongUsage("write it as lines of KEY: VALUE", "%s line %d: expected keys and values", path, mapping.Line)
	}
	known := flagNames(cmd.Root())
	seen := map[string]int{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		where := fmt.Sprintf("%s line %d", path, key.Line)
		if !known[key.Value] {
			return wrongUsage("the keys are the names of flags, without their dashes", "%s: unknown key %q", where, key.Value)
		}
		if first, ok := seen[key.Value]; ok {
			return wrongUsage("", "%s: %q stands on line %d already", where, key.Value, first)
		}
		seen[key.Value] = key.Line
		f := cmd.Flags().Lookup(key.Value)
		if f == nil || isSet[f.Name] {
			continue
		}
		values, ok := configValues(f, value)
		if !ok {
			return wrongUsage("", "%s: %q takes a single value%s", where, key.Value, orList(f))
		}
		if err := setFlag(cmd, f, values, where+": "+key.Value); err != nil {
			return err
		}
	}
	return nil
}

func configValues(f *pflag.Flag, value *yaml.Node) (values []string, ok bool) {
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode && isList(f) {
		nodes = value.Content
	}
	for _, node := range nodes {
		if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
			return nil, false
		}
		values = append(values, node.Value)
	}
	return values, true
}

func orList(f *pflag.Flag) string {
	if isList(f) {
		return " or a list"
	}
	return ""
}

// flagNames are the flags of all commands, which is what a configuration file
// may hold.
func flagNames(root *cobra.Command) map[string]bool {
	names := map[string]bool{}
	for commands := []*cobra.Command{root}; len(commands) > 0; commands = commands[1:] {
		if name := commands[0].Name(); name == "completion" || name == "help" || name == "man" {
			continue // cobra's and fang's own
		}
		commands = append(commands, commands[0].Commands()...)
		for _, flags := range []*pflag.FlagSet{commands[0].LocalFlags(), commands[0].PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
		}
	}
	delete(names, "help")
	delete(names, "version")
	delete(names, "config") // it is what names this file
	return names
}
