package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Limits of a rule file.
const (
	maxFile  = 1 << 20 // bytes
	maxNames = 1000    // in spans
)

// keys says what may stand in a YAML mapping, and what reads it.
type keys map[string]func(value *yaml.Node) error

// errorAt names the line and column of a node; Parse puts the file before it.
func errorAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%d:%d: %w", n.Line, n.Column, fmt.Errorf(format, args...))
}

// readMapping calls the reader of each key in the order of the file.
func readMapping(n *yaml.Node, what string, known keys) error {
	return eachEntry(n, what, func(key, value *yaml.Node) error {
		read, ok := known[key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return errorAt(key, "unknown key %q in %s: want one of %s", key.Value, what, strings.Join(names, ", "))
		}
		return read(value)
	})
}

// eachEntry yields the entries of a mapping whose keys are the writer's own.
func eachEntry(n *yaml.Node, what string, visit func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return errorAt(n, "%s is %s, want a mapping", what, kindName(n))
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			return errorAt(key, "a key in %s is %s, want text", what, kindName(key))
		case seen[key.Value]:
			return errorAt(key, "key %q stands twice in %s", key.Value, what)
		}
		seen[key.Value] = true
		if err := visit(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// eachItem yields the items of a list; anything else is a list of one.
func eachItem(n *yaml.Node, visit func(item *yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return visit(n)
	}
	if len(n.Content) == 0 {
		return errorAt(n, "an empty list")
	}
	for _, item := range n.Content {
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "empty"
	}
	return "text"
}

func scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", errorAt(n, "%s where text belongs", kindName(n))
	}
	return n.Value, nil
}

// The readers below make a keys entry out of where the value goes.

func textInto(to *string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) {
		*to, err = scalar(n)
		if err == nil && *to == "" {
			err = errorAt(n, "empty text")
		}
		return err
	}
}

func textsInto(to *[]string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return eachItem(n, func(item *yaml.Node) error {
			var text string
			if err := textInto(&text)(item); err != nil {
				return err
			}
			*to = append(*to, text)
			return nil
		})
	}
}

func boolInto(to *bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		value, err := strconv.ParseBool(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || err != nil {
			return errorAt(n, "%q where true or false belongs", n.Value)
		}
		*to = value
		return nil
	}
}

func durationInto(to *int64) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		d, err := time.ParseDuration(n.Value)
		if err != nil || d <= 0 {
			return errorAt(n, "%q where a positive duration such as 1ms belongs", n.Value)
		}
		*to = int64(d)
		return nil
	}
}

func patternsInto(to *[]pattern) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return eachItem(n, func(item *yaml.Node) error {
			text, err := scalar(item)
			if err != nil {
				return err
			}
			p, err := parsePattern(text)
			if err != nil {
				return errorAt(item, "%w", err)
			}
			*to = append(*to, p)
			return nil
		})
	}
}

func exprsInto(to *[]expr, wantTime bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		return eachItem(n, func(item *yaml.Node) error {
			text, err := scalar(item)
			if err != nil {
				return err
			}
			e, err := parseExpr(text, wantTime)
			if err != nil {
				return errorAt(item, "%w", err)
			}
			*to = append(*to, e)
			return nil
		})
	}
}
