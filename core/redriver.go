package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/rerun"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// Redriver runs entries of the journal again, through the app's own handler: routes, middleware and receivers are those
// of a delivery. Entries of an inbox run without HTTP, as in a worker. Fill in the fields, and leave them as they are
// once it is used. It is safe for concurrent use.
//
//	redriver := &core.Redriver{App: r, Guards: []*core.Guard{guard}}
//	result, err := redriver.Redrive(ctx, id, core.RedriveOptions{})
//
// A run forgets nothing and never runs at the same time as another delivery of its event: the replay store excludes
// them. A captured delivery stays a duplicate whatever becomes of the run. Named receivers that have done their part do
// not run again. Without a replay store, or for an event that is not remembered, nothing excludes two runs at once.
//
// Old events may overwrite what newer ones did: receivers must compare.
type Redriver struct {
	// App is what http.Server serves: the whole handler, not a part of it.
	App http.Handler
	// Guards are the guards whose entries run, each with its Config.Journal.
	Guards []*Guard
	// Inbox are the receivers that work events after the answer: entries that their worker has parked run again through
	// them. nil: such entries do not run.
	Inbox *Signals
}

// RedriveOptions say how entries run again.
type RedriveOptions struct {
	// Revision is the one that the person looked at: an entry that has changed since is [journal.ErrChanged]. 0: any.
	Revision uint64
	// EvenIfDone runs an event that is done, all of its receivers, named ones too. It runs at least twice by that.
	EvenIfDone bool
	// StopAfter ends RedriveAll after that many failures in a row. 0: 3; a negative number: never.
	StopAfter int
}

// RedriveResult is what came of a run.
type RedriveResult struct {
	ID     journal.ID
	Reason reason.Reason // how the delivery ended
	Status int           // that the app answered, for diagnosis: the reason decides
	Body   []byte        // the first 4 KiB of what it answered
}

