package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

const (
	historySteps    = 40
	historyKeys     = 6
	historyCapacity = 4 // of every second history; less than historyKeys, so that stores get full
)

// RunHistories runs n random histories of claims, settlements, extensions, forgetting and the passing of time, each on
// a new store. It compares every result with that of a model. Equal seeds make equal histories. A failure names the
// history, and prints it up to the wrong result.
//
// A history lasts about ten units.
func RunHistories(t *testing.T, h Harness, n int, seed uint64) {
	t.Helper()
	h = h.withDefaults()
	h.Test(t, func(t *testing.T) {
		if err := checkHistories(t, h, n, seed); err != nil {
			t.Error(err)
		}
	})
}

// checkHistories runs the histories and returns the first violation. It is apart from RunHistories so that the suite
// can itself be tested.
func checkHistories(t *testing.T, h Harness, n int, seed uint64) error {
	t.Helper()
	for i := range n {
		capacity := 0
		if i%2 == 1 && !h.Unbounded {
			capacity = historyCapacity
		}
		var hist *history
		seen := observe(t, h, capacity, func(p *probe) {
			hist = newHistory(p, capacity, rand.New(rand.NewPCG(seed, uint64(i))))
			for range historySteps {
				hist.step()
			}
		})
		if seen != "" {
			return &violation{
				rule: fmt.Sprintf("history %d of seed %d, on a store of capacity %d (0: the default)", i, seed,
					capacity),
				why:  "a store gives the same results as the model\n" + strings.Join(hist.trace, "\n"),
				seen: seen,
			}
		}
	}
	return nil
}

// history is one random run: a store and a model that get the same calls.
type history struct {
	*probe
	rand  *rand.Rand // seeded by the seed and the number of the history
	model *model
	keys  []replay.Key
	trace []string // one line for each call, for the failure
}

func newHistory(p *probe, capacity int, r *rand.Rand) *history {
	return &history{probe: p, rand: r, model: newModel(capacity), keys: p.someKeys(historyKeys)}
}

// step makes one random call, or lets time pass. Claims and settlements are the most frequent, and forgetting is rare:
// too much of it would keep the store empty.
func (h *history) step() {
	switch n := h.rand.IntN(20); {
	case n < 8:
		h.claimSome()
	case n < 14:
		h.settleSome()
	case n < 16:
		h.extendSome()
	case n < 17:
		h.forgetSome()
	default:
		steps := 2 * (1 + h.rand.IntN(2))
		h.note("%d half units pass", steps)
		h.advance(steps)
		h.model.advance(steps)
	}
}

// claimSome claims one to three items. A key may come twice, and each has one of two digests, so that there are
// duplicates and conflicts.
func (h *history) claimSome() {
	var its []replay.Item
	var names []string
	for range 1 + h.rand.IntN(3) {
		key, digest := h.rand.IntN(historyKeys), h.rand.IntN(2)
		its = append(its, replay.Item{Key: h.keys[key], Digest: replay.Digest(sum("digest", uint64(digest)))})
		names = append(names, fmt.Sprintf("key %d with digest %d", key, digest))
	}
	halves, lease := h.duration()
	h.note("Claim of %s for %d half units", strings.Join(names, ", "), halves)
	fits := h.model.fits(its) // before the call, which the model does not see if it is refused
	results, err := h.store.Claim(h.ctx, its, lease)
	if !fits {
		if !errors.Is(err, replay.ErrFull) {
			h.failf("Claim answered %v, want ErrFull", err)
		}
		return
	}
	if err != nil || len(results) != len(its) {
		h.failf("Claim answered %v and %d results for %d items", err, len(results), len(its))
	}
	for i, it := range its {
		if fault := h.model.claim(it, halves, results[i], h.probe); fault != "" {
			h.failf("Claim, item %d: %s", i, fault)
		}
	}
}

// settleSome settles one to three keys, with tokens that may be stale or invented.
func (h *history) settleSome() {
	var batch []replay.Settlement
	var names []string
	halves, ttl := h.duration()
	for _, key := range h.some(3) {
		st := replay.Settlement{Key: h.keys[key], Token: h.token(h.keys[key]), Verdict: replay.Release}
		if h.rand.IntN(3) > 0 {
			st.Verdict, st.TTL = replay.Commit, ttl
		}
		batch = append(batch, st)
		names = append(names, fmt.Sprintf("%v of key %d with %d", st.Verdict, key, st.Token))
	}
	h.note("Settle: %s; TTL %d half units", strings.Join(names, ", "), halves)
	before := time.Now()
	err := h.store.Settle(h.ctx, batch)
	var lost []replay.Key
	for _, st := range batch {
		if !h.model.settle(st, halves, before) {
			lost = append(lost, st.Key)
		}
	}
	h.lost("Settle", lost, err)
}

// extendSome extends one or two claims, with tokens that may be stale or invented.
func (h *history) extendSome() {
	var batch []replay.Held
	var names []string
	for _, key := range h.some(2) {
		claim := replay.Held{Key: h.keys[key], Token: h.token(h.keys[key])}
		batch = append(batch, claim)
		names = append(names, fmt.Sprintf("key %d with %d", key, claim.Token))
	}
	halves, lease := h.duration()
	h.note("Extend by %d half units: %s", halves, strings.Join(names, ", "))
	err := h.store.Extend(h.ctx, batch, lease)
	var lost []replay.Key
	for _, claim := range batch {
		if !h.model.extend(claim, halves) {
			lost = append(lost, claim.Key)
		}
	}
	h.lost("Extend", lost, err)
}

// forgetSome forgets one or two keys, in the model first.
func (h *history) forgetSome() {
	var keys []replay.Key
	chosen := h.some(2)
	for _, key := range chosen {
		keys = append(keys, h.keys[key])
		delete(h.model.known, h.keys[key])
	}
	h.note("Forget keys %v", chosen)
	h.forget(keys...)
}

// some picks the numbers of one to limit keys, each once: the order of effects within a batch is not part of the
// contract.
func (h *history) some(limit int) []int {
	return h.rand.Perm(historyKeys)[:1+h.rand.IntN(limit)]
}

// token picks a token for a key: usually the latest one, sometimes an earlier one, and sometimes one that was never
// given.
func (h *history) token(key replay.Key) replay.Token {
	given := h.model.given[key]
	switch n := h.rand.IntN(10); {
	case len(given) == 0 || n == 0:
		return replay.Token(h.rand.Uint64())
	case n < 8:
		return given[len(given)-1]
	default:
		return given[h.rand.IntN(len(given))]
	}
}

// duration picks an odd number of half units. Calls are made at even ones, so nothing expires at the instant of a call.
func (h *history) duration() (halves int, d time.Duration) {
	halves = 1 + 2*h.rand.IntN(4)
	return halves, time.Duration(halves) * h.unit / 2
}

// note adds a line to the trace, with the time in half units.
func (h *history) note(format string, args ...any) {
	h.trace = append(h.trace, fmt.Sprintf("%3d  ", h.model.now)+fmt.Sprintf(format, args...))
}
