package inspector

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	// keptOfKind is how many records of one endpoint and reason are kept: a flood of one kind removes nothing else.
	keptOfKind = 50
	// maxKinds bounds the pairs of an endpoint and a reason. Both are closed sets: it is only reached by an app with
	// more than a hundred endpoints.
	maxKinds = 4096
	minutes  = 60 // that the charts of an endpoint show
)

// Activity observes guards for the page: give it to the Config.Observers of each. It keeps the newest records in
// memory, a bounded number for each endpoint and reason, and counts deliveries by the minute. It is lost with the
// process. What was refused stands here and in no database, so that unverified senders cannot fill a disk.
//
// It is safe for concurrent use.
type Activity struct {
	mu      sync.Mutex
	known   []*core.Guard
	kinds   map[kind]*ring
	rates   map[string]*rate // by endpoint
	number  uint64           // of the newest delivery
	changed uint64
}

type kind struct {
	endpoint string
	reason   reason.Reason
}

// ring keeps the newest deliveries of one kind.
type ring struct {
	all  []delivery // in order once it is sorted by number
	next int
}

// delivery is one record, with a number that names it in this process.
type delivery struct {
	Number uint64
	core.Record
}

// NewActivity returns an Activity without records.
func NewActivity() *Activity {
	return &Activity{kinds: map[kind]*ring{}, rates: map[string]*rate{}}
}

// Observe implements [core.Observer].
func (a *Activity) Observe(_ context.Context, r core.Record) {
	// What the sender chose is cut: the page shows it in a line.
	r.ID, r.Type, r.Tenant, r.Detail = cut(r.ID, 200), cut(r.Type, 200), cut(r.Tenant, 200), cut(r.Detail, 2000)
	r.Stack = nil // the log has it
	if r.Err != nil {
		r.Err = errors.New(cut(r.Err.Error(), 2000)) // it may quote a body, or hold one
	}
	r.Failed = slices.Clone(r.Failed[:min(len(r.Failed), 20)])
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	a.changed++
	k := kind{r.Endpoint, r.Reason}
	q := a.kinds[k]
	if q == nil {
		if len(a.kinds) >= maxKinds {
			return
		}
		q = &ring{}
		a.kinds[k] = q
	}
	q.put(delivery{Number: a.number, Record: r})
	if r.Redrive > 0 || r.Backfill {
		return // what a person asked for is not traffic
	}
	counted := a.rates[r.Endpoint]
	if counted == nil {
		counted = &rate{}
		a.rates[r.Endpoint] = counted
	}
	counted.add(&r)
}

// ObserveGuard implements [core.GuardObserver].
func (a *Activity) ObserveGuard(g *core.Guard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = append(a.known, g)
}

func (a *Activity) guards() []*core.Guard {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.known)
}

// version returns a number that grows with each record.
func (a *Activity) version() uint64 {
	if a == nil {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

// deliveries returns the records that a function chooses, the newest first.
func (a *Activity) deliveries(choose func(d *delivery) bool) []delivery {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var chosen []delivery
	for _, q := range a.kinds {
		for i := range q.all {
			if choose(&q.all[i]) {
				chosen = append(chosen, q.all[i])
			}
		}
	}
	slices.SortFunc(chosen, func(a, b delivery) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Number, a.Number))
	})
	return chosen
}

// perMinute returns the counts of an endpoint's last hour, the oldest minute first.
func (a *Activity) perMinute(endpoint string, now time.Time) []minute {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]minute, minutes)
	counted := a.rates[endpoint]
	if counted == nil {
		return all
	}
	for i := range all {
		at := now.Unix()/60 - int64(minutes-1-i)
		if m := counted[index(at)]; m.at == at {
			all[i] = m
		}
	}
	return all
}

func (q *ring) put(d delivery) {
	if len(q.all) < keptOfKind {
		q.all = append(q.all, d)
		return
	}
	q.all[q.next] = d
	q.next = (q.next + 1) % keptOfKind
}

// rate counts an endpoint's deliveries by the minute. A minute takes the place of that of an hour before.
type rate [minutes]minute

type minute struct {
	at                       int64 // minutes since 1970
	Passed, Refused, Failing int
}

func (c *rate) add(r *core.Record) {
	at := r.Time.Unix() / 60
	m := &c[index(at)]
	if m.at != at {
		*m = minute{at: at}
	}
	switch outcomeOf(r.Reason) {
	case passed:
		m.Passed++
	case failing:
		m.Failing++
	default:
		m.Refused++
	}
}

func index(at int64) int { return int((at%minutes + minutes) % minutes) }

// outcome is what the colours of the page mean.
type outcome string

const (
	passed  outcome = "passed"
	refused outcome = "refused"
	failing outcome = "failing" // proved, and not done
)

func outcomeOf(r reason.Reason) outcome {
	switch r.Class() {
	case reason.ClassPassed:
		switch r {
		case reason.Permanent, reason.Undecodable, reason.Unhandled, reason.Conflict:
			return failing
		}
		return passed
	case reason.ClassApp, reason.ClassState, reason.ClassMisconfiguration:
		return failing
	default:
		return refused
	}
}

// cut returns at most so many bytes of a text that a sender may have written, without what would change how the text
// around it is read. It shares no memory with the text, so that an id keeps no body alive.
func cut(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.Clone(readable([]byte(text)))
}
