package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

// valueRules are the rules of what a row holds. A database changes values in many quiet ways: it pads,
// folds, rounds, cuts off and converts.
func valueRules() []rule {
	return []rule{
		{
			// Blobs are compressed or sealed bytes: a column of text, or one that is too short, breaks
			// them silently, and the journal would call the entry forged.
			name: "a row is read as it was written",
			why:  "a blob is any bytes, a time has microseconds, an endpoint is any UTF-8 without NUL",
			try: func(p *probe) {
				// Blobs: each byte there is, nothing, one NUL, SQL, and a megabyte.
				every := make([]byte, 256)
				for i := range every {
					every[i] = byte(i)
				}
				megabyte, sql := bytes.Repeat(every, 4096), []byte("'; DROP TABLE x; --")
				for _, blob := range [][]byte{every, {}, {0}, sql, megabyte} {
					// Written and read back, down to the last byte.
					r := p.row(journal.Open)
					r.Blob = blob
					p.has(p.save(r)...)
				}
				// Times: a microsecond, the beginning of Unix time and what is before it, and centuries
				// away. A clock can be wrong.
				for _, at := range []time.Time{
					noon().Add(time.Microsecond),
					time.UnixMicro(0).UTC(), time.UnixMicro(1).UTC(), time.UnixMicro(-1).UTC(),
					time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC),
				} {
					// To the microsecond, with no zone of the server's or the session's in between.
					r := p.row(journal.Open)
					r.At = at
					p.has(p.save(r)...)
				}
			},
		},
		{
			// An operator who may see one endpoint's entries must not see those of another.
			name: "endpoints are compared byte by byte",
			why:  "a database may fold case, spaces at the end and accents: two endpoints would share a list",
			try: func(p *probe) {
				var rows []journal.Row
				// Pairs that some database takes for one: by case, by a space, by an accent in two
				// encodings, by a wildcard.
				for _, name := range []string{
					"stripe", "Stripe", "stripe ", " stripe", "stripé", "stripe\u0301",
					"a'b", `a"b`, `a\b`, "a%b", "a_b",
					"a\nb", "\u65e5\u672c\U0001f4ee", strings.Repeat("x", journal.MaxEndpoint),
					strings.Repeat("x", journal.MaxEndpoint-1) + "y",
				} {
					r := p.row(journal.Open)
					r.Endpoint = name
					rows = append(rows, p.save(r)...)
				}
				// All of them at once: none has overwritten another.
				p.has(rows...)
				// Each list holds its own endpoint alone.
				for _, r := range rows {
					p.lists(fmt.Sprintf("of endpoint %q", r.Endpoint), journal.Page{Endpoint: r.Endpoint, Limit: 50}, r)
				}
			},
		},
		{
			// A column for 64 characters cuts the ID of an inbox's entry off, or refuses it.
			name: "the longest ID is an ID",
			why:  "entries of an inbox have a prefix, and do not meet those of requests",
			try: func(p *probe) {
				r := p.row(journal.Open)
				// The same event in both: only the prefix tells them apart.
				inbox := r
				inbox.ID = "inbox-" + r.ID
				rows := p.save(r, inbox)
				p.has(rows...)
				// Erasing the request's entry leaves the inbox's alone.
				p.remove(rows[0])
				p.has(rows[1])
			},
		},
		{
			// A blob is cut from buffers that the next delivery uses.
			name: "the slices of the caller are the caller's",
			why:  "a store changes no slice it is given, keeps none, and gives none out that it uses",
			try: func(p *probe) {
				rows := p.rows(3, journal.Open)
				slices.Reverse(rows)
				// What the caller gave, down to the bytes of the blobs.
				given := make([]journal.Row, len(rows))
				for i, r := range rows {
					given[i] = r
					given[i].Blob = bytes.Clone(r.Blob)
				}
				stored := p.save(rows...)
				// Slices that a store might sort, in an order that is not sorted.
				ids := idsOf(rows)
				states := []journal.State{journal.Parked, journal.Open}
				// A store may want its states sorted: it must sort a copy.
				p.list(journal.Page{States: states, Limit: 5})
				found := p.load(ids...)
				for i := range given {
					if fault := difference(rows[i], given[i]); fault != "" || rows[i].ID != given[i].ID {
						p.failf("Save has changed the slice it was given: %s", fault)
					}
					if ids[i] != given[i].ID || states[0] != journal.Parked {
						p.failf("Load or List has changed the slice it was given")
					}
					// From here on the caller uses its memory for something else, and writes into what
					// Load gave.
					clear(rows[i].Blob)
					clear(found[given[i].ID].Blob)
					stored[i].Blob = given[i].Blob
				}
				// And the slices themselves.
				clear(rows)
				clear(ids)
				// What is stored has not changed with any of it.
				p.has(stored...)
			},
		},
	}
}
