package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// verb is what a step does to a claim.
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

// outcome is what came of steps.
type outcome struct {
	did  map[replay.Key]bool // those that took effect; nil: all
	rows map[replay.Key]row  // what is remembered of the others, if anything
}

// held says whether a step took effect, now or earlier.
func (o outcome) held(st step) bool {
	if o.did == nil || o.did[st.key] {
		return true
	}
	r, remembered := o.rows[st.key]
	switch st.verb {
	case commit:
		return remembered && r.token == st.token && r.doneAt != 0 // its own commit, repeated
	case release:
		return !remembered // nobody holds it
	default:
		return remembered && r.token == st.token && r.doneAt == 0 // it lasts longer as it is
	}
}

// Settle implements [replay.Store]. A settlement that is not well-formed is an error, and none of the batch takes
// effect. A settlement that is repeated changes nothing: the first commit's time and TTL stand.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
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

// Extend implements [replay.Store]. A lease that is not positive is an error, and nothing is extended.
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

// Forget implements [replay.Store].
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, compareKeys)
	for part := range slices.Chunk(slices.Compact(sorted), chunk) {
		err := s.again(ctx, func() error {
			_, err := s.engine.remove(ctx, part, false)
			return err
		})
		if err != nil {
			return s.fail(ctx, "forget", err)
		}
	}
	return nil
}

func (s *Store) apply(ctx context.Context, call string, steps []step) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
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

// waves sorts steps by key into lists in which no key comes twice; a key's steps keep their order. A step that is
// repeated is left out: what the first did, the second finds done.
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

// identify leaves out what does not tell one step from its repetition.
func identify(st step) step {
	st.span = 0
	return st
}

// lostOf returns nil, not an error that holds no keys.
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
