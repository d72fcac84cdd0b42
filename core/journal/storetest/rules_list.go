package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

// listRules are the rules of reading: in which order, which rows, how far, and what a store may never
// drop in order to have less to list.
func listRules() []rule {
	return []rule{
		{
			// This is what an operator sees. The same order is what expiry and the sweep of done
			// entries walk along.
			name: "the newest comes first",
			why:  "lists are ordered by time, and at one time by ID, both descending; a write moves its row",
			try: func(p *probe) {
				// Saved in an order that is not the list's.
				rows := p.rows(6, journal.Open)
				// Three rows of one time, so that the ID decides.
				rows[2].At, rows[3].At = rows[1].At, rows[1].At
				stored := p.save(rows...)
				want := sorted(stored)
				p.lists("of everything", journal.Page{Limit: 50}, want...)
				// The four newest, and not any four in order.
				p.lists("of four", journal.Page{Limit: 4}, want[:4]...)
				// A write moves its row: a failing event comes to the front again.
				oldest := want[5]
				oldest.At = want[0].At.Add(time.Microsecond)
				oldest = p.save(oldest)[0]
				want = append([]journal.Row{oldest}, want[:5]...)
				p.lists("after a write of the oldest", journal.Page{Limit: 50}, want...)
			},
		},
		{
			// In SQL a limit of 0 is 0 rows, but a negative one is all of them in SQLite.
			name: "a page without a limit is empty",
			why:  "nobody gets a whole table by forgetting a number",
			try: func(p *probe) {
				// There is something to list.
				p.save(p.rows(3, journal.Open)...)
				p.lists("with limit 0", journal.Page{})
				p.lists("with limit -1", journal.Page{Limit: -1})
			},
		},
		{
			// The sweep closes what it lists: a row of another endpoint would be compared with the
			// wrong memory.
			name: "a list is of an endpoint and of states",
			why:  "both restrict the list, alone and together; none of them means any",
			try:  tryFilters,
		},
		{
			// Cursors outlive their rows: what was listed may be deleted, or have moved, before the
			// next page.
			name: "a cursor stands behind its row",
			why:  "rows that are older, or of its time with a lesser ID, are behind it, whether or not its row exists",
			try:  tryCursors,
		},
		{
			// A batch that fails has many entries of one time. A cursor of the time alone leaves the
			// rest of them out, or lists them for ever.
			name: "ten thousand rows are paged through, each once",
			why:  "the cursor holds where many rows have one time, and where rows are written meanwhile",
			try:  tryPaging,
		},
		{
			// A parked event was answered 2xx. Where its entry is dropped, nobody in the world has it
			// any more.
			name: "nothing parked is dropped to make room",
			why:  "a store that is full answers ErrFull; what it has taken it keeps",
			try: func(p *probe) {
				// More than any small store holds. One without a bound takes all of them.
				var kept []journal.Row
				for range 12 {
					rows := p.rows(1000, journal.Parked)
					err := p.store.Save(p.ctx, rows)
					// This is the honest answer: the delivery is answered 500, and the provider keeps
					// the event.
					if errors.Is(err, journal.ErrFull) {
						break
					}
					if err != nil {
						p.failf("Save of 1,000 rows: %v", err)
					}
					for i := range rows {
						rows[i].Revision++
					}
					kept = append(kept, rows...)
				}
				// Whatever was accepted is looked up again, the first as well as the last.
				for part := range slices.Chunk(kept, 1000) {
					p.has(part...)
				}
			},
		},
	}
}

// sorted returns rows in the order of a list. sorted uses Row.Behind, which says in code what the order
// is.
func sorted(rows []journal.Row) []journal.Row {
	out := slices.Clone(rows)
	slices.SortFunc(out, func(a, b journal.Row) int {
		if a.Behind(b.Cursor()) {
			return 1
		}
		return -1
	})
	return out
}

