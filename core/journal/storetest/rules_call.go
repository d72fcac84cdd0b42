package storetest

import (
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core/journal"
)

// callRules are the rules of calls as such: contexts that have ended, and calls with nothing to do.
func callRules() []rule {
	return []rule{
		{
			// A delivery that was given up has been answered 500. What it writes afterwards is a
			// failure too many, and a removal that comes late may hit an entry that was kept since.
			name: "an ended context changes nothing",
			why:  "a method gives up when its context has ended, and returns the context's error",
			try: func(p *probe) {
				// Everything is called with a context that is over, and then looked at with one that is
				// not.
				stored, fresh := p.save(p.rows(2, journal.Open)...), p.row(journal.Open)
				ctx, cancel := context.WithCancel(p.ctx)
				cancel()
				// Each method of the store, and the optional one.
				calls := map[string]error{
					"Save":   p.store.Save(ctx, []journal.Row{fresh, stored[0]}),
					"Delete": p.store.Delete(ctx, idsOf(stored)),
				}
				_, calls["Load"] = p.store.Load(ctx, idsOf(stored))
				_, calls["List"] = p.store.List(ctx, journal.Page{Limit: 5})
				if pruner, ok := p.store.(journal.Pruner); ok {
					calls["Prune"] = pruner.Prune(ctx, stored)
				}
				// The context's own error, so that the caller knows that it was not the store.
				for name, err := range calls {
					if !errors.Is(err, context.Canceled) {
						p.failf("%s answered %v, want context.Canceled", name, err)
					}
				}
				// Neither the write nor the deletion has happened.
				p.has(stored...)
				p.lacks(fresh)
			},
		},
		{
			// A list of no IDs is not valid SQL everywhere.
			name: "a call for nothing succeeds",
			why:  "empty batches and unknown IDs are no error",
			try: func(p *probe) {
				// Nothing to do, in an empty store.
				p.save()
				p.remove()
				if n := len(p.load()); n != 0 {
					p.failf("Load of nothing answered %d rows", n)
				}
				p.lists("of an empty store", journal.Page{Limit: 5})
				p.lacks(p.row(journal.Open))
				p.remove(p.row(journal.Open))
				// A known row is found next to an unknown one.
				stored := p.save(p.row(journal.Open))
				if found := p.load(stored[0].ID, p.row(journal.Open).ID); len(found) != 1 {
					p.failf("Load of a known and an unknown row answered %d rows", len(found))
				}
			},
		},
	}
}
