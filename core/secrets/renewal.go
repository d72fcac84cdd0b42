package secrets

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/sender"
)

// renewal keeps a list and looks it up again from time to time. A look runs in a goroutine of its own, one at a time,
// which ends with the look. Deliveries read from memory while the list is young enough.
//
// There is no timer: a delivery that finds the list old starts the look. So a source without traffic costs nothing.
type renewal struct {
	look     func(context.Context) (secrets []Secret, moving bool, err error)
	soft     time.Duration     // the age at which the next look begins in the background
	hard     time.Duration     // the age at which deliveries wait for it
	patience time.Duration     // how long they wait where there is a list; without one, lookTimeout
	limit    time.Duration     // the age at which a list is refused; 0: never
	queue    func() *lookQueue // the queue of the next look; nil: looks begin at once
	begun    func()            // called before a look may begin, with mu held; nil: nothing
	ended    func(err error)   // called after a look, or where none began, without mu; nil: nothing

	fresh atomic.Pointer[freshList] // set by settle; nil: there is no good list

	// mu guards these. It is locked before a queue's mu, never after it.
	mu     sync.Mutex
	list   *List     // the last good one
	looked time.Time // when list was last confirmed
	next   time.Time // when to look again
	err    error     // of the last look; nil: it succeeded, or there was none
	fault  *Fault    // the one reported last; nil after a success
	flight *flight   // the look that waits or runs; nil: none
}

// freshList is a list that get returns without a lock until the given time.
type freshList struct {
	list  *List
	until time.Time
}

// flight is a look that waits for its turn, or runs.
type flight struct {
	done  chan struct{} // closed when the look is over or given up
	begun time.Time
	late  atomic.Bool // a delivery has waited its full patience: others do not wait again

	queue *lookQueue // nil: the look does not wait for a turn
	run   func()     // begins the look, in a goroutine of its own
	drop  func()     // gives it up

	// The queue's mu guards these.
	tickets  int
	until    time.Time // when the last waiting delivery gives up: the deadline of the look
	started  bool
	dropped  bool        // no ticket was left before the look could start
	line     lookLine    // the half in which it runs
	payer    *lookSender // the sender that used its turn for it
	unproved bool        // that turn was one of an unproved sender
}

const (
	// lookTimeout bounds one look, and how long a delivery without a list waits.
	lookTimeout = 5 * time.Second
	// lookOverdue is the age at which a look that still runs is reported as a failure: it ignores its deadline.
	lookOverdue = 2 * lookTimeout
	// lookRetry is the pause after a failed look.
	lookRetry = 5 * time.Second
	// unknownTTL is how long a tenant stays unknown without another look.
	unknownTTL = 10 * time.Second
	// stillPause is the pause between two reads of a file that is being written. There are at most stillTries.
	stillPause = time.Second
	stillTries = 3
	// sameFault is how long the same failure is not reported again; nextFault is that for a different one.
	sameFault = time.Hour
	nextFault = time.Minute
)

// Errors of a look. errMoving and errTooMany are compared with ==, so they must not be wrapped.
var (
	errLookLate  = errors.New("it did not answer in time")
	errMoving    = errors.New("it is being written")
	errTooMany   = errors.New("too many secrets are being looked up for this sender at the time")
	errNoSecrets = errors.New("it gave no secret")
)

// get returns the newest list, from memory where it can. It starts a look where one is due. It waits for the look where
// there is no list, or where the list is older than hard.
func (r *renewal) get(ctx context.Context) (*List, error) {
	if f := r.fresh.Load(); f != nil && before(time.Now(), f.until) {
		return f.list, nil
	}
	from := sender.From(ctx)
	r.mu.Lock()
	now := time.Now()
	refused := false
	if f := r.flight; f != nil {
		if f.queue != nil {
			f.queue.join(f, from)
		}
	} else if !before(now, r.next) {
		refused = !r.begin(from, now)
	}
	f := r.flight
	if f != nil && r.list != nil && now.Sub(f.begun) >= lookOverdue {
		r.err = errLookLate
		r.report(now)
	}
	wait := lookTimeout
	if r.list != nil {
		wait = r.patience
	}
	mustWait := f != nil && (r.list == nil || since(r.looked, now) >= r.hard && !f.late.Load())
	none := refused && r.list == nil
	r.mu.Unlock()
	// Fails closed: 503. It is not remembered, because the next sender may have a turn left.
	if none {
		return nil, errTooMany
	}
	if mustWait {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-f.done:
		case <-timer.C:
			f.late.Store(true)
		case <-ctx.Done():
		}
	}
	return r.answer()
}

// answer returns the list as it is after the wait. An old list is still returned, which fails open to keep deliveries
// coming, unless it is older than limit: that fails closed.
func (r *renewal) answer() (*List, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch age := since(r.looked, time.Now()); {
	case r.list == nil && r.err == nil:
		return nil, errLookLate
	case r.list == nil:
		return nil, r.err
	case r.limit > 0 && age > r.limit:
		err := r.err
		if err == nil {
			err = errLookLate
		}
		return nil, fmt.Errorf("the last good list is %s old, which is more than the limit of %s: %w",
			age.Round(time.Second), r.limit, err)
	}
	return r.list, nil
}

// begin starts a look, or queues it. It reports false where the sender has too many looks waiting. The caller must hold
// mu, and there must be no other look.
func (r *renewal) begin(from sender.Sender, now time.Time) bool {
	f := &flight{done: make(chan struct{}), begun: now}
	f.run = func() { go r.run(f) }
	f.drop = func() { r.drop(f) }
	if r.begun != nil {
		r.begun()
	}
	r.flight = f
	if r.queue == nil {
		f.run()
		return true
	}
	f.queue = r.queue()
	if f.queue.join(f, from) {
		return true
	}
	r.flight = nil
	r.end(errTooMany)
	return false
}

