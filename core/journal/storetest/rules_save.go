package storetest

import "github.com/sallyport-go/sallyport/core/journal"

// saveRules are the rules of what is written: Save, Delete and Prune, one call at a time. What they
// guard is that nothing is lost between two who write, and nothing is kept by halves.
func saveRules() []rule {
	return []rule{
		{
			// The revision is how a person's click, a retry and a run find out about each other. It is
			// the store that counts it up, in the same write.
			name: "a row counts its writes",
			why:  "Save stores one more than the revision it is given, and the values of the newest write",
			try: func(p *probe) {
				// A new row has revision 1 afterwards: save returns what must be stored.
				r := p.save(p.row(journal.Open))[0]
				p.has(r)
				// Each write changes every value, so that one which is not written is noticed.
				for _, state := range []journal.State{journal.Parked, journal.Done, journal.Dismissed} {
					r.State, r.Blob, r.At = state, append(r.Blob, byte(state)), p.row(0).At
					r = p.save(r)[0]
					p.has(r)
				}
			},
		},
		{
			// Two processes that see the same failure both take it for the first. The second must load
			// what the first has written, or a count, and perhaps a run, is lost.
			name: "a new row replaces nothing",
			why:  "revision 0 means that there is no row yet; where there is one, the caller does not know it",
			try: func(p *probe) {
				r := p.save(p.row(journal.Parked))[0]
				// As a process that has never seen the row would write it.
				other := r
				other.Revision, other.State, other.Blob = 0, journal.Open, []byte("other")
				// Refused, and the stored row is untouched: both are looked at.
				p.refused("a new row in place of a stored one", other)
				p.has(r)
			},
		},
		{
			// Without it, whoever saves last wins: a page that was open for an hour would undo what has
			// happened since.
			name: "a write from an old look is refused",
			why:  "a revision that is not the stored one means that somebody else has written meanwhile",
			try: func(p *probe) {
				// Two writes, so that there is an older revision to come with.
				first := p.save(p.row(journal.Open))[0]
				second := p.save(first)[0]
				// Three looks that are not the newest: before the last write, from nowhere, and of a
				// row that has been deleted.
				old, future, nowhere := first, second, p.row(journal.Open)
				old.State, future.State = journal.Done, journal.Done
				future.Revision, nowhere.Revision = 7, 1
				p.refused("an old revision", old)
				p.refused("a revision of the future", future)
				p.refused("a row that is not there any more", nowhere)
				p.has(second)
				p.lacks(nowhere)
			},
		},
		{
			// A database does this by a transaction. A store without one checks everything before it
			// writes anything.
			name: "all rows of a call are saved, or none",
			why:  "the entries of one delivery belong together: a part of them would be a 2xx for what nobody has",
			try: func(p *probe) {
				stored := p.save(p.rows(4, journal.Open)...)
				changed := append([]journal.Row(nil), stored...)
				for i := range changed {
					changed[i].State = journal.Done
				}
				// Wherever the stale row stands: at the beginning nothing was written yet, at the end
				// almost everything.
				for bad := range changed {
					batch := append([]journal.Row(nil), changed...)
					batch[bad].Revision = 5
					p.refused("rows of which one is stale", batch...)
					// Three new rows and one that exists already, which its writer takes for new.
					fresh := p.rows(4, journal.Open)
					fresh[bad] = changed[bad]
					fresh[bad].Revision = 0
					p.refused("new rows of which one is there", fresh...)
					// New and known rows by turns: a store with one statement for each kind must undo
					// the first one, too.
					mixed := []journal.Row{p.row(journal.Open), changed[0], p.row(journal.Open), changed[1]}
					mixed[bad].Revision = 9
					p.refused("new and known rows of which one is stale", mixed...)
					p.has(stored...)
					p.lacks(append(append(fresh[:bad:bad], fresh[bad+1:]...), mixed[0], mixed[2])...)
				}
				// And without a stale row the same mixture is saved.
				p.has(p.save(append(changed, p.rows(3, journal.Parked)...)...)...)
			},
		},
		{
			// Databases bound the parameters and the length of a statement: a store divides what is too
			// much for one.
			name: "a thousand rows are saved in one call",
			why:  "a delivery of a batch has as many entries as events that failed",
			try: func(p *probe) {
				// New ones, and then known ones: stores have two statements for them.
				rows := p.save(p.rows(1000, journal.Open)...)
				p.has(rows...)
				p.has(p.save(rows...)...)
			},
		},
		{
			// Erasure is a duty, so it asks for no revision.
			name: "a deleted row is gone",
			why:  "Delete erases, whatever the state; the ID is free again, and unknown IDs are no error",
			try: func(p *probe) {
				rows := p.save(
					p.row(journal.Open), p.row(journal.Parked), p.row(journal.Done), p.row(journal.Dismissed))
				// An unknown ID among them, as an operator may type one.
				p.remove(append(rows[:3:3], p.row(journal.Open))...)
				// Only what was named is gone.
				p.lacks(rows[:3]...)
				p.has(rows[3])
				// Somebody who loaded the row before it was erased must not bring it back.
				p.refused("a row that was deleted", rows[0])
				// The ID can come again: the event fails once more.
				rows[0].Revision = 0
				p.has(p.save(rows[0])...)
			},
		},
		{
			// The journal lists what has expired, and then has it removed. In between the event may
			// fail again.
			name: "pruning removes what nobody has changed",
			why:  "an entry that fails again in the moment of its removal must stay",
			try: func(p *probe) {
				// It is optional: a store of a page has none.
				pruner, ok := p.store.(journal.Pruner)
				if !ok {
					return
				}
				rows := p.save(p.rows(3, journal.Done)...)
				changed := rows[1]
				changed.State = journal.Parked
				// Between the list of what has expired and its removal.
				changed = p.save(changed)[0]
				if err := pruner.Prune(p.ctx, append(rows, p.row(journal.Done))); err != nil {
					p.failf("Prune: %v", err)
				}
				// The two that nobody touched are gone, and the one that changed is there as it was
				// written.
				p.lacks(rows[0], rows[2])
				p.has(changed)
			},
		},
	}
}
