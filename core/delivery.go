package core

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// Delivery is a request that was proved. The adapter hands its Request to the app; the app finds it by [FromContext].
// It is safe for concurrent use.
type Delivery struct {
	again  *Delivery // set on a handle for a guard that this request has passed before
	guard  *Guard
	parent *Delivery // an outer guard's proof of the same request
	r      *http.Request
	body   []byte

	events     []Event
	one        [1]Event
	inspection inspection
	verified   time.Duration
	deadline   time.Time // of the claims
	item       [1]replay.Item
	held       []replay.Held
	oneHeld    [1]replay.Held
	unclaimed  error

	mu       sync.Mutex
	settled  bool
	verdict  replay.Verdict
	reported bool
	state    ReplayState
	err      error
}

type deliveryKey struct{}

func deliveryIn(ctx context.Context) *Delivery {
	d, _ := ctx.Value(deliveryKey{}).(*Delivery)
	return d
}

// FromContext returns the delivery that the innermost guard proved.
func FromContext(ctx context.Context) (*Delivery, bool) {
	d := deliveryIn(ctx)
	return d, d != nil
}

// NewContext returns a context that carries the delivery. Guards do this; it is here for code that makes contexts of
// its own.
func NewContext(ctx context.Context, d *Delivery) context.Context {
	return context.WithValue(ctx, deliveryKey{}, d)
}

func (d *Delivery) self() *Delivery {
	if d.again != nil {
		return d.again
	}
	return d
}

// Request returns the request to hand on: its body can be read again from the start, its context carries the delivery,
// and tokens are gone from its URL.
func (d *Delivery) Request() *http.Request { return d.r }

// Format prints the endpoint's name and nothing of the request, whatever the verb.
func (d *Delivery) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "sallyport.Delivery("+d.self().guard.endpoint+")")
}

// Body returns the raw body. It must not be changed.
func (d *Delivery) Body() []byte { return d.self().body }

// Events returns the delivery's events. Their Context is the background: signals get one of their own.
func (d *Delivery) Events() []Event { return append([]Event(nil), d.self().events...) }

// Endpoint returns the endpoint's name.
func (d *Delivery) Endpoint() string { return d.self().guard.endpoint }

// Provider returns the provider's name.
func (d *Delivery) Provider() string { return d.self().guard.provider }

// Secret returns the label of the secret that matched; empty for providers that sign nothing.
func (d *Delivery) Secret() string { return d.self().inspection.secret }

// Credentials returns the labels of the credentials that matched.
func (d *Delivery) Credentials() []string {
	return append([]string(nil), d.self().inspection.credentials...)
}

// Written is what a handler has done to the response.
type Written struct {
	Status   int  // the final status; 0: none yet
	Hijacked bool // the connection was taken over
}

// Outcome is how a plain handler after the guard ended.
type Outcome struct {
	Err     error // what it returned or recorded
	Written Written
}

// Finish settles a delivery whose plain handler has returned: committed when it had no error, did not take over the
// connection, and wrote a final 2xx, or wrote nothing while the client is still there. Everything else releases, so
// that the provider's retry runs. A delivery that a signal or the app settled is left as it is.
func (d *Delivery) Finish(o Outcome) {
	if d.again != nil {
		return
	}
	defer d.removeMultipart()
	status := o.Written.Status
	ok := o.Err == nil && !o.Written.Hijacked &&
		((status >= 200 && status <= 299) || (status == 0 && d.r.Context().Err() == nil))
	if status == 0 {
		status = http.StatusOK
	}
	if ok {
		d.settle(replay.Commit)
		d.report(ReasonAccepted, status, nil, nil)
		return
	}
	d.settle(replay.Release)
	if status < 300 && o.Err != nil {
		status = http.StatusInternalServerError
	}
	d.report(ReasonSignalFailed, status, o.Err, nil)
}

// Abandon settles a delivery whose handler did not return: it panicked. The event is released.
func (d *Delivery) Abandon() {
	if d.again != nil {
		return
	}
	defer d.removeMultipart()
	d.settle(replay.Release)
	d.report(ReasonSignalPanicked, http.StatusInternalServerError, nil, nil)
}

// removeMultipart removes the temporary files of a parsed form: net/http does that for the request it made, not for
// the copy that carries our context.
func (d *Delivery) removeMultipart() {
	if form := d.r.MultipartForm; form != nil {
		_ = form.RemoveAll()
	}
}

// settle settles the delivery and the outer guards' proofs of the same request, once.
func (d *Delivery) settle(v replay.Verdict) {
	for p := d; p != nil; p = p.parent {
		p.settleOwn(v)
	}
}

