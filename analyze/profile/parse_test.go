package profile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze/profile"
)

// The example of the package comment.
const mine = `name: mine
about: Our gateway and its GPU workers.
spans:
  batch:  {name: worker.batch, kind: consumer}
  queue:  {name: "*.enqueue", scope: mine/gateway}
  kernel: {name: /^(forward|backward)$/, attrs: {device: exists}}
  root:   {root: true}
roles:
  - {role: request, of: root}
  - {role: batch, of: batch}
  - {role: queue, of: queue, from: [event accepted, start]}
  - {role: gpu, of: kernel}
facts: {size: batch.size, device: device}
`

func TestTheExampleOfTheManual(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if commented := "//\t" + strings.ReplaceAll(strings.TrimSpace(mine), "\n", "\n//\t"); !strings.Contains(string(text), commented) {
		t.Error("doc.go has another example")
	}
	p, err := profile.Parse("mine.yaml", []byte(mine))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, show(profile.NewMatcher(p).Resolve(parse(t, `
		trace 1
		  span a 0..100 name=run
		  span q 5..20 parent=a name=jobs.enqueue scope=mine/gateway event=accepted@8
		trace 2
		  span b 20..90 name=worker.batch kind=consumer batch.size=1 link=1/q
		  span k 30..50 parent=b name=forward device=gpu3
		  span x 50..60 parent=b name=forwarding device=gpu3`))), `
		request 1/a mine 0..100
		  queue 8..20
		batch 2/b mine 20..90 size=1 links=1
		  gpu 30..50 device=gpu3
		  member 1/a queue=q`)
}

// Errors say where: file, line and column.
func TestParseErrors(t *testing.T) {
	const head = "name: x\nspans:\n  a: {name: a}\n  root: {root: true}\n"
	for _, test := range []struct{ text, want string }{
		{"", "1:1: the file is empty"},
		{"- a", "1:1: a profile is a list, want a mapping"},
		{"name: x", "1:1: the profile has no spans"},
		{"spans: {a: {name: a}}", "1:1: the profile has no name"},
		{"name: x\n\tspans: y", "line 2"},
		{head + "colour: red", `5:1: unknown key "colour" in a profile: want one of about, detect,`},
		{head + "name: y", `5:1: key "name" stands twice in a profile`},
		{head + "---\nname: y", "1:1: more than one document"},
		{"name: x\nspans:\n  a: {nam: a}", `3:7: unknown key "nam" in a selector`},
		{"name: x\nspans:\n  a: {name: /(/}", "3:13: regular expression"},
		{"name: x\nspans:\n  a: {kind: [server, clint]}", `3:22: unknown kind "clint"`},
		{"name: x\nspans:\n  a: {root: yes}", `3:13: "yes" where true or false belongs`},
		{"name: x\nspans:\n  a: {name: []}", "3:13: an empty list"},
		{"name: x\nspans:\n  a: {in: space}", `3:11: "space" where batch, server or request belongs`},
		{"name: &n x\nspans:\n  a: {name: *n}", "3:13: an alias where text belongs"},
		{head + "detect: b", `5:9: no span is named "b" in spans`},
		{head + "detect: [a, root]", `5:13: "root" fits spans of any system`},
		{head + "lasts: long", `5:8: "long" where root or work belongs`},
		{head + "roles: {role: gpu}", "5:8: roles is a mapping, want a list"},
		{head + "roles:\n  - {role: boss, of: a}", `6:12: unknown role "boss"`},
		{head + "roles:\n  - {role: gpu}", "6:5: the entry does not say of which spans"},
		{head + "roles:\n  - {of: a}", "6:5: the entry has no role"},
		{head + "roles:\n  - {role: gpu, of: a, to: close}", "6:5: to: close is for role queue alone"},
		{head + "roles:\n  - {role: gpu, of: a, to: end, for: 5ms}", "6:5: the entry has both to and for"},
		{head + "roles:\n  - {role: batch, of: a, from: end}", "6:5: a batch is its whole span"},
		{head + "roles:\n  - {role: queue, of: a, in: linked-batch}", "6:5: in: linked-batch is for the work of a batch"},
		{head + "roles:\n  - {role: gpu, of: a, from: begin}", `6:30: unknown term "begin"`},
		{head + "roles:\n  - {role: gpu, of: a, from: 5ms}", `6:30: "5ms" begins with a length`},
		{head + "roles:\n  - {role: gpu, of: a, from: start + end}", "has a time where a length belongs"},
		{head + "roles:\n  - {role: gpu, of: a, from: start attr}", `"attr" where + or - belongs`},
		{head + "roles:\n  - {role: gpu, of: a, from: event}", "the event's name is missing"},
		{head + "roles:\n  - {role: gpu, of: a, from: start + attr x}", "the unit is missing"},
		{head + "roles:\n  - {role: gpu, of: a, from: start + attr x h}", `unknown unit "h"`},
		{head + "roles:\n  - {role: gpu, of: a, from: start of parent b}", `"parent" after of, want child or ancestor`},
		{head + "roles:\n  - {role: gpu, of: a, from: start of child b}", `no span is named "b"`},
		{head + "roles:\n  - {role: gpu, of: a, from: \"event 'x\"}", "a quote is not closed"},
		{head + "facts: {colour: red}", `unknown key "colour" in facts`},
		{head + "join: {key: {of: a, attr: bid}}", "5:13: a join by key needs of, attr and within"},
		{head + "join: {time: {of: a, near: 1ms, points: [start]}}", "5:14: a join by time needs of, near and two points"},
		{head + "join: {time: {of: a, near: -1ms}}", `"-1ms" where a positive duration`},
		{"name: x\nspans:\n  a: {name: a, in: batch}\nroles:\n  - {role: batch, of: a}", `3:3: spans of "a" are requests or batches`},
		{strings.Repeat("#", 1<<20+1), "1:1: 1048577 bytes"},
	} {
		_, err := profile.Parse("f.yaml", []byte(test.text))
		if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80q: error %v, want %s", test.text, err, test.want)
		}
	}
}

