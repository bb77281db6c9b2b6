// Package profile turns spans into roles: it alone knows that a Triton event or
// a TGI attribute exists. A [Profile] is a rule file, a [Matcher] the compiled
// union of some of them, and [Matcher.Resolve] gives a [role.World], which is
// all that the analysis sees.
//
// # Writing a profile
//
// A profile is one YAML file. Start from the nearest that is built in, and look
// at what it does with your traces (pfptrace profiles test FILE). Unknown keys
// and bad values are errors that name line and column. This one is complete:
//
//	name: mine
//	about: Our gateway and its GPU workers.
//	spans:
//	  batch:  {name: worker.batch, kind: consumer}
//	  queue:  {name: "*.enqueue", scope: mine/gateway}
//	  kernel: {name: /^(forward|backward)$/, attrs: {device: exists}}
//	  root:   {root: true}
//	roles:
//	  - {role: request, of: root}
//	  - {role: batch, of: batch}
//	  - {role: queue, of: queue, from: [event accepted, start]}
//	  - {role: gpu, of: kernel}
//	facts: {size: batch.size, device: device}
//
// # spans: names for spans
//
// Each entry is a name and a selector, or a list of selectors of which one is
// enough. A span has the first name, in the order of the file, whose selector
// fits; all that a selector says must hold:
//
//	name, service, scope   globs (* any text, ? one byte), or regular expressions
//	                       between slashes, which may match anywhere (/x/i: in any
//	                       case); one or a list. They look at the first 4096 bytes
//	kind                   internal, server, client, producer, consumer, unspecified
//	attrs                  KEY: exists, absent, a glob or a list of globs, or "not GLOB",
//	                       which holds without the attribute too
//	any_attr               one of these attributes is there
//	event                  events with these names are there
//	root                   true: the span names no parent; false: it does
//	links                  true: it links to another trace
//	in                     batch, request (not in a batch), or server (in a batch and below
//	                       a span with the role server); not for requests and batches
//
// # detect: where the profile counts
//
// A profile counts in the traces in which some span has one of the names listed
// under detect; without detect, any name will do that goes by more than root,
// kind, links and in. With "fallback: true" it counts in the traces in which no
// other profile counts and no span says its role.
//
// Where several profiles want a span, the one with the stronger evidence has
// it: the role that a span says itself, then scope, then attributes and events,
// then names, then the rest; then what detected the profile; then the order in
// which profiles are given. A warning counts such spans.
//
// # roles: what the names mean
//
// A list. Each entry gives a role to a stretch of time of every span with one
// of the names in "of". A name may have several. The roles are request, gateway,
// queue, batch, form, rpc, server, prep, gpu, post and scatter.
//
//	root       true: only for spans that name no parent
//	from, to   moments; without them the span's own start and end. A list is tried in
//	           order, and an entry of which no moment can be computed gives nothing
//	for        a length, instead of to
//	to: close  queue: the wait lasts until the batch closes that takes it; where none is
//	           known, to the span's own end
//	until      queue: spans that follow each other with none of this name between them
//	           are one wait
//	in         batch, request: only for spans that are in a batch, or are not;
//	           linked-batch: work in the trace of a request is counted in the batch that its
//	           span is linked with, as that request's
//	members    links: it is work for what its span links to (gpu, scatter)
//
// A moment is start, end, event NAME, last event NAME or time KEY UNIT (an
// attribute that holds a time since the unix epoch), and then any number of
// lengths with + or - before them. A length is attr KEY UNIT or a duration such
// as 5ms. Units are ns, us, ms, s (numbers) and go, rust (text such as 45.6µs).
// Any of them may read another span of the same trace: "of child NAME" the first
// child with that name, "of ancestor NAME" the nearest ancestor. Names with
// blanks stand in single quotes.
//
//	from: event 'publish end' of ancestor create
//	from: start + attr time_to_first_token s - attr time_in_prefill s
//
// Requests: the outermost request span above a span is its request; a span that
// is below none belongs to the one request of its trace. Below a batch, and where
// some span says itself that it is the request, names make no request. Batches: a span belongs
// to the nearest batch span above it; in a trace without a request all others
// belong to the first batch. Work that is in no batch is an implicit batch of
// its request. Of gateway, form, rpc and server the one that starts first counts.
//
// # Membership
//
// A request is a member of a batch if the batch span or one of its children
// links to any span of the request's trace, or a span of the request links to
// the batch, or carries its trace id (facts: batch_id). Beside that:
//
//	not_membership: NAMES     links of and to these spans mean something else
//	join: {parent: true}      a batch span without links, in the trace of a request, has that
//	                          request as its member
//	join: {key: ...}          requests without a batch span share a key:
//	  of, event, attr, size, within
//	join: {time: ...}         ... or the lengths between moments, to the nanosecond:
//	  of, points, by, near
//
// within and near say how far apart uses of one key can be. Joined batches serve
// lists and batch metrics; the stages of a request do not depend on them.
//
// # The rest
//
//	lasts: root    a request lasts as long as its span (the default)
//	lasts: work    ... until the last span of its trace, and of a batch's work that names
//	               it, ends. A gateway that is the request's own span lasts as long
//	facts          which attribute says what. Of requests: weight, batch_id. Of batches:
//	               size, max_size, batch_weight, max_weight, max_delay, first_enqueue,
//	               last_enqueue (all in ns), close_reason, consumer, warmup, device. Of gpu
//	               spans: device, members (trace ids); of scatter spans: member. "role"
//	               names the attribute by which spans say their role themselves: only the
//	               first profile that has it counts, its facts are read on the spans of
//	               every profile, and they win
//
// A file has at most 1 MiB and 1000 names. Aliases are not read.
//
// Rejected: rules as Go code (a user could not add a system), first-match over
// roles instead of names (one vLLM span is gateway, queue and gpu), and a
// general expression language (every rule would have to be debugged; the terms
// above are what nine systems needed).
package profile