// drop gives up a look that has not begun, because no delivery waits for it any more.
func (r *renewal) drop(f *flight) {
	r.mu.Lock()
	if r.flight == f {
		r.flight = nil
	}
	r.mu.Unlock()
	r.end(errLookLate)
	close(f.done)
}

func (r *renewal) end(err error) {
	if r.ended != nil {
		r.ended(err)
	}
}

// idle reports whether nothing is known and nothing is under way.
func (r *renewal) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flight == nil && r.list == nil && r.err == nil
}

// run carries out a look and settles its result, whatever the function does: panic, exit its goroutine, or ignore its
// deadline. A look that never settled would block the tenant for ever.
func (r *renewal) run(f *flight) {
	begun := time.Now()
	var secrets []Secret
	err := errors.New("the function did not return") // stays in place after runtime.Goexit
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("it panicked with a %T", v) // only the type: the value may hold a secret
		}
		err := r.settle(secrets, err)
		r.end(err)
		close(f.done)
		if f.queue != nil {
			f.queue.done(f, err == nil || err == errTooMany) // it is never wrapped
		}
	}()
	until := begun.Add(lookTimeout)
	if f.queue != nil {
		until = f.until
	}
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	secrets, err = r.lookUntilStill(ctx)
	if err != nil && ctx.Err() != nil && until.Before(begun.Add(lookTimeout)) {
		// The wait for a turn has used up the time, which is not the function's failure and must not be remembered.
		err = errTooMany
	}
}

// lookUntilStill looks again at a source that is being written, until two looks agree. It fails closed after
// stillTries:
// half of a secret looks like a secret, and would replace the good one.
func (r *renewal) lookUntilStill(ctx context.Context) ([]Secret, error) {
	secrets, moving, err := r.look(ctx)
	for try := 0; moving && r.differs(secrets, err); try++ {
		if try == stillTries {
			return nil, errMoving
		}
		time.Sleep(stillPause)
		before, failed := NewList(secrets...), err
		secrets, moving, err = r.look(ctx)
		if failed == nil && err == nil && sameSecrets(before, NewList(secrets...)) {
			break
		}
	}
	return secrets, err
}

// differs reports whether a result would replace the list. Without a list it reports false: at start there is nothing
// to protect, and waiting would only delay it.
func (r *renewal) differs(secrets []Secret, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list != nil && (err != nil || !sameSecrets(r.list, NewList(secrets...)))
}

// settle stores the result of a look. It returns the reason where the result is not a list. A failure leaves the last
// good list in force. An unknown tenant loses its list, which fails closed: the tenant was removed.
func (r *renewal) settle(secrets []Secret, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight = nil
	now := time.Now()
	if err == nil && len(secrets) == 0 {
		err = errNoSecrets
	}
	switch {
	case err == nil:
		list := NewList(secrets...)
		if r.list == nil || !sameSecrets(r.list, list) {
			// Guards find what they compiled for a list by its address. So the same secrets keep the same list.
			r.list = list
		}
		r.list.fault.Store(nil)
		r.looked, r.next, r.err, r.fault = now, now.Add(r.soft), nil, nil
	case err == errTooMany: // it is never wrapped
		r.next = now // not remembered: the refusal of one sender must not become a refusal of all
	case err == errMoving: // it is never wrapped
		r.next = now.Add(stillPause)
	case errors.Is(err, ErrUnknownTenant):
		r.list, r.err, r.fault, r.next = nil, err, nil, now.Add(unknownTTL)
	default:
		r.err, r.next = err, now.Add(min(r.soft, lookRetry))
		r.report(now)
	}
	if r.list == nil {
		r.fresh.Store(nil)
		return err
	}
	until := r.next
	if r.limit > 0 && r.looked.Add(r.limit).Before(until) {
		until = r.looked.Add(r.limit)
	}
	r.fresh.Store(&freshList{r.list, until})
	return err
}

// report attaches the last error to the good list, where the guards that use the list find it. A guard logs each *Fault
// once. So a failure that lasts gets a new Fault only every hour, and one that changes every minute. The caller must
// hold mu.
func (r *renewal) report(now time.Time) {
	if r.list == nil {
		return
	}
	if f := r.fault; f != nil {
		if age := now.Sub(f.reported); age < nextFault || age < sameFault && f.Err.Error() == r.err.Error() {
			return
		}
	}
	f := &Fault{Err: r.err, Since: now, reported: now}
	if r.fault != nil {
		f.Since = r.fault.Since
	}
	r.fault = f
	r.list.fault.Store(f)
}

// sameSecrets reports whether two lists hold the same secrets with the same labels and validity. The values are
// compared
// in constant time: the old list is in force, and somebody else may control the new one.
func sameSecrets(a, b *List) bool {
	if len(a.secrets) != len(b.secrets) {
		return false
	}
	same := 1
	for i := range a.secrets {
		x, y := &a.secrets[i], &b.secrets[i]
		same &= subtle.ConstantTimeCompare([]byte(x.reveal()), []byte(y.reveal()))
		if x.label != y.label || !x.notBefore.Equal(y.notBefore) || !x.notAfter.Equal(y.notAfter) {
			return false
		}
	}
	return same == 1
}

// since returns the time between two readings of the clock, by that of its clocks which says more. The monotonic clock
// stands still while the machine sleeps: it would show an old list as a young one. The other one can be set back. It
// fails closed: in doubt a list is older.
func since(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// before reports whether now is before t by both clocks, as since.
func before(now, t time.Time) bool { return since(t, now) < 0 }