func TestLoad(t *testing.T) {
	for _, p := range profile.Builtin() {
		if again, err := profile.Load(p.Name); err != nil || again.YAML != p.YAML || p.About == "" {
			t.Errorf("%s: %v, about %q", p.Name, err, p.About)
		}
	}
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if _, err := profile.Load(path); err == nil || !strings.Contains(err.Error(), "neither built in (pfptrace, triton,") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(path, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := profile.Load(path); err != nil || p.Name != "mine" {
		t.Errorf("%v, %v", p, err)
	}
}

// Two profiles that want the same spans: scope beats attributes, attributes
// beat names, and the report counts it.
func TestTheStrongerEvidenceWins(t *testing.T) {
	load := func(name, selector string) *profile.Profile {
		p, err := profile.Parse(name, []byte("name: "+name+"\nspans: {x: "+selector+", root: {root: true}}\nroles: [{role: queue, of: x}, {role: request, of: root}]"))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	byName, byAttr, byScope := load("byname", "{name: wait}"), load("byattr", "{attrs: {k: v}}"), load("byscope", "{scope: lib}")
	traces := parse(t, "trace 1\nspan a 0..9 name=root\nspan q 1..2 parent=a name=wait k=v scope=lib")
	for _, test := range []struct {
		profiles []*profile.Profile
		want     string
	}{
		{[]*profile.Profile{byName, byAttr, byScope}, "byscope"},
		{[]*profile.Profile{byName, byAttr}, "byattr"},
		{[]*profile.Profile{byName, load("other", "{name: w*}")}, "byname"},
	} {
		world := profile.NewMatcher(test.profiles...).Resolve(traces)
		if got := world.Requests[0].Profile; got != test.want {
			t.Errorf("the request is one of %s, want %s", got, test.want)
		}
		if len(world.Warnings) != 1 || !strings.HasPrefix(world.Warnings[0], "1 spans fit several profiles (byname, ") {
			t.Errorf("warnings %q", world.Warnings)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range profile.Builtin() {
		f.Add(p.YAML)
	}
	traces := parse(f, "trace 1\nspan a 0..9 name=root\nspan b 1..2 parent=a name=infer kind=server link=2/a x=1 event=e@1\ntrace 2\nspan a 1..2 name=batch")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := profile.Parse("f", []byte(text)); err == nil {
			profile.NewMatcher(p).Resolve(traces)
		}
	})
}
