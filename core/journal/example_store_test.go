package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-go/sallyport/core/journal"
)

// Store is a store of one's own. Its whole contract is storetest.Run(t, newStore).
type Store struct {
	mu   sync.Mutex
	rows map[journal.ID]journal.Row
}

func newStore() *Store { return &Store{rows: make(map[journal.ID]journal.Row)} }

// Save stores all rows or none. One in a *sql.DB writes in the transaction of ctx: see sqltx.Begun.
func (s *Store) Save(ctx context.Context, rows []journal.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range rows {
		if s.rows[r.ID].Revision != r.Revision { // 0: there must be none yet
			return journal.ErrChanged // the journal loads, merges and saves again
		}
	}
	for _, r := range rows {
		r.Revision++
		r.Blob = bytes.Clone(r.Blob)
		s.rows[r.ID] = r
	}
	return nil
}

// Load leaves out unknown IDs.
func (s *Store) Load(ctx context.Context, ids []journal.ID) ([]journal.Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []journal.Row
	for _, id := range ids {
		if r, ok := s.rows[id]; ok {
			r.Blob = bytes.Clone(r.Blob)
			found = append(found, r)
		}
	}
	return found, ctx.Err()
}

// List returns the newest first, without Blob.
func (s *Store) List(ctx context.Context, page journal.Page) ([]journal.Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []journal.Row
	for _, r := range s.rows {
		if (page.Endpoint == "" || r.Endpoint == page.Endpoint) && r.Behind(page.Before) &&
			(len(page.States) == 0 || slices.Contains(page.States, r.State)) {
			r.Blob = nil
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b journal.Row) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(string(b.ID), string(a.ID))
	})
	return found[:max(0, min(page.Limit, len(found)))], ctx.Err()
}

// Delete passes over unknown IDs.
func (s *Store) Delete(ctx context.Context, ids []journal.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		delete(s.rows, id)
	}
	return nil
}

func Example_store() {
	kept, err := journal.New(newStore(), journal.Config{Retention: journal.Retention{Parked: journal.Forever}})
	if err != nil {
		log.Fatal(err) // every mistake in the config
	}
	for entry, err := range kept.Entries(context.Background(), journal.Query{State: journal.Parked}) {
		if err != nil {
			log.Print(err) // this one cannot be read; the loop goes on
			continue
		}
		fmt.Println(entry.ID, entry.Type, entry.Err)
	}
	// Output:
}
