package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/core/journal"
)

// writers is how many goroutines use the store at once: more than most pools have connections to spare.
const writers = 8

// concurrentRules are the rules of several who use the store at once, as deliveries, sweeps and people
// do. They pass by luck now and then: run them with the race detector, and more than once.
func concurrentRules() []rule {
	return []rule{
		{
			// A check and a write in two steps let several through.
			name: "of many who create a row one succeeds",
			why:  "two processes may see the same failure at the same time",
			try: func(p *probe) {
				// Several times: a race is not lost each time.
				for range 20 {
					row := p.row(journal.Open)
					var won atomic.Int64
					p.together(func(i int) error {
						// Each with a blob of its own, so that the writes are not equal by chance.
						r := row
						r.Blob = []byte{byte(i)}
						return counted(&won, p.store.Save(p.ctx, []journal.Row{r}))
					})
					if won.Load() != 1 {
						p.failf("%d of %d who created one row at the same time succeeded, want 1", won.Load(), writers)
					}
				}
			},
		},
		{
			// It is the same for an update as for an insert, and easier to get wrong: an UPDATE without
			// the revision in its condition passes every test that runs alone.
			name: "no write is lost",
			why:  "of writes from one revision one succeeds, so a counter that many raise loses no step",
			try:  tryCounter,
		},
		{
			// A deadlock that the database breaks off is not an answer: nothing was written, so the
			// store tries again.
			name: "batches that share rows neither lock each other out nor mix",
			why:  "two batches in different orders are two calls: each is saved as a whole, or is ErrChanged",
			try:  tryBatches,
		},
	}
}

// together runs f in several goroutines at once, which must return nil.
func (p *probe) together(f func(i int) error) {
	var wg sync.WaitGroup
	// Errors are collected: only the goroutine of the rule may end it.
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		p.failf("of %d calls at the same time some failed: %v", writers, err)
	}
}

// counted counts a success. ErrChanged is how the others lose.
func counted(won *atomic.Int64, err error) error {
	switch {
	case err == nil:
		won.Add(1)
	// A timeout, a lock or a duplicate key is the store's to deal with.
	case !errors.Is(err, journal.ErrChanged):
		return err
	}
	return nil
}

// tryCounter raises one counter from everywhere.
func tryCounter(p *probe) {
	const each = 20
	id := p.save(p.row(journal.Open))[0].ID
	// Everybody loads, raises and saves, until their own steps are done.
	p.together(func(int) error {
		for done := 0; done < each; {
			rows, err := p.store.Load(p.ctx, []journal.ID{id})
			if err != nil {
				return err
			}
			if len(rows) != 1 {
				return fmt.Errorf("a call of Load answered %d rows, want 1", len(rows))
			}
			// Whoever is second loads again.
			err = p.store.Save(p.ctx, rows)
			if err == nil {
				done++
			} else if !errors.Is(err, journal.ErrChanged) {
				return err
			}
		}
		return nil
	})
	// The revision counts successes, so a write that was lost is a step too few.
	if got, want := p.load(id)[id].Revision, uint64(1+writers*each); got != want {
		p.failf("after %d writes the revision is %d, want %d", writers*each, got, want)
	}
}

// tryBatches writes ten rows at once, in both orders: databases that lock in the order of the batch
// would meet head-on.
func tryBatches(p *probe) {
	stored := p.save(p.rows(10, journal.Open)...)
	ids := idsOf(stored)
	var won atomic.Int64
	p.together(func(i int) error {
		for n := range 10 {
			rows, err := p.store.Load(p.ctx, ids)
			if err != nil {
				return err
			}
			// Each batch has a mark of its own. Two marks in the end would be two halves.
			mark := []byte{byte(i), byte(n)}
			// All rows, so that a batch which was saved by halves leaves two marks.
			for k := range rows {
				rows[k].Blob = mark
			}
			// Half of them write in the other direction.
			if i%2 == 0 {
				slices.Reverse(rows)
			}
			if err := counted(&won, p.store.Save(p.ctx, rows)); err != nil {
				return err
			}
		}
		return nil
	})
	// Every batch that succeeded has written every row, so all rows have the same revision and the last
	// mark.
	found := p.load(ids...)
	for _, r := range found {
		if r.Revision != uint64(1+won.Load()) || string(r.Blob) != string(found[ids[0]].Blob) {
			p.failf("after %d batches that succeeded a row has revision %d, blob %v; another has blob %v",
				won.Load(), r.Revision, r.Blob, found[ids[0]].Blob)
		}
	}
}
