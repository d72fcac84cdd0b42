package storetest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// flaw is one thing that a flawedStore does wrong.
type flaw string

const none flaw = "does nothing wrong"

var errRefused = errors.New("refused")

// flawedStore is a plain store, correct but for its flaw.
type flawedStore struct {
	flaw     flaw
	capacity int

	busy   atomic.Bool
	mu     sync.Mutex
	closed bool
	token  replay.Token
	known  map[replay.Key]*entry
	first  map[replay.Key]replay.Digest // for "keeps the first digest"
	order  []replay.Key                 // as they were claimed
	used   int                          // keys ever claimed
	lease  time.Duration
}

type entry struct {
	replay.Item
	token              replay.Token
	done               bool
	claimed, end, when time.Time
}

func newFlawed(f flaw, capacity int) *flawedStore {
	if capacity == 0 {
		capacity = 10_000
	}
	return &flawedStore{flaw: f, capacity: capacity, known: make(map[replay.Key]*entry)}
}

func (s *flawedStore) is(f flaw) bool { return s.flaw == f }

func (s *flawedStore) begin(ctx context.Context, batch int) error {
	if ctx.Err() != nil && !s.is("ignores the context") {
		return ctx.Err()
	}
	if s.closed && !s.is("works on after Close") {
		if s.is("has an error of its own after Close") {
			return errRefused
		}
		return replay.ErrClosed
	}
	if batch == 0 && s.is("refuses an empty batch") {
		return errRefused
	}
	return nil
}

func (s *flawedStore) live(e *entry) bool {
	if e == nil {
		return false
	}
	end := e.end
	if s.is("has one lease for all") && !e.done {
		end = e.claimed.Add(s.lease)
	}
	if s.is("never ends a lease") && !e.done {
		return true
	}
	return end.After(time.Now())
}

func (s *flawedStore) sweep() {
	for key, e := range s.known {
		if !s.live(e) {
			delete(s.known, key)
		}
	}
}

func (s *flawedStore) end(d time.Duration) time.Time {
	if s.is("wraps round") {
		return time.Unix(0, time.Now().UnixNano()+int64(d))
	}
	return time.Now().Add(d)
}

func (s *flawedStore) key(key replay.Key) replay.Key {
	if s.is("shortens keys") {
		key[31] &= 0x7f
	}
	return key
}

func (s *flawedStore) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(ctx, len(items)); err != nil {
		return nil, err
	}
	if lease <= 0 && !s.is("accepts any lease") {
		return nil, errRefused
	}
	if s.is("claims nothing") {
		return slices.Repeat([]replay.Result{{State: replay.InFlight, RetryAfter: lease}}, len(items)), nil
	}
	if s.is("ends leases early") {
		lease /= 2
	}
	s.lease = lease
	given := items
	if s.is("changes slices") {
		defer func() { clear(given) }()
	}
	items = slices.Clone(items)
	if s.is("sorts the batch") {
		slices.SortFunc(items, func(a, b replay.Item) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	}
	if !s.is("keeps what has ended when full") {
		s.sweep()
	}
	if err := s.room(items); err != nil {
		return nil, err
	}
	results := make([]replay.Result, len(items))
	for i, it := range items {
		it.Key = s.key(it.Key)
		e := s.known[it.Key]
		twice := s.is("claims a key twice in a batch") &&
			slices.ContainsFunc(items[:i], func(o replay.Item) bool { return o.Key == it.Key })
		if s.is("is not atomic") {
			s.mu.Unlock()
			time.Sleep(time.Millisecond)
			s.mu.Lock()
		}
		if s.live(e) && !twice && !(s.is("claims what is in flight") && !e.done) &&
			!(s.is("claims what is done") && e.done) {
			results[i] = s.refuse(e, it, lease)
			continue
		}
		results[i] = s.claimOne(it, lease)
	}
	return results, nil
}

// room makes sure that the batch fits.
func (s *flawedStore) room(items []replay.Item) error {
	fresh := make(map[replay.Key]bool)
	for _, it := range items {
		if s.known[s.key(it.Key)] == nil {
			fresh[it.Key] = true
		}
	}
	need, used, capacity := len(fresh), len(s.known), s.capacity
	switch s.flaw {
	case "counts a key twice":
		need = 0
		for _, it := range items {
			if fresh[it.Key] {
				need++
			}
		}
	case "refuses what it knows when full":
		need = len(items)
	case "gives no room back":
		used = s.used
	case "holds one less":
		capacity--
	case "holds one more":
		capacity++
	case "is not atomic":
		if used+need <= capacity {
			s.mu.Unlock()
			time.Sleep(time.Millisecond)
			s.mu.Lock()
			return nil
		}
	}
	if used+need <= capacity || need == 0 {
		return nil
	}
	switch s.flaw {
	case "evicts when full":
		for len(s.known)+need > capacity && len(s.order) > 0 {
			delete(s.known, s.order[0])
			s.order = s.order[1:]
		}
		return nil
	case "claims half a batch when full":
		for _, it := range items {
			if len(s.known) < capacity && s.known[it.Key] == nil {
				s.claimOne(it, s.lease)
			}
		}
	}
	return replay.ErrFull
}

