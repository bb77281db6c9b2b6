package profile

import "github.com/pfptrace/pfptrace/analyze/role"

// Profile is what one system's spans mean: a parsed rule file. It never changes
// once parsed.
type Profile struct {
	Name  string
	About string
	YAML  string // the file it was read from

	spans      []spanName // in the order of the file: a span has the first name that fits
	roles      []roleRule
	facts      facts
	fallback   bool // only for traces in which no other profile finds anything and no span says its role
	async      bool // a request lasts until the work of its batches is done
	parentJoin bool
	keyJoin    *keyJoin
	timeJoin   *timeJoin
}

// spanName is a name that the rules of a profile give to spans.
type spanName struct {
	name    string
	fits    []selector // one is enough
	detects bool       // a span of this name shows that the system is here
	noLink  bool       // links of and to such spans are not membership
	starts  role.Set   // which of request and batch a span of this name is
	ifRoot  role.Set   // the same, for spans that name no parent
}

// roleRule gives a role to a stretch of time of each span with one of the names.
type roleRule struct {
	role        role.Role
	of          []int  // indexes in spans
	from, to    []expr // alternatives, the first that can be computed; none: the span's own start or end
	lasting     []expr // a length instead of to
	toClose     bool   // to: close
	in          place  // of the span: in a batch or not
	root        bool   // only for spans that name no parent
	linkedBatch bool   // in: linked-batch
	until       int    // index in spans, -1 none: spans that follow each other with none of this name between them are one
	linkMembers bool   // members: links
}

// fact is something that an attribute may say about a request, a batch or a
// piece of work. Times and lengths are in ns.
type fact uint8

const (
	factRole fact = iota
	factWeight
	factBatchID
	factSize
	factMaxSize
	factBatchWeight
	factMaxWeight
	factMaxDelay
	factFirstEnqueue
	factLastEnqueue
	factCloseReason
	factConsumer
	factWarmup
	factDevice
	factMembers
	factMember
	numFacts
)

// factNames are the keys of facts in the file.
var factNames = [numFacts]string{
	"role", "weight", "batch_id", "size", "max_size", "batch_weight", "max_weight", "max_delay", "first_enqueue",
	"last_enqueue", "close_reason", "consumer", "warmup", "device", "members", "member",
}

// facts holds the attribute key of each fact, "" where the system has none.
type facts [numFacts]string

// keyJoin puts the implicit batches together whose spans carry the same key.
type keyJoin struct {
	of     []int
	event  string // the event that carries the key, "" the span itself
	attr   string
	size   string // attribute beside the key that says how many requests share it, "" none
	within int64  // ns: later uses of the same key are another batch
}

// timeJoin puts the implicit batches together whose spans have equal lengths
// between their points and begin within near of each other.
type timeJoin struct {
	of     []int
	points [][]expr // alternatives of each; the first is where the batch begins
	by     []term   // attributes that must be equal too
	near   int64    // ns
}

// can returns the roles that the profile's rules can give: to requests and what
// is in their traces, and to batches with a span.
func (p *Profile) can() (request, batch role.Set) {
	if p.facts[factRole] != "" {
		return ^role.Set(0), ^role.Set(0)
	}
	for i := range p.roles {
		rule := &p.roles[i]
		ofBatch := true // of batch spans alone
		for _, name := range rule.of {
			ofBatch = ofBatch && (p.spans[name].starts | p.spans[name].ifRoot).Has(role.Batch)
		}
		if rule.in != inBatch && !ofBatch {
			request = request.With(rule.role)
		}
		if rule.in != inRequest {
			batch = batch.With(rule.role)
		}
	}
	return request, batch
}
