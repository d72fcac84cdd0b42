package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// verb is the effect of a step on a claim. The values are part of PostgreSQL's statements.
type verb uint8

const (
	commit verb = iota + 1
	release
	extend
)

// step is one change of one claim.
type step struct {
	key   replay.Key
	token replay.Token
	verb  verb
	span  int64 // microseconds: a TTL or a lease
}

// outcome is the result of steps.
type outcome struct {
	did  map[replay.Key]bool // those that took effect; nil: all
	rows map[replay.Key]row  // the live rows of the others
}

// held reports whether a step took effect, now or earlier. It fails closed: only a row with the step's own token
// counts, because another delivery may hold the key.
func (o outcome) held(st step) bool {
	if o.did == nil || o.did[st.key] {
		return true
	}
	// The step has changed nothing. If that is because it took effect before, it succeeds again: the answer was lost.
	r, remembered := o.rows[st.key]
	switch st.verb {
	case commit:
		return remembered && r.token == st.token && r.doneAt != 0 // a repeated commit
	case release:
		return !remembered // a repeated release, or the lease has expired: no delivery holds the key
	default:
		return remembered && r.token == st.token && r.doneAt == 0 // the lease already lasts longer
	}
}

// Settle implements [replay.Store]. If one settlement is not well-formed, none of the batch takes effect. A repeated
// settlement changes nothing: the time and the TTL of the first commit stay.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	// All are checked before the first takes effect.
	steps := make([]step, len(settlements))
	for i := range settlements {
		st := &settlements[i]
		steps[i] = step{key: st.Key, token: st.Token}
		switch {
		case st.Verdict == replay.Commit && st.TTL <= 0:
			return fmt.Errorf("sqlstore: a commit with a TTL of %v, which is not positive", st.TTL)
		case st.Verdict == replay.Commit:
			steps[i].verb, steps[i].span = commit, micros(st.TTL)
		case st.Verdict == replay.Release:
			steps[i].verb = release
		default:
			return fmt.Errorf("sqlstore: %v is neither commit nor release", st.Verdict)
		}
	}
	return s.apply(ctx, "settle", steps)
}

// Extend implements [replay.Store]. A lease that is not positive is an error, and then nothing is extended.
func (s *Store) Extend(ctx context.Context, claims []replay.Held, lease time.Duration) error {
	if lease <= 0 {
		return fmt.Errorf("sqlstore: a lease of %v is not positive", lease)
	}
	steps := make([]step, len(claims))
	for i, c := range claims {
		steps[i] = step{key: c.Key, token: c.Token, verb: extend, span: micros(lease)}
	}
	return s.apply(ctx, "extend", steps)
}

// apply applies steps in any order of keys, and reports those whose claims are lost. If the database fails in between,
// earlier parts have taken effect, and the caller repeats the call.
func (s *Store) apply(ctx context.Context, call string, steps []step) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	// A batch may hold two steps of one key, with different tokens or verbs. They are in different waves, so they take
	// effect one after another, as in separate calls.
	lost := make(map[step]bool)
	for _, wave := range waves(steps) {
		for part := range slices.Chunk(wave, chunk) {
			var result outcome
			err := s.again(ctx, func() (err error) {
				result, err = s.engine.settle(ctx, part)
				return err
			})
			if err != nil {
				return s.fail(ctx, call, err)
			}
			for _, st := range part {
				if !result.held(st) {
					lost[identify(st)] = true
				}
			}
		}
	}
	return lostOf(steps, lost)
}

// waves sorts steps by key into lists in which no key comes twice. The steps of one key keep their order. A repeated
// step is left out, because it would change nothing.
func waves(steps []step) [][]step {
	var list [][]step
	given := make(map[step]struct{}, len(steps))
	nth := make(map[replay.Key]int, len(steps))
	for _, st := range steps {
		if _, again := given[identify(st)]; again {
			continue
		}
		given[identify(st)] = struct{}{}
		n := nth[st.key]
		nth[st.key]++
		if n == len(list) {
			list = append(list, nil)
		}
		list[n] = append(list[n], st)
	}
	for _, wave := range list {
		slices.SortFunc(wave, func(a, b step) int { return compareKeys(a.key, b.key) })
	}
	return list
}

// identify returns the step without its span, which does not distinguish a step from its repetition.
func identify(st step) step {
	st.span = 0
	return st
}

// lostOf returns the error for the lost claims, in the order of the steps. Without any it returns an untyped nil, which
// callers can compare.
func lostOf(steps []step, lost map[step]bool) error {
	var keys []replay.Key
	for _, st := range steps {
		if lost[identify(st)] {
			keys = append(keys, st.key)
		}
	}
	if keys == nil {
		return nil
	}
	return &replay.LeaseLostError{Keys: keys}
}