// Redrive runs an entry again. err is nil only where the receivers succeeded and the entry is closed.
//
// The run has a context of its own: when ctx ends, its error is returned and the run goes on; [Guard.Shutdown] waits
// for it. What the app answers reaches nobody but the caller.
//
// Errors: [journal.ErrNotFound], [journal.ErrChanged], [journal.ErrForged], [journal.ErrNotRunnable],
// [journal.ErrInFlight], [journal.ErrAlreadyDone] (the entry was closed), [journal.ErrNotReached] (middleware answered
// before the guard), the receivers' own, or the store's.
func (r *Redriver) Redrive(ctx context.Context, id journal.ID, o RedriveOptions) (RedriveResult, error) {
	result := RedriveResult{ID: id}
	j, err := r.journal()
	if err != nil {
		return result, err
	}
	e, err := j.Load(ctx, id)
	if err != nil {
		return result, err
	}
	g := r.guardOf(e.Endpoint)
	switch {
	case g == nil:
		return result, fmt.Errorf("no guard for endpoint %q among Redriver.Guards", e.Endpoint)
	// Fails closed: the person has decided on something else than what would run.
	case o.Revision != 0 && o.Revision != e.Revision:
		return result, journal.ErrChanged
	case e.Provider != g.provider:
		return result, fmt.Errorf("%w: %.80q has sent it, and endpoint %q takes events of %q now",
			journal.ErrNotRunnable,
			e.Provider, g.endpoint, g.provider)
	case !e.Runnable:
		return result, fmt.Errorf("%w: %s", journal.ErrNotRunnable, e.WhyNot)
	case e.State.Closed() && !o.EvenIfDone:
		return result, journal.ErrAlreadyDone
	}
	t := newRedrive(g, e, o.EvenIfDone)
	run, err := r.prepared(t)
	if err != nil {
		return result, fmt.Errorf("%w: %w", journal.ErrNotRunnable, err)
	}
	// Before the goroutine: Shutdown must not miss a run that is about to begin.
	g.journaling.runs.Begin()
	over := make(chan struct{}) // the event is settled, and the app has answered
	go func() {
		defer g.journaling.runs.End()
		defer close(over)
		run()
	}()
	select {
	case <-over:
	case <-ctx.Done():
		return result, ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.result, t.err
}

// RedriveAll runs the entries of a query again, one at a time, in the order in which their events failed first. It
// yields each result with its error, and ends after StopAfter failures in a row. Events that are done already, that run
// at this moment, or whose entry has just changed are no failures. The entries are those that are there when it begins;
// a revision in the options is ignored.
func (r *Redriver) RedriveAll(
	ctx context.Context, q journal.Query, o RedriveOptions,
) iter.Seq2[RedriveResult, error] {
	return func(yield func(RedriveResult, error) bool) {
		j, err := r.journal()
		if err != nil {
			yield(RedriveResult{}, err)
			return
		}
		var found []firstFailure
		for e, err := range j.Entries(ctx, q) {
			var unreadable *journal.UnreadableError
			switch {
			case errors.As(err, &unreadable):
				if !yield(RedriveResult{ID: unreadable.ID}, err) {
					return
				}
			case err != nil:
				yield(RedriveResult{}, err)
				return
			case q.State != 0 || !e.State.Closed():
				found = append(found, firstFailure{e.ID, e.First})
			}
		}
		// Journals list the newest change first, and a retry or a run that failed is a change.
		slices.Reverse(found)
		slices.SortStableFunc(found, func(a, b firstFailure) int { return a.at.Compare(b.at) })
		r.redriveEach(ctx, found, o, yield)
	}
}

// firstFailure is an entry with the time at which its event failed first: events run in the order in which they came.
type firstFailure struct {
	id journal.ID
	at time.Time
}

func (r *Redriver) redriveEach(
	ctx context.Context, found []firstFailure, o RedriveOptions, yield func(RedriveResult, error) bool,
) {
	// One revision cannot be that of many entries.
	o.Revision = 0
	stopAfter := cmp.Or(o.StopAfter, 3)
	inARow := 0
	for _, entry := range found {
		result, err := r.Redrive(ctx, entry.id, o)
		switch {
		case err == nil:
			inARow = 0
		case errors.Is(err, journal.ErrAlreadyDone), errors.Is(err, journal.ErrInFlight),
			errors.Is(err, journal.ErrChanged):
		default:
			// A row of failures usually has one cause, such as a database that is down: the rest would only fail as
			// well.
			inARow++
		}
		if !yield(result, err) || ctx.Err() != nil || (stopAfter > 0 && inARow >= stopAfter) {
			return
		}
	}
}

// journal returns the one journal of the guards.
func (r *Redriver) journal() (*journal.Journal, error) {
	if r.App == nil && r.Inbox == nil {
		return nil, errNoApp
	}
	var j *journal.Journal
	for _, g := range r.Guards {
		switch own := g.journaling.journal; {
		case own == nil:
			return nil, fmt.Errorf("the guard of endpoint %q has no Config.Journal", g.endpoint)
		// An id does not say which journal has it.
		case j != nil && own != j:
			return nil, errors.New("the guards have different journals: make a Redriver for each")
		default:
			j = own
		}
	}
	if j == nil {
		return nil, errors.New("Redriver.Guards is empty")
	}
	return j, nil
}

// errNoApp is for a Redriver that has nothing to run with.
//
//lint:immutable an error value
var errNoApp = errors.New("Redriver.App is nil: it is the handler that the server serves")

// prepared returns what runs an entry, by what it holds. The error says why it cannot run.
func (r *Redriver) prepared(t *redrive) (run func(), err error) {
	if t.entry.Kind == journal.FromInbox {
		return r.preparedInbox(t)
	}
	if r.App == nil {
		return nil, errNoApp
	}
	if t.isBatch() {
		if err := t.readParts(); err != nil {
			return nil, err
		}
	}
	request, err := rerun.Request(t.entry)
	return func() { r.run(t, request) }, err
}

func (r *Redriver) guardOf(endpoint string) *Guard {
	for _, g := range r.Guards {
		if g.endpoint == endpoint {
			return g
		}
	}
	return nil
}

// run serves the request. It never uses the caller's context: a page in the same router would bring that router's own
// values with it, and the request would be routed wrongly.
func (r *Redriver) run(t *redrive, request *http.Request) {
	ctx, cancel := context.WithTimeout(context.Background(), t.guard.signals.withMargin())
	defer cancel()
	ctx = context.WithValue(ctx, deliveryKey{}, &Delivery{redrive: t, ticket: true})
	w := rerun.NewAnswer()
	defer t.wait(w) // also where the app ends the goroutine
	defer func() {
		if v := recover(); v != nil {
			t.guard.logger.Error("sallyport: a redrive ended in a panic", "endpoint", t.guard.endpoint, "entry",
				string(t.entry.ID))
		}
	}()
	r.App.ServeHTTP(w, request.WithContext(ctx))
}

// wait notes what the app has answered, and waits until the event is settled: signals may go on behind a handler that
// has timed out.
func (t *redrive) wait(w *rerun.Answer) {
	t.mu.Lock()
	t.result.Status, t.result.Body = w.Status(), w.Body()
	t.mu.Unlock()
	// Fails closed: an answer 200 of middleware must not pass for a run of the event.
	if !t.used.Load() {
		t.end("", t.notReached(w.Status()))
	}
	<-t.done
}

// notReached says what stood in the way of a run: middleware that answered first, a route that is gone, or one that has
// lost its guard.
func (t *redrive) notReached(status int) error {
	t.mu.Lock()
	outer := t.outer
	t.mu.Unlock()
	if outer != "" {
		return fmt.Errorf("%w: it passed the guard of %q, and the app answered %d before that of %q: mount both "+
			"guards on the route, and let nothing between them answer, or read the body; a handler without its "+
			"guard was called without the event", journal.ErrNotReached, outer, status, t.guard.endpoint)
	}
	return fmt.Errorf("%w: the app answered %d before it: exempt such middleware from requests of a redrive, "+
		"or put its check into the guard's Credentials, Sources and RateLimit", journal.ErrNotReached, status)
}

// Why an entry of an inbox cannot run.
//
//lint:immutable error values
var (
	errNoInbox = errors.New("it is of an inbox, and Redriver.Inbox is nil: set the receivers that work it")
	// errOtherEvent fails closed: details that a list shows must be those of what runs.
	errOtherEvent = errors.New("its body is not the event that the entry names")
)

// preparedInbox returns what runs an entry that a worker has parked. It freezes the set, see [Freeze].
func (r *Redriver) preparedInbox(t *redrive) (run func(), err error) {
	// Fails closed with an error: freezing a nil set would panic.
	if r.Inbox == nil {
		return nil, errNoInbox
	}
	r.Inbox.freeze(reflect.TypeFor[context.Context]())
	var e Event
	if err := e.UnmarshalBinary(t.entry.Body); err != nil {
		return nil, err
	}
	// An attacker with write access to the journal's table could swap bodies. Unproved events never run from a journal.
	if e.Endpoint != t.entry.Endpoint || e.Identity != t.entry.Identity || e.Unproved {
		return nil, errOtherEvent
	}
	e.Redrive = t.entry.RunCount + 1
	return func() { t.guard.runInbox(t, r.Inbox, e) }, nil
}

// RunID (for inboxes) returns what names this run of the event in a queue: the identity, and in a redrive a value of
// its own, under which no other run of the event was queued. Zero: the event is not remembered.
func (e Event) RunID() Identity {
	if e.Redrive == 0 || e.Identity.IsZero() {
		return e.Identity
	}
	var series uint64
	if d := deliveryIn(e.Context()); d != nil && d.redrive != nil {
		series = d.redrive.entry.Series
	}
	return Identity(identity.OfAgain(e.Identity, inSeries("message", series), e.Redrive))
}

// withhold returns the request that an outer guard hands on, without the event: only the entry's own guard gives that
// out. Where the route has lost that guard, whatever stands there instead is called, because nothing shows a middleware
// what is behind it. Fails closed: it gets no body, no form and no delivery to work on.
func (t *redrive) withhold(outer *Guard, r *http.Request) *http.Request {
	t.mu.Lock()
	t.outer = outer.endpoint
	t.mu.Unlock()
	r = r.WithContext(r.Context()) // a copy: middleware before the guard keeps its own
	body := withheldBody{endpoint: t.guard.endpoint}
	r.Body, r.GetBody = body, func() (io.ReadCloser, error) { return body, nil }
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	return r
}

// withheldBody is the body of a redrive between an outer guard and the entry's own.
type withheldBody struct{ endpoint string }

// Read fails, and says what is missing.
func (b withheldBody) Read([]byte) (int, error) {
	return 0, fmt.Errorf("sallyport: the event of a redrive is given out by the guard of endpoint %q, which this "+
		"request has not reached: nothing may read the body before it", b.endpoint)
}

// Close does nothing.
func (withheldBody) Close() error { return nil }
