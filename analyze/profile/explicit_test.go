package profile_test

import (
	"testing"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// The worked form: a batch of its own trace links to the queue spans of its
// members, one of which is not loaded.
func TestExplicitRoles(t *testing.T) {
	world := builtin().Resolve(parse(t, `
		trace 1
		  span a 0..100 pfptrace.role=request pfptrace.weight=3 event=pfptrace.first_response@70
		  span g 2..98 parent=a pfptrace.role=gateway
		  span q 10..20 parent=g pfptrace.role=queue
		trace 2
		  span b 15..90 pfptrace.role=batch pfptrace.batch.size=2 link=1/q link=9/q dropped_links=1
		  span f 15..30 parent=b pfptrace.role=form
		  span r 30..85 parent=b pfptrace.role=rpc
		  span s 32..80 parent=r pfptrace.role=server
		  span k 40..60 parent=s pfptrace.role=gpu pfptrace.device=gpu0 pfptrace.members=["00000000000000000000000000000001"]
		  span c 85..88 parent=b pfptrace.role=scatter pfptrace.member="00000000000000000000000000000001"`))
	equal(t, show(world), `
		request 1/a pfptrace 0..100 weight=3 first=70
		  gateway 2..98
		  queue 10..20
		batch 2/b pfptrace 15..90 size=2 links=2 dropped=1
		  form 15..30
		  rpc 30..85
		  server 32..80
		  gpu 40..60 device=gpu0 of=1
		  scatter 85..88 of=1
		  member 1/a queue=q
		  dangling 9`)
	if got := world.Links; got.ByClass[role.Live] != 1 || got.ByClass[role.DanglingUnknown] != 1 || got.Truncated != 1 {
		t.Errorf("links %+v", got)
	}
}

func TestMembership(t *testing.T) {
	for _, test := range []struct{ name, notation, want string }{
		{"the same link twice and both ways is one membership", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span q 10..20 parent=a pfptrace.role=queue link=2/b
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/q link=1/q`, `
		request 1/a pfptrace 0..100
		  queue 10..20
		batch 2/b pfptrace 15..90 links=2
		  member 1/a queue=q`},
		{"a child of the batch span holds the link", `
		trace 1
		  span a 0..100 pfptrace.role=request
		trace 2
		  span b 15..90 pfptrace.role=batch
		  span c 16..80 parent=b link=1/a
		  span d 17..70 parent=c link=7/a`, `
		request 1/a pfptrace 0..100
		batch 2/b pfptrace 15..90 links=1
		  member 1/a`},
		{"the id of the batch is an attribute of the queue span", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span q 10..20 parent=a pfptrace.role=queue pfptrace.batch.id="00000000000000000000000000000002"
		trace 2
		  span b 15..90 pfptrace.role=batch`, `
		request 1/a pfptrace 0..100
		  queue 10..20
		batch 2/b pfptrace 15..90
		  member 1/a queue=q`},
		{"links name plain spans, of which the earliest start counts", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span x 30..31 parent=a
		  span y 25..60 parent=a
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/x link=1/y`, `
		request 1/a pfptrace 0..100
		batch 2/b pfptrace 15..90 links=2
		  member 1/a named=25`},
		{"the span that a link names is lost", `
		trace 1
		  span a 0..100 pfptrace.role=request
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/lost`, `
		request 1/a pfptrace 0..100
		batch 2/b pfptrace 15..90 links=1
		  member 1/a`},
		{"a batch of batches", `
		trace 1
		  span a 0..100 pfptrace.role=request
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/a
		  span s 20..80 parent=b pfptrace.role=server
		trace 3
		  span o 25..70 pfptrace.role=batch link=2/s
		  span k 30..60 parent=lost pfptrace.role=gpu`, `
		request 1/a pfptrace 0..100
		batch 2/b pfptrace 15..90 links=1
		  server 20..80
		  member 1/a
		batch 3/o pfptrace 25..70 links=1
		  gpu 30..60
		  inner 2/b`},
		{"a batch span in a request's trace is a batch by its links only", `
		trace 1
		  span a 0..100 pfptrace.role=request
		  span q 1..9 parent=a pfptrace.role=queue
		  span b 10..50 parent=a pfptrace.role=batch link=2/a
		  span k 20..30 parent=b pfptrace.role=gpu
		trace 2
		  span a 0..90 pfptrace.role=request`, `
		request 1/a pfptrace 0..100
		  queue 1..9
		request 2/a pfptrace 0..90
		batch 1/b pfptrace 10..50 links=1
		  gpu 20..30
		  member 2/a`},
		{"requests beside each other in one trace", `
		trace 1
		  span c 0..200
		  span a 0..100 parent=c pfptrace.role=request
		  span q 1..9 parent=a pfptrace.role=queue
		  span d 0..100 parent=c pfptrace.role=request
		  span p 2..9 parent=d pfptrace.role=queue
		  span n 3..4 parent=d pfptrace.role=request
		trace 2
		  span b 15..90 pfptrace.role=batch link=1/p link=1/lost`, `
		request 1/a pfptrace 0..100
		  queue 1..9
		request 1/d pfptrace 0..100
		  queue 2..9
		batch 2/b pfptrace 15..90 links=2
		  member 1/a
		  member 1/d queue=p
		warning: 1 links into traces with several requests name none of them: they count for the first one`},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, show(builtin().Resolve(parse(t, test.notation))), test.want)
		})
	}
}

// In a trace with several batch spans work belongs to the nearest above it, and
// what is below none to the first. Roles that are needed once go to the span
// that starts first, then ends first.
func TestWorkBelongsToTheNearestBatch(t *testing.T) {
	equal(t, show(builtin().Resolve(parse(t, `
		trace 2
		  span r 0..200
		  span b 10..90 parent=r pfptrace.role=batch
		  span f 12..30 parent=b pfptrace.role=form
		  span e 12..20 parent=b pfptrace.role=form
		  span c 100..190 parent=r pfptrace.role=batch
		  span k 120..130 parent=c pfptrace.role=gpu
		  span l 140..150 parent=r pfptrace.role=gpu`))), `
		batch 2/b pfptrace 10..90
		  form 12..20
		  gpu 140..150
		batch 2/c pfptrace 100..190
		  gpu 120..130`)
}

func TestWorkInTheRequestsOwnTrace(t *testing.T) {
	equal(t, show(builtin().Resolve(parse(t, `
		trace 1
		  span a 0..100 pfptrace.role=request status=error error.type=cancelled
		  span k 20..60 parent=a pfptrace.role=gpu
		  span p 60..70 parent=k pfptrace.role=post`))), `
		request 1/a pfptrace 0..100 cancelled
		  implicit 20..70
		  gpu 20..60
		  post 60..70`)
}

// A span that ends before it starts is there, and has no length.
func TestReversedSpansAreEmptyAtTheirStart(t *testing.T) {
	equal(t, show(builtin().Resolve(parse(t, `
		trace 1
		  span a 50..10 pfptrace.role=request
		  span q 60..20 parent=a pfptrace.role=queue`))), `
		request 1/a pfptrace 50..50
		  queue 60..60`)
}

func TestPartsWithoutARequestAreIncomplete(t *testing.T) {
	equal(t, show(builtin().Resolve(parse(t, `
		trace 1
		  span q 60..70 parent=lost pfptrace.role=queue
		trace 2
		  span x 60..70 parent=lost name=whatever
		trace 3
		  span q 60..70 parent=lost pfptrace.role=queue
		  span b 65..80 parent=lost pfptrace.role=batch`))), `
		batch 3/b pfptrace 65..80
		incomplete 3`)
}

func TestStatus(t *testing.T) {
	for words, want := range map[string]role.Status{
		"status=ok": role.OK, "error.type=cancelled": role.OK, "status=error": role.Error,
		"status=error error.type=timeout": role.Error, "status=error error.type=cancelled": role.Cancelled,
		"status=error rpc.grpc.status_code=1": role.Cancelled, "status=error rpc.grpc.status_code=4": role.Error,
		"status=error rpc.response.status_code=CANCELLED": role.Cancelled,
	} {
		world := builtin().Resolve(parse(t, "trace 1\nspan a 0..9 pfptrace.role=request "+words))
		if got := world.Requests[0].Status; got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

// What a stranger's attributes say wrongly is counted, not believed.
func TestWrongAttributesAreCounted(t *testing.T) {
	equal(t, show(builtin().Resolve(parse(t, `
		trace 1
		  span a 0..100 pfptrace.role=request pfptrace.weight=heavy
		  span q 1..9 parent=a pfptrace.role=queue pfptrace.batch.id=nonsense
		  span z 1..9 parent=a pfptrace.role="boss\x1b[2J"`))), `
		request 1/a pfptrace 0..100
		  queue 1..9
		warning: 1 spans say a role that is none, such as "boss\x1b[2J"
		warning: 1 attributes should hold a trace id and do not
		warning: 1 attributes should hold a time, a length or a count and do not`)
}

// Names are the last resort: method.md 2.1.
func TestDefaultNames(t *testing.T) {
	const notation = `
		trace 1
		  span a 0..100 name="POST /run" kind=client
		  span g 2..98 parent=a name=GatewayService kind=server
		  span q 10..20 parent=g name=enqueue link=2/b
		trace 2
		  span b 15..90 name=consumer.batch link=1/q
		  span f 15..30 parent=b name=collect
		  span r 30..85 parent=b name=Api/Run kind=client
		  span s 32..80 parent=r name=api.handle kind=server
		  span h 33..39 parent=s name=neighborlist
		  span k 40..60 parent=s name=gpu_infer
		  span x 61..62 parent=b name=gpu_elsewhere
		  span p 63..64 parent=s name=d2h
		  span c 85..88 parent=b name=respond`
	const want = `
		request 1/a pfptrace 0..100
		  gateway 2..98
		  queue 10..20
		batch 2/b pfptrace 15..90 links=1
		  form 15..30
		  rpc 30..85
		  server 32..80
		  prep 33..39
		  gpu 40..60
		  post 63..64
		  scatter 85..88
		  member 1/a queue=q`
	equal(t, show(builtin().Resolve(parse(t, notation))), want)

	// One span of a trace that says its role ends the guessing there.
	equal(t, show(builtin().Resolve(parse(t, notation+"\nspan z 0..1 parent=b pfptrace.role=prep"))), `
		request 1/a pfptrace 0..100
		  gateway 2..98
		  queue 10..20
		incomplete 1`)
}
