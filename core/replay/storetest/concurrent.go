package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/replay"
)

// workers is how many goroutines use a store at once: more than processors, and more than most pools of connections.
const workers = 64

// concurrentRules returns the rules for many goroutines. Their functions return errors, because only the goroutine of
// the rule may end it.
func concurrentRules() []rule {
	return []rule{
		{
			name:        "of many claims of one key exactly one wins",
			explanation: "a claim is atomic: of two deliveries in one instant exactly one is processed (I1)",
			try: func(p *probe) {
				// All goroutines claim in the same instant, several times over: a race between reading and writing a
				// key shows only in some of the rounds. Both counts matter. Two winners process an event twice; a loser
				// with another state than InFlight would be treated as a finished duplicate.
				for range 8 {
					key := p.key()
					states := make([]replay.State, workers)
					p.together(func(i int) error {
						results, err := p.store.Claim(p.ctx, items(key), long)
						if err != nil {
							return err
						}
						states[i] = results[0].State
						return nil
					})
					if n := count(states, replay.Claimed); n != 1 {
						p.failf("%d of %d goroutines claimed the same key", n, workers)
					}
					if n := count(states, replay.InFlight); n != workers-1 {
						p.failf("for %d of the other %d goroutines the key was in flight", n, workers-1)
					}
				}
			},
		},
		{
			name: "batches that overlap share out the keys",
			explanation: "each item is claimed atomically: every key has exactly one holder (I1), and batches in " +
				"opposite orders do not block each other",
			try: func(p *probe) {
				// Half of the goroutines claim the keys in reverse order. A store that locks keys in the order of the
				// batch deadlocks here.
				keys := p.someKeys(8)
				backwards := slices.Clone(keys)
				slices.Reverse(backwards)
				var holders [8]atomic.Int32
				p.together(func(i int) error {
					batch := keys
					if i%2 == 1 {
						batch = backwards
					}
					results, err := p.store.Claim(p.ctx, items(batch...), long)
					if err != nil {
						return err
					}
					for j, r := range results {
						if r.State == replay.Claimed {
							holders[slices.Index(keys, batch[j])].Add(1)
						}
					}
					return nil
				})
				for i := range holders {
					if n := holders[i].Load(); n != 1 {
						p.failf("key %d has %d holders", i, n)
					}
				}
			},
		},
		{
			name: "one holder at a time, and none after the commit",
			explanation: "between a claim and its release no other caller holds the key (I1), and after its commit " +
				"no caller does (I2)",
			try: func(p *probe) {
				// The counter "holding" is raised after a claim and lowered before its release, so an overlap of two
				// holders shows as 2. The goroutine with the 32nd win commits, and from then on a claim must not
				// succeed.
				key := p.key()
				var holding, wins, committed atomic.Int32
				p.together(func(int) error {
					for range 20 {
						results, err := p.store.Claim(p.ctx, items(key), long)
						if err != nil {
							return err
						}
						if results[0].State != replay.Claimed {
							continue
						}
						if n := holding.Add(1); n != 1 {
							return fmt.Errorf("%d holders at a time", n)
						}
						if committed.Load() != 0 {
							return errors.New("claimed after it was committed")
						}
						verdict := release(key, results[0].Token)
						if wins.Add(1) == workers/2 {
							verdict = commit(key, results[0].Token, long)
							committed.Store(1)
						}
						holding.Add(-1)
						if err := p.store.Settle(p.ctx, []replay.Settlement{verdict}); err != nil {
							return err
						}
					}
					return nil
				})
			},
		},
		{
			name: "ForgetDone never frees a claim",
			explanation: "of a store that is a DoneForgetter: whether a key is claimed is checked in the step that " +
				"forgets it, so no second holder begins beside the first",
			try: func(p *probe) {
				// Half of the goroutines process the event, the others make the store forget it all the time. Two
				// holders at once show as a counter of 2, and a claim that was forgotten as a commit that is lost.
				forgetter, ok := p.store.(replay.DoneForgetter)
				if !ok {
					return
				}
				key := p.key()
				var holding, working atomic.Int32
				working.Store(workers / 2)
				p.together(func(i int) error {
					if i%2 == 0 {
						for working.Load() > 0 {
							time.Sleep(200 * time.Microsecond)
							err := forgetter.ForgetDone(p.ctx, []replay.Key{key})
							var busy *replay.InFlightError
							if err != nil && !errors.As(err, &busy) {
								return err
							}
						}
						return nil
					}
					defer working.Add(-1)
					return p.holdAlone(key, &holding)
				})
			},
		},
		{
			name:        "many repetitions of a commit all succeed",
			explanation: "settling is idempotent, also while another attempt with the same token is under way",
			try: func(p *probe) {
				// A client that lost the answer repeats the call while the first one may still run. So the repetitions
				// run in parallel, with the same tokens.
				keys := p.someKeys(4)
				results := p.claim(long, items(keys...)...)
				p.together(func(int) error {
					var batch []replay.Settlement
					for i, key := range keys {
						batch = append(batch, commit(key, results[i].Token, long))
					}
					return p.store.Settle(p.ctx, batch)
				})
				for _, key := range keys {
					p.want(replay.Done, key)
				}
			},
		},
		{
			name: "batches that compete for the last room fit whole or not at all",
			explanation: "no more live keys than the capacity (I8), and of a batch answered ErrFull nothing is " +
				"claimed, also when others claim at the same time",
			capacity: 100,
			try: func(p *probe) {
				// 64 batches of 3 want 192 places, and there are 100. A store may take places one by one while the
				// batch can still fail. It would then refuse more than it must, or keep claims of a refused batch.
				batches := make([][]replay.Key, workers)
				for i := range batches {
					batches[i] = p.someKeys(3)
				}
				var claimed atomic.Int32
				p.together(func(i int) error {
					results, err := p.store.Claim(p.ctx, items(batches[i]...), long)
					switch {
					case errors.Is(err, replay.ErrFull):
						return nil
					case err != nil:
						return err
					}
					for _, r := range results {
						if fault := faultOf(r, replay.Claimed); fault != "" {
							return errors.New(fault)
						}
					}
					claimed.Add(3)
					return nil
				})
				// While there is room for three, some batch gets it. The last place is left, and a single key fits in.
				if n := claimed.Load(); n != 99 {
					p.failf("%d keys claimed by batches of 3 in a store of 100, want 99", n)
				}
				p.hold(long, p.key())
				p.full(p.key())
			},
		},
		{
			name:        "Close does not disturb calls that are under way",
			explanation: "each call either does its work or answers ErrClosed",
			try: func(p *probe) {
				// One goroutine closes the store in the middle of the others. A call may fail with ErrClosed at each
				// step, but a Claim that succeeded must have a token.
				keys := p.someKeys(workers)
				p.together(func(i int) error {
					if i == workers/2 {
						return p.store.Close()
					}
					results, err := p.store.Claim(p.ctx, items(keys[i]), long)
					if errors.Is(err, replay.ErrClosed) {
						return nil
					}
					if err != nil {
						return err
					}
					if fault := faultOf(results[0], replay.Claimed); fault != "" {
						return errors.New(fault)
					}
					err = p.store.Settle(p.ctx, []replay.Settlement{commit(keys[i], results[0].Token, long)})
					if errors.Is(err, replay.ErrClosed) {
						return nil
					}
					return err
				})
				if _, err := p.store.Claim(p.ctx, items(p.key()), long); !errors.Is(err, replay.ErrClosed) {
					p.failf("Claim after Close answered %v, want ErrClosed", err)
				}
			},
		},
	}
}

// holdAlone claims a key that others make the store forget all the time, works on it and commits it, twice.
func (p *probe) holdAlone(key replay.Key, holding *atomic.Int32) error {
	for wins, tries := 0, 0; wins < 2; tries++ {
		if tries == 4000 {
			return errors.New("the key was never free again")
		}
		time.Sleep(500 * time.Microsecond)
		results, err := p.store.Claim(p.ctx, items(key), long)
		if err != nil {
			return err
		}
		if results[0].State != replay.Claimed {
			continue
		}
		wins++
		if n := holding.Add(1); n != 1 {
			return fmt.Errorf("%d holders at a time", n)
		}
		time.Sleep(time.Millisecond)
		holding.Add(-1)
		if err := p.store.Settle(p.ctx, []replay.Settlement{commit(key, results[0].Token, long)}); err != nil {
			return err
		}
	}
	return nil
}

// together runs f in many goroutines that start at once, and waits for all. The first error ends the rule.
func (p *probe) together(f func(i int) error) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, workers)
	for i := range workers {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			p.failf("%v", err)
		}
	}
}

// count returns how many of the states are state.
func count(states []replay.State, state replay.State) (n int) {
	for _, s := range states {
		if s == state {
			n++
		}
	}
	return n
}