func (s *flawedStore) claimOne(it replay.Item, lease time.Duration) replay.Result {
	if s.is("keeps the first digest") {
		if old, ok := s.first[it.Key]; ok {
			it.Digest = old
		}
		if s.first == nil {
			s.first = map[replay.Key]replay.Digest{}
		}
		s.first[it.Key] = it.Digest
	}
	s.token++
	s.used++
	if s.is("gives the same token again") {
		s.token = 7
	}
	s.known[it.Key] = &entry{Item: it, token: s.token, claimed: time.Now(), end: s.end(lease)}
	s.order = append(s.order, it.Key)
	if s.is("gives no token") {
		return replay.Result{State: replay.Claimed}
	}
	return replay.Result{State: replay.Claimed, Token: s.token}
}

func (s *flawedStore) refuse(e *entry, it replay.Item, lease time.Duration) replay.Result {
	r := replay.Result{Conflict: e.Digest != it.Digest && !s.is("sees no conflict")}
	if s.is("compares texts by their length") &&
		len(bytes.TrimRight(e.Digest[:], "\x00")) == len(bytes.TrimRight(it.Digest[:], "\x00")) &&
		it.Digest[31] == 0 {
		r.Conflict = false
	}
	if e.done {
		if s.is("renews what is done") {
			e.end = time.Now().Add(lease)
		}
		r.State, r.DoneAt, r.Token = replay.Done, e.when, e.token
		if s.is("gives another token for what is done") {
			r.Token++
		}
		switch s.flaw {
		case "takes DoneAt from the claim":
			r.DoneAt = e.claimed
		case "takes DoneAt from the clock":
			r.DoneAt = time.Now()
		}
		return r
	}
	if s.is("renews what is in flight") {
		e.end = time.Now().Add(lease)
	}
	r.State, r.RetryAfter = replay.InFlight, time.Until(e.end)
	switch s.flaw {
	case "has a fixed RetryAfter":
		r.RetryAfter = 8 * time.Second
	case "wraps round", "never ends a lease", "has one lease for all":
		r.RetryAfter = max(r.RetryAfter, 1)
	case "keeps the first digest":
		r.RetryAfter = max(r.RetryAfter, 1)
	}
	return r
}