// tryFilters lists every combination of endpoints and states, of which some are not there.
func tryFilters(p *probe) {
	var rows []journal.Row
	endpoints := []string{"stripe", "github", "shopify"}
	// Of each combination three rows, spread over the time.
	for range 3 {
		for _, state := range journal.States() {
			for _, endpoint := range endpoints {
				r := p.row(state)
				r.Endpoint = endpoint
				rows = append(rows, r)
			}
		}
	}
	// The expected answer is made in Go, from the same rows.
	rows = sorted(p.save(rows...))
	for _, endpoint := range append(endpoints, "", "strip", "nobody") {
		for _, states := range [][]journal.State{
			// None, one, several, all, in another order, and one twice.
			nil, {}, {journal.Open}, {journal.Parked}, {journal.Done, journal.Dismissed},
			{journal.Dismissed, journal.Open}, journal.States(), {journal.Parked, journal.Parked},
		} {
			var want []journal.Row
			for _, r := range rows {
				if (endpoint == "" || r.Endpoint == endpoint) &&
					(len(states) == 0 || slices.Contains(states, r.State)) {
					want = append(want, r)
				}
			}
			what := fmt.Sprintf("of endpoint %q, states %v", endpoint, states)
			page := journal.Page{Endpoint: endpoint, States: states, Limit: 100}
			p.lists(what, page, want...)
			// A page must be cut off after the states are merged, not before.
			page.Limit = 2
			p.lists(what+", two", page, want[:min(2, len(want))]...)
		}
	}
}

// tryCursors begins at each row, between rows, before all of them and behind all of them.
func tryCursors(p *probe) {
	rows := p.rows(8, journal.Open)
	for i := range rows {
		rows[i].State = journal.States()[i%4]
		// Three rows at each microsecond.
		rows[i].At = noon().Add(time.Duration(i/3) * time.Microsecond)
	}
	rows = sorted(p.save(rows...))
	cursors := []journal.Cursor{
		// A cursor without an ID stands before all rows of its time. One with an ID may name a row that
		// is gone.
		{At: noon().Add(time.Hour)}, {At: noon().Add(-time.Hour)}, {At: noon().Add(time.Microsecond)},
		{At: noon(), ID: "8"}, {At: noon().Add(time.Microsecond), ID: "g"},
	}
	for _, r := range rows {
		cursors = append(cursors, r.Cursor())
	}
	for _, c := range cursors {
		for _, endpoint := range []string{"", "stripe"} {
			for _, states := range [][]journal.State{nil, {journal.Open}, {journal.Open, journal.Done}} {
				var want []journal.Row
				for _, r := range rows {
					if r.Behind(c) && (len(states) == 0 || slices.Contains(states, r.State)) {
						want = append(want, r)
					}
				}
				p.lists(fmt.Sprintf("of %q, %v, behind %v", endpoint, states, c),
					journal.Page{Endpoint: endpoint, States: states, Before: c, Limit: 50}, want...)
			}
		}
	}
}

// tryPaging walks through thousands of rows that have one time, while rows it has passed are written
// again.
func tryPaging(p *probe) {
	// A page's length that divides neither the number of rows nor that of rows at one time.
	const many, size = 10_000, 300
	want := make(map[journal.ID]bool, many)
	for range many / 1000 {
		rows := p.rows(1000, journal.Open)
		for i := range rows {
			rows[i].At = noon().Add(time.Duration(p.made/5000) * time.Second) // thousands at one time
			want[rows[i].ID] = true
		}
		p.save(rows...)
	}
	page := journal.Page{Endpoint: "stripe", States: []journal.State{journal.Open}, Limit: size}
	for {
		rows := p.list(page)
		// A row that is listed is taken out, so that a second time is noticed.
		for _, r := range rows {
			if !want[r.ID] {
				p.failf("List answered row %s twice, or one that was not saved before the paging began", r.ID)
			}
			delete(want, r.ID)
		}
		if len(rows) < size {
			break
		}
		// The last row of a page is where the next one begins.
		page.Before = rows[size-1].Cursor()
		if len(want) > many/2 && len(want)%3 == 0 { // a write of a row that was listed, which moves to the front
			again := rows[0]
			again.At, again.Blob = noon().Add(time.Hour), []byte("again")
			p.save(again)
		}
	}
	if len(want) != 0 {
		p.failf("of %d rows the pages have left out %d", many, len(want))
	}
}
