package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Parse reads a rule file; the package comment describes the format. file
// names it in errors, which give line and column.
func Parse(file string, text []byte) (*Profile, error) {
	p, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return p, nil
}

func parse(text []byte) (*Profile, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("1:1: %d bytes, a rule file has at most %d", len(text), maxFile)
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("1:1: the file is empty")
	case err != nil:
		return nil, fmt.Errorf(" %w", err) // the library's text has the line
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("1:1: more than one document in the file")
	}
	b := profileParser{profile: &Profile{YAML: string(text)}}
	if err := b.read(doc.Content[0]); err != nil {
		return nil, err
	}
	return b.profile, nil
}

// profileParser fills a profile from its file.
type profileParser struct {
	profile *Profile
	seen    struct{ detect bool }
}

func (b *profileParser) read(root *yaml.Node) error {
	p := b.profile
	// Names are referred to from everywhere, so they are read first.
	var spans *yaml.Node
	later := func(n *yaml.Node) error { spans = n; return nil }
	skip := func(*yaml.Node) error { return nil }
	err := readMapping(root, "a profile", keys{
		"name": textInto(&p.Name), "about": textInto(&p.About), "spans": later, "detect": skip, "roles": skip, "facts": skip,
		"join": skip, "not_membership": skip, "lasts": skip, "fallback": boolInto(&p.fallback),
	})
	switch {
	case err != nil:
		return err
	case p.Name == "":
		return errorAt(root, "the profile has no name")
	case spans == nil:
		return errorAt(root, "the profile has no spans")
	}
	if err := eachEntry(spans, "spans", b.span); err != nil {
		return err
	}
	err = readMapping(root, "a profile", keys{
		"name": skip, "about": skip, "spans": skip, "fallback": skip,
		"detect": b.detect, "roles": b.roles, "facts": b.facts, "join": b.join, "not_membership": b.notMembership, "lasts": b.lasts,
	})
	if err != nil {
		return err
	}
	if !b.seen.detect {
		b.detectAll()
	}
	return b.check(spans)
}

// check finds names whose selectors ask for a place that is known only after
// requests and batches are.
func (b *profileParser) check(spans *yaml.Node) error {
	for i := range b.profile.spans {
		name := &b.profile.spans[i]
		for _, s := range name.fits {
			if s.in != anywhere && name.starts|name.ifRoot != 0 {
				return errorAt(spans.Content[2*i], "spans of %q are requests or batches, so the selector cannot ask what they are in", name.name)
			}
		}
	}
	return nil
}

func (b *profileParser) span(key, value *yaml.Node) error {
	name := spanName{name: key.Value}
	err := eachItem(value, func(item *yaml.Node) error {
		s, err := readSelector(item)
		name.fits = append(name.fits, s)
		return err
	})
	b.profile.spans = append(b.profile.spans, name)
	if len(b.profile.spans) > maxNames {
		return errorAt(key, "more than %d names in spans", maxNames)
	}
	return err
}

func readSelector(n *yaml.Node) (s selector, err error) {
	err = readMapping(n, "a selector", keys{
		"name": patternsInto(&s.names), "service": patternsInto(&s.services), "scope": patternsInto(&s.scopes),
		"event": textsInto(&s.events), "any_attr": textsInto(&s.anyAttr), "links": boolInto(&s.links),
		"root": func(n *yaml.Node) error {
			s.root = new(bool)
			return boolInto(s.root)(n)
		},
		"kind": func(n *yaml.Node) error { return eachItem(n, s.readKind) },
		"attrs": func(n *yaml.Node) error {
			return eachEntry(n, "attrs", func(key, value *yaml.Node) error {
				condition, err := readCondition(key.Value, value)
				s.attrs = append(s.attrs, condition)
				return err
			})
		},
		"in": func(n *yaml.Node) error {
			places := map[string]place{"batch": inBatch, "server": inServer, "request": inRequest}
			var ok bool
			if s.in, ok = places[n.Value]; !ok {
				return errorAt(n, "%q where batch, server or request belongs", n.Value)
			}
			return nil
		},
	})
	return s, err
}

func (s *selector) readKind(n *yaml.Node) error {
	for kind := model.KindUnspecified; kind <= model.KindConsumer; kind++ {
		if kind.String() == strings.ToLower(n.Value) {
			s.kinds |= 1 << kind
			return nil
		}
	}
	return errorAt(n, "unknown kind %q: want unspecified, internal, server, client, producer or consumer", n.Value)
}

// readCondition reads exists, absent, "not GLOB", GLOB or a list of globs.
func readCondition(key string, n *yaml.Node) (c attrCondition, err error) {
	c.key = key
	switch rest, not := strings.CutPrefix(n.Value, "not "); {
	case n.Kind != yaml.ScalarNode:
	case n.Value == "exists":
		return c, nil
	case n.Value == "absent":
		c.not = true
		return c, nil
	case not:
		c.not = true
		value := *n
		value.Value = rest
		return c, patternsInto(&c.values)(&value)
	}
	return c, patternsInto(&c.values)(n)
}

// names reads a name of spans or a list of them.
func (b *profileParser) names(n *yaml.Node) (indexes []int, err error) {
	err = eachItem(n, func(item *yaml.Node) error {
		name, err := scalar(item)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(b.profile.spans, func(s spanName) bool { return s.name == name })
		if i < 0 {
			return errorAt(item, "no span is named %q in spans", name)
		}
		indexes = append(indexes, i)
		return nil
	})
	return indexes, err
}

func (b *profileParser) detect(n *yaml.Node) error {
	b.seen.detect = true
	return eachItem(n, func(item *yaml.Node) error {
		indexes, err := b.names(item)
		if err != nil {
			return err
		}
		name := &b.profile.spans[indexes[0]]
		if name.byPlaceAlone() {
			return errorAt(item, "%q fits spans of any system: detection needs a name, an attribute, an event, a service or a scope", name.name)
		}
		name.detects = true
		return nil
	})
}

// byPlaceAlone reports whether some selector goes by no more than a place.
func (s *spanName) byPlaceAlone() bool {
	return slices.ContainsFunc(s.fits, func(s selector) bool { return s.strength() == byPlace })
}

// detectAll is what a profile without detect means: every name that goes by
// more than a place detects.
func (b *profileParser) detectAll() {
	for i := range b.profile.spans {
		name := &b.profile.spans[i]
		name.detects = !name.byPlaceAlone()
	}
}

func (b *profileParser) notMembership(n *yaml.Node) error {
	indexes, err := b.names(n)
	for _, i := range indexes {
		b.profile.spans[i].noLink = true
	}
	return err
}

func (b *profileParser) lasts(n *yaml.Node) error {
	switch n.Value {
	case "root":
	case "work":
		b.profile.async = true
	default:
		return errorAt(n, "%q where root or work belongs", n.Value)
	}
	return nil
}

func (b *profileParser) facts(n *yaml.Node) error {
	known := keys{}
	for i, name := range factNames {
		known[name] = textInto(&b.profile.facts[i])
	}
	return readMapping(n, "facts", known)
}

func (b *profileParser) roles(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return errorAt(n, "roles is %s, want a list", kindName(n))
	}
	return eachItem(n, func(item *yaml.Node) error {
		rule, err := b.rule(item)
		if err != nil {
			return err
		}
		for _, i := range rule.of {
			starts := &b.profile.spans[i].starts
			if rule.root {
				starts = &b.profile.spans[i].ifRoot
			}
			if rule.role == role.Request || rule.role == role.Batch {
				*starts = starts.With(rule.role)
			}
		}
		b.profile.roles = append(b.profile.roles, rule)
		return nil
	})
}
