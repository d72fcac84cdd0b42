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

// renewal is a list that is looked up again from time to time: in the background while it is young enough, by one
// goroutine at a time that ends with its look. Deliveries are answered from memory.
type renewal struct {
	look     func(context.Context) (secrets []Secret, moving bool, err error)
	soft     time.Duration     // the age at which the next look begins, beside the deliveries
	hard     time.Duration     // the age at which deliveries wait for it
	patience time.Duration     // for so long, where there is a list
	limit    time.Duration     // the age at which a list is refused; 0: never
	queue    func() *lookQueue // whose turn it is to look; nil: looks begin at once
	begun    func()            // called before a look may begin, with mu held; nil: nothing
	ended    func(err error)   // called after a look, or where none began; nil: nothing

	fresh atomic.Pointer[freshList]

	mu     sync.Mutex
	list   *List     // the last good one
	looked time.Time // when it was the newest
	next   time.Time // when to look again
	err    error     // of the last look
	fault  *Fault
	flight *flight
}

// freshList is what is answered without another thought.
type freshList struct {
	list  *List
	until time.Time
}

// flight is a look that waits for its turn, or runs.
type flight struct {
	done  chan struct{}
	begun time.Time
	late  atomic.Bool // somebody has waited for it in vain: nobody else does

	queue *lookQueue // nil: it waits for no turn
	run   func()     // begins the look, in a goroutine of its own
	drop  func()     // gives it up

	// The queue's mu guards these.
	tickets  int
	until    time.Time // when the last of those who wait gives up
	started  bool
	dropped  bool        // nobody waits for it any more
	line     lookLine    // whose room it runs in
	payer    *lookSender // whose turn it was
	unproved bool        // that turn was one of an unproved sender
}

const (
	lookTimeout = 5 * time.Second
	// lookOverdue is after how long a look that does not end is told as a failure: it looks at no deadline.
	lookOverdue = 2 * lookTimeout
	// lookRetry is how soon a look that failed is tried again.
	lookRetry = 5 * time.Second
	// strangerTTL is how long a tenant that is unknown stays so.
	strangerTTL = 10 * time.Second
	// stillPause is between two looks at what is being written.
	stillPause = time.Second
	stillTries = 3
	// sameFault is how long another failure of the same source is not told anew.
	sameFault = time.Hour
	nextFault = time.Minute
)

var (
	errLookLate  = errors.New("it did not answer in time")
	errMoving    = errors.New("it is being written")
	errTooMany   = errors.New("too many secrets are being looked up for this sender at the time")
	errNoSecrets = errors.New("it gave no secret")
)

// get gives the newest list that is known, or waits where it has to.
func (r *renewal) get(ctx context.Context) (*List, error) {
	if f := r.fresh.Load(); f != nil && time.Now().Before(f.until) {
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
	} else if !now.Before(r.next) {
		refused = !r.begin(from, now)
	}
	f := r.flight
	if f != nil && r.list != nil && now.Sub(f.begun) >= lookOverdue {
		r.err = errLookLate
		r.tell(now)
	}
	wait := lookTimeout
	if r.list != nil {
		wait = r.patience
	}
	mustWait := f != nil && (r.list == nil || now.Sub(r.looked) >= r.hard && !f.late.Load())
	none := refused && r.list == nil
	r.mu.Unlock()
	if none {
		return nil, errTooMany // not remembered either
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

func (r *renewal) answer() (*List, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch age := time.Since(r.looked); {
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

// begin starts the one look there is at a time, or has it wait for its turn. It reports false where the sender may not
// have more of them. The caller must hold mu.
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

// drop gives up a look that nobody waits for any more, and which did not begin.
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

func (r *renewal) run(f *flight) {
	begun := time.Now()
	var secrets []Secret
	err := errors.New("the function did not return") // as when it ends its goroutine
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("it panicked with a %T", v) // its text may hold anything
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
		err = errTooMany // it waited for its turn, and was cut short
	}
}

// lookUntilStill looks again at what is being written, until it reads the same twice: half of a secret looks like a
// secret.
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

func (r *renewal) differs(secrets []Secret, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list != nil && (err != nil || !sameSecrets(r.list, NewList(secrets...)))
}

// settle takes what a look found. It returns why that is no list.
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
			r.list = list // what was compiled for a list is found by its address: the same secrets keep it
		}
		r.list.fault.Store(nil)
		r.looked, r.next, r.err, r.fault = now, now.Add(r.soft), nil, nil
	case err == errTooMany: // it is never wrapped
		r.next = now // not remembered: what one sender may not must not become what nobody may
	case err == errMoving: // it is never wrapped
		r.next = now.Add(stillPause)
	case errors.Is(err, ErrUnknownTenant):
		r.list, r.err, r.fault, r.next = nil, err, nil, now.Add(strangerTTL)
	default:
		r.err, r.next = err, now.Add(min(r.soft, lookRetry))
		r.tell(now)
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

// tell lets the guards of the last good list know that it is not renewed. They log each fault once, so that one which
// stays is one fault.
func (r *renewal) tell(now time.Time) {
	if r.list == nil {
		return
	}
	if f := r.fault; f != nil {
		if age := now.Sub(f.told); age < nextFault || age < sameFault && f.Err.Error() == r.err.Error() {
			return
		}
	}
	f := &Fault{Err: r.err, Since: now, told: now}
	if r.fault != nil {
		f.Since = r.fault.Since
	}
	r.fault = f
	r.list.fault.Store(f)
}

// sameSecrets compares in a time that tells nothing but which of them differ.
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