func (d *Delivery) settleOwn(v replay.Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settled {
		return
	}
	d.settled, d.verdict = true, v
	d.state, d.err = d.guard.settleClaims(d.r.Context(), d.held, v, d.deadline)
	if d.unclaimed != nil {
		d.state, d.err = ReplayUnclaimed, d.unclaimed
	}
}

// settleClaims puts a verdict into the store, detached from the request. A commit is tried again until the lease
// ends: the work is done, and only the commit keeps it from being done twice.
func (g *Guard) settleClaims(ctx context.Context, held []replay.Held, v replay.Verdict, deadline time.Time) (ReplayState, error) {
	if g.store == nil || len(held) == 0 {
		return ReplayNone, nil
	}
	state, failed := ReplayCommitted, ReplayCommitFailed
	limit := deadline
	if v == replay.Release {
		state, failed = ReplayReleased, ReplayReleased
		limit = time.Now().Add(storeTimeout)
	}
	settlements := make([]replay.Settlement, len(held))
	for i, h := range held {
		settlements[i] = replay.Settlement{Key: h.Key, Token: h.Token, Verdict: v, TTL: g.retention}
	}
	ctx = context.WithoutCancel(ctx)
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		attempt, cancel := context.WithTimeout(ctx, storeTimeout)
		err := g.store.Settle(attempt, settlements)
		cancel()
		if err == nil {
			return state, nil
		}
		if isFinal(err) || time.Now().Add(pause).After(limit) {
			return failed, err
		}
		time.Sleep(pause)
	}
}

// Commit settles the delivery in ctx as processed, for a plain handler that knows better than its answer. It reports
// whether there was an unsettled delivery, and the store's error.
func Commit(ctx context.Context) error { return settleByHand(ctx, replay.Commit) }

// Release settles the delivery in ctx as not processed: the provider's retry will run.
func Release(ctx context.Context) error { return settleByHand(ctx, replay.Release) }

func settleByHand(ctx context.Context, v replay.Verdict) error {
	d := deliveryIn(ctx)
	if d == nil {
		return ErrNotVerified
	}
	d.settle(v)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.verdict != v {
		return ErrSettled
	}
	if d.state == ReplayUnclaimed {
		return nil
	}
	return d.err
}

// report tells the observer how the delivery ended, once.
func (d *Delivery) report(reason Reason, status int, err error, stack []byte) {
	d.mu.Lock()
	if d.reported {
		d.mu.Unlock()
		return
	}
	d.reported = true
	state, storeErr, verdict := d.state, d.err, d.verdict
	d.mu.Unlock()
	rec := d.guard.record(&d.inspection, reason, status)
	d.describe(&rec)
	rec.Replay, rec.Stack, rec.Err = state, stack, err
	if reason == ReasonSignalFailed && verdict == replay.Commit {
		rec.Reason = ReasonAccepted // committed by hand: the handler's answer does not undo it
	}
	if storeErr != nil {
		if rec.Err == nil {
			rec.Err = storeErr
		}
		switch state {
		case ReplayCommitFailed:
			rec.Detail = "the app's work is done but the store did not take the commit: the event may run again"
		case ReplayUnclaimed:
			rec.Detail = "the replay store failed and the endpoint accepts unclaimed deliveries: the event may run again"
		}
	}
	rec.Overrun = d.guard.ackLimit > 0 && rec.Total > d.guard.ackLimit
	d.guard.pump.put(rec)
}

func (d *Delivery) describe(rec *Record) {
	e := &d.events[0]
	rec.Events, rec.ID, rec.Type, rec.Identity = len(d.events), e.ID, e.Type, e.Identity
	rec.Verify = d.verified
}

// stripTokens gives the URL without the query parameters and path segments that were credentials.
func stripTokens(u *url.URL, params, segments []string) *url.URL {
	out := *u
	if len(params) > 0 {
		kept := make([]string, 0, 4)
	pairs:
		for pair := range strings.SplitSeq(out.RawQuery, "&") {
			key, _, _ := strings.Cut(pair, "=")
			if name, err := url.QueryUnescape(key); err == nil {
				for _, p := range params {
					if name == p {
						continue pairs
					}
				}
			}
			kept = append(kept, pair)
		}
		out.RawQuery = strings.Join(kept, "&")
	}
	for _, s := range segments {
		if s != "" {
			out.Path = strings.ReplaceAll(out.Path, s, redactedSegment)
			out.RawPath = ""
		}
	}
	return &out
}

const redactedSegment = "redacted"
