package profile

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// rule reads one entry of roles.
func (b *profileParser) rule(n *yaml.Node) (rule roleRule, err error) {
	rule.until = -1
	err = readMapping(n, "a role", keys{
		"role": func(n *yaml.Node) error {
			if rule.role = role.Parse(n.Value); rule.role == role.None {
				return errorAt(n, "unknown role %q", n.Value)
			}
			return nil
		},
		"of":   func(n *yaml.Node) (err error) { rule.of, err = b.names(n); return err },
		"root": constant(&rule.root, "true"),
		"from": exprsInto(&rule.from, true),
		"to": func(n *yaml.Node) error {
			if n.Value == "close" {
				rule.toClose = true
				return nil
			}
			return exprsInto(&rule.to, true)(n)
		},
		"for": exprsInto(&rule.lasting, false),
		"until": func(n *yaml.Node) error {
			indexes, err := b.names(n)
			if err == nil {
				rule.until = indexes[0]
			}
			return err
		},
		"in": func(n *yaml.Node) error {
			var ok bool
			rule.linkedBatch = n.Value == "linked-batch"
			if rule.in, ok = map[string]place{"batch": inBatch, "request": inRequest, "linked-batch": anywhere}[n.Value]; !ok {
				return errorAt(n, "%q where batch, request or linked-batch belongs", n.Value)
			}
			return nil
		},
		"members": constant(&rule.linkMembers, "links"),
	})
	if err != nil {
		return rule, err
	}
	for _, alternatives := range [][]expr{rule.from, rule.to, rule.lasting} {
		if err := b.resolve(n, alternatives); err != nil {
			return rule, err
		}
	}
	return rule, rule.check(n)
}

// constant reads a key that has one value so far.
func constant(to *bool, want string) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if n.Value != want {
			return errorAt(n, "%q where %s belongs", n.Value, want)
		}
		*to = true
		return nil
	}
}

func (r *roleRule) check(n *yaml.Node) error {
	whole := r.from == nil && r.to == nil && r.lasting == nil && !r.toClose
	work := r.role >= role.Form
	switch {
	case r.role == role.None:
		return errorAt(n, "the entry has no role")
	case len(r.of) == 0:
		return errorAt(n, "the entry does not say of which spans")
	case r.to != nil && r.lasting != nil || r.toClose && r.lasting != nil:
		return errorAt(n, "the entry has both to and for")
	case !whole && (r.role == role.Request || r.role == role.Batch):
		return errorAt(n, "a %s is its whole span: from, to and for do not go with it", r.role)
	case r.toClose && r.role != role.Queue:
		return errorAt(n, "to: close is for role queue alone")
	case r.until >= 0 && r.role != role.Queue:
		return errorAt(n, "until is for role queue alone")
	case r.until >= 0 && !whole:
		return errorAt(n, "until puts whole spans together: from, to and for do not go with it")
	case r.linkedBatch && !work:
		return errorAt(n, "in: linked-batch is for the work of a batch, not for role %s", r.role)
	case r.linkMembers && r.role != role.GPU && r.role != role.Scatter:
		return errorAt(n, "members is for roles gpu and scatter alone")
	}
	return nil
}

// resolve turns the names that expressions reach for into indexes.
func (b *profileParser) resolve(n *yaml.Node, alternatives []expr) error {
	for _, e := range alternatives {
		for i := range e {
			if err := b.resolveTerm(n, &e[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *profileParser) resolveTerm(n *yaml.Node, t *term) error {
	if t.reach == reachSelf {
		return nil
	}
	t.to = slices.IndexFunc(b.profile.spans, func(s spanName) bool { return s.name == t.name })
	if t.to < 0 {
		return errorAt(n, "no span is named %q in spans", t.name)
	}
	return nil
}

func (b *profileParser) join(n *yaml.Node) error {
	return readMapping(n, "join", keys{
		"parent": boolInto(&b.profile.parentJoin),
		"key":    b.keyJoin,
		"time":   b.timeJoin,
	})
}

func (b *profileParser) keyJoin(n *yaml.Node) error {
	j := &keyJoin{}
	b.profile.keyJoin = j
	err := readMapping(n, "join by key", keys{
		"of":    func(n *yaml.Node) (err error) { j.of, err = b.names(n); return err },
		"event": textInto(&j.event), "attr": textInto(&j.attr), "size": textInto(&j.size), "within": durationInto(&j.within),
	})
	if err == nil && (j.of == nil || j.attr == "" || j.within == 0) {
		err = errorAt(n, "a join by key needs of, attr and within")
	}
	return err
}

func (b *profileParser) timeJoin(n *yaml.Node) error {
	j := &timeJoin{}
	b.profile.timeJoin = j
	err := readMapping(n, "join by time", keys{
		"of":   func(n *yaml.Node) (err error) { j.of, err = b.names(n); return err },
		"near": durationInto(&j.near),
		"points": func(n *yaml.Node) error {
			return eachItem(n, func(item *yaml.Node) error {
				var alternatives []expr
				err := exprsInto(&alternatives, true)(item)
				if err == nil {
					err = b.resolve(item, alternatives)
				}
				j.points = append(j.points, alternatives)
				return err
			})
		},
		"by": func(n *yaml.Node) error { return eachItem(n, func(item *yaml.Node) error { return b.joinBy(j, item) }) },
	})
	if err == nil && (j.of == nil || len(j.points) < 2 || j.near == 0) {
		err = errorAt(n, "a join by time needs of, near and two points or more")
	}
	return err
}

// joinBy reads "KEY" or "KEY of ancestor NAME".
func (b *profileParser) joinBy(j *timeJoin, n *yaml.Node) error {
	p := exprParser{}
	t := term{kind: termAttr}
	err := p.split(n.Value)
	if err == nil {
		t.key, err = p.word("an attribute's key")
	}
	if err == nil {
		err = p.reach(&t)
	}
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q after the attribute, want nothing", p.tokens[0].text)
	}
	if err != nil {
		return errorAt(n, "%w", err)
	}
	if err := b.resolveTerm(n, &t); err != nil {
		return err
	}
	j.by = append(j.by, t)
	return nil
}
