package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

// probe tries a store. Its methods end the attempt at the first answer that is wrong. They are for the
// goroutine of the rule.
type probe struct {
	ctx   context.Context
	store journal.Store
	// rows made so far: the next one's ID and time come from it
	made uint64
}

// stop is what a probe panics with to end an attempt.
type stop string

func (p *probe) failf(format string, args ...any) { panic(stop(fmt.Sprintf(format, args...))) }

// noon is when the rows of a probe begin.
func noon() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 123456000, time.UTC) }

// row returns a row that was not used before, a second newer than the one before.
func (p *probe) row(state journal.State) journal.Row {
	p.made++
	// Hashes, so that the order of IDs is not the order in which they are made.
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, p.made))
	return journal.Row{
		ID: journal.ID(hex.EncodeToString(sum[:])), State: state, Endpoint: "stripe",
		At: noon().Add(time.Duration(p.made) * time.Second), Blob: append([]byte{0, 0xff, '\'', '\\'}, sum[:]...),
	}
}

// rows returns several of them.
func (p *probe) rows(n int, state journal.State) []journal.Row {
	list := make([]journal.Row, n)
	for i := range list {
		list[i] = p.row(state)
	}
	return list
}

// save saves rows, which must succeed, and returns them as they are stored then.
func (p *probe) save(rows ...journal.Row) []journal.Row {
	if err := p.store.Save(p.ctx, rows); err != nil {
		p.failf("Save of %d rows: %v", len(rows), err)
	}
	// The caller's slice stays as it was given: the rules save it again.
	stored := make([]journal.Row, len(rows))
	for i, r := range rows {
		r.Revision++
		stored[i] = r
	}
	return stored
}

// refused saves rows, which must be ErrChanged.
func (p *probe) refused(what string, rows ...journal.Row) {
	// No other error will do: the journal repeats its write for this one alone.
	if err := p.store.Save(p.ctx, rows); !errors.Is(err, journal.ErrChanged) {
		p.failf("Save of %s answered %v, want ErrChanged", what, err)
	}
}

// load loads rows by their IDs.
func (p *probe) load(ids ...journal.ID) map[journal.ID]journal.Row {
	rows, err := p.store.Load(p.ctx, ids)
	if err != nil {
		p.failf("Load of %d rows: %v", len(ids), err)
	}
	// The order is the store's to choose.
	found := make(map[journal.ID]journal.Row, len(rows))
	for _, r := range rows {
		if _, twice := found[r.ID]; twice {
			p.failf("Load answered row %s twice", r.ID)
		}
		found[r.ID] = r
	}
	return found
}

// has checks that rows are stored exactly as given.
func (p *probe) has(rows ...journal.Row) {
	found := p.load(idsOf(rows)...)
	for _, want := range rows {
		got, ok := found[want.ID]
		if !ok {
			p.failf("row %s is missing", want.ID)
		}
		if fault := difference(got, want); fault != "" {
			p.failf("row %s: %s", want.ID, fault)
		}
	}
}

// lacks checks that rows are not stored.
func (p *probe) lacks(rows ...journal.Row) {
	// One that is found is enough to break the rule.
	for id := range p.load(idsOf(rows)...) {
		p.failf("row %s is there, and must not be", id)
	}
}

// difference says what is wrong with a row, blobs included.
func difference(got, want journal.Row) string {
	switch {
	case got.Revision != want.Revision:
		return fmt.Sprintf("revision %d, want %d", got.Revision, want.Revision)
	case got.State != want.State:
		return fmt.Sprintf("state %v, want %v", got.State, want.State)
	case got.Endpoint != want.Endpoint:
		return fmt.Sprintf("endpoint %q, want %q", got.Endpoint, want.Endpoint)
	case !got.At.Equal(want.At):
		return fmt.Sprintf("time %v, want %v", got.At, want.At)
	case !bytes.Equal(got.Blob, want.Blob):
		return fmt.Sprintf("a blob of %d bytes, which is not the one of %d bytes that was saved", len(got.Blob),
			len(want.Blob))
	}
	return ""
}

// list lists a page, of which the rows must have no blob.
func (p *probe) list(page journal.Page) []journal.Row {
	// A page is at most as long as its limit, which the rules check by counting.
	rows, err := p.store.List(p.ctx, page)
	if err != nil {
		p.failf("List: %v", err)
	}
	for _, r := range rows {
		// A list of a thousand rows with their bodies would be gigabytes.
		if len(r.Blob) > 0 {
			p.failf("List answered a blob of %d bytes", len(r.Blob))
		}
	}
	return rows
}

// lists checks that a page holds exactly these rows, in this order.
func (p *probe) lists(what string, page journal.Page, want ...journal.Row) {
	got := p.list(page)
	if len(got) != len(want) {
		p.failf("List %s answered %d rows, want %d", what, len(got), len(want))
	}
	for i := range want {
		want[i].Blob = nil
		if got[i].ID != want[i].ID {
			p.failf("List %s: row %d is %s, want %s", what, i+1, got[i].ID, want[i].ID)
		}
		if fault := difference(got[i], want[i]); fault != "" {
			p.failf("List %s: row %d: %s", what, i+1, fault)
		}
	}
}

// remove deletes rows, which must succeed.
func (p *probe) remove(rows ...journal.Row) {
	if err := p.store.Delete(p.ctx, idsOf(rows)); err != nil {
		p.failf("Delete of %d rows: %v", len(rows), err)
	}
}

func idsOf(rows []journal.Row) []journal.ID {
	ids := make([]journal.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