func (s *flawedStore) Settle(ctx context.Context, settlements []replay.Settlement) error {
	if s.is("is too busy to repeat a commit") {
		if !s.busy.CompareAndSwap(false, true) {
			return &replay.LeaseLostError{Keys: []replay.Key{settlements[0].Key}}
		}
		defer s.busy.Store(false)
		time.Sleep(time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(ctx, len(settlements)); err != nil {
		return err
	}
	if !s.is("validates as it goes") {
		for _, st := range settlements {
			if !s.valid(st) {
				return errRefused
			}
		}
	}
	lost := &replay.LeaseLostError{}
	for _, st := range settlements {
		if !s.valid(st) {
			return errRefused
		}
		if !s.settleOne(st) {
			lost.Keys = append(lost.Keys, st.Key)
			if s.is("stops at the first lost claim") {
				break
			}
		}
	}
	return s.answer(lost)
}

func (s *flawedStore) answer(lost *replay.LeaseLostError) error {
	switch {
	case len(lost.Keys) == 0, s.is("hides lost claims"):
		return nil
	case s.is("sorts lost claims"):
		slices.SortFunc(lost.Keys, func(a, b replay.Key) int { return bytes.Compare(a[:], b[:]) })
	}
	return lost
}

func (s *flawedStore) valid(st replay.Settlement) bool {
	switch st.Verdict {
	case replay.Commit:
		return (st.TTL > 0 || s.is("accepts any TTL")) &&
			!(st.TTL > 10*365*24*time.Hour && s.is("keeps nothing for decades"))
	case replay.Release:
		return st.TTL >= 0 || !s.is("wants a TTL with a release")
	default:
		return s.is("accepts any verdict")
	}
}

func (s *flawedStore) settleOne(st replay.Settlement) bool {
	key := s.key(st.Key)
	e := s.known[key]
	if !s.live(e) && !(e != nil && s.is("settles what has ended")) {
		if st.Verdict == replay.Commit && s.is("commits what nobody holds") {
			s.known[key] = &entry{Item: replay.Item{Key: key}, token: st.Token, done: true, when: time.Now(),
				end: s.end(st.TTL)}
			return true
		}
		return st.Verdict == replay.Release && !s.is("does not repeat a release")
	}
	fenced := e.token != st.Token
	switch s.flaw {
	case "ignores tokens":
		fenced = false
	case "ignores tokens of what is done":
		fenced = fenced && !e.done
	case "takes token 0 for any":
		fenced = fenced && st.Token != 0
	}
	if fenced {
		return false
	}
	if e.done {
		switch {
		case st.Verdict == replay.Release && s.is("releases what is done"):
			delete(s.known, key)
			return true
		case st.Verdict == replay.Commit && s.is("commits again"):
			e.when, e.end = time.Now(), s.end(st.TTL)
		}
		return st.Verdict == replay.Commit && !s.is("does not repeat a commit")
	}
	if st.Verdict != replay.Commit {
		if !s.is("releases when the lease ends") {
			delete(s.known, key)
		}
		return true
	}
	switch s.flaw {
	case "forgets what is done":
		delete(s.known, key)
	case "remembers as long as the lease":
		e.done, e.when = true, time.Now()
	case "remembers for the lease at least":
		e.done, e.when = true, time.Now()
		if end := s.end(st.TTL); end.After(e.end) {
			e.end = end
		}
	default:
		e.done, e.when, e.end = true, time.Now(), s.end(st.TTL)
	}
	return true
}

func (s *flawedStore) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(ctx, len(claims)); err != nil {
		return err
	}
	if lease <= 0 && !s.is("accepts any lease") {
		return errRefused
	}
	lost := &replay.LeaseLostError{}
	for _, c := range claims {
		e := s.known[s.key(c.Key)]
		held := s.live(e) && (!e.done || s.is("extends what is done")) && e.token == c.Token
		if !held && !(e != nil && s.is("extends for anybody")) {
			lost.Keys = append(lost.Keys, c.Key)
			if s.is("stops at the first lost claim") {
				break
			}
			continue
		}
		end := s.end(lease)
		switch {
		case s.is("extends nothing"):
		case s.is("extends from the end"):
			e.end = e.end.Add(lease)
		case end.After(e.end), s.is("shortens"):
			e.end = end
		}
		if s.is("extends under a new token") {
			s.token++
			e.token = s.token
		}
	}
	return s.answer(lost)
}

func (s *flawedStore) Forget(ctx context.Context, keys []replay.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(ctx, len(keys)); err != nil {
		return err
	}
	for _, key := range keys {
		e := s.known[s.key(key)]
		switch {
		case e == nil && s.is("cannot forget the unknown"):
			return errRefused
		case s.is("forgets nothing"):
		case e != nil && !e.done && s.is("forgets only what is done"):
		default:
			delete(s.known, s.key(key))
		}
	}
	return nil
}

// ForgetDone implements replay.DoneForgetter.
func (s *flawedStore) ForgetDone(ctx context.Context, keys []replay.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(ctx, len(keys)); err != nil {
		return err
	}
	var busy replay.InFlightError
	for _, key := range keys {
		e := s.known[s.key(key)]
		if s.live(e) && !e.done {
			if s.is("forgets and reports what is in flight") {
				delete(s.known, s.key(key))
			}
			busy.Add(time.Until(e.end), key)
			continue
		}
		if s.is("forgets in two steps") { // a claim comes in between
			s.mu.Unlock()
			time.Sleep(time.Millisecond)
			s.mu.Lock()
		}
		delete(s.known, s.key(key))
	}
	if s.is("hides what is in flight") {
		return nil
	}
	return busy.ErrorOrNil()
}

// DigestOf gives SHA-256, which nothing keeps a store from.
func (s *flawedStore) DigestOf(event []byte) replay.Digest {
	switch s.flaw {
	case "makes one digest of all":
		return replay.Digest{1}
	case "hashes the beginning alone":
		event = event[:min(len(event), 1<<10)]
	case "makes a digest by the time of day":
		s.token++
		event = append(bytes.Clone(event), byte(s.token))
	case "compares digests of two kinds":
		event = append(bytes.Clone(event), "of the second kind"...)
	}
	return sha256.Sum256(event)
}

func (s *flawedStore) Digests(_ context.Context, keys []replay.Key) ([]replay.Digest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digests := make([]replay.Digest, len(keys))
	for i, key := range keys {
		if e := s.known[s.key(key)]; s.live(e) && !s.is("reads no digest") {
			digests[i] = e.Digest
		}
	}
	return digests, nil
}

func (s *flawedStore) Look(_ context.Context, keys []replay.Key) ([]replay.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]replay.Result, len(keys))
	for i, key := range keys {
		switch e := s.known[s.key(key)]; {
		case s.live(e):
			results[i] = s.refuse(e, e.Item, 0)
		case s.is("claims what it looks at"):
			s.known[s.key(key)] = &entry{token: 1, end: time.Now().Add(time.Hour), Item: replay.Item{Key: key}}
		}
		results[i].Conflict = s.is("sees conflicts in a look") && results[i].State != 0
	}
	return results, nil
}

func (s *flawedStore) Scope() replay.Scope {
	if s.is("has no scope") {
		return 0
	}
	return replay.Process
}

func (s *flawedStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.is("closes once") {
		return errRefused
	}
	s.closed = true
	return nil
}
