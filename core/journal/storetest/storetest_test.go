package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/storetest"
)

// flawed is a plain store, correct but for its flaw.
type flawed struct {
	flaw string
	mu   sync.Mutex
	rows map[journal.ID]journal.Row
}

func (s *flawed) is(flaw string) bool { return s.flaw == flaw }

func (s *flawed) ended(ctx context.Context) error {
	if s.is("ignores the context") {
		return nil
	}
	return ctx.Err()
}

func (s *flawed) Save(ctx context.Context, rows []journal.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(ctx); err != nil {
		return err
	}
	if s.is("refuses large batches") && len(rows) > 500 {
		return errors.ErrUnsupported
	}
	if s.is("sorts the caller's slice") {
		slices.SortFunc(rows, func(a, b journal.Row) int { return strings.Compare(string(a.ID), string(b.ID)) })
	}
	for _, r := range rows {
		stored, known := s.rows[r.ID]
		revision := stored.Revision
		switch {
		case s.is("replaces rows") && r.Revision == 0, s.is("writes over old looks") && known && r.Revision < revision,
			s.is("creates rows of any revision") && !known:
		case revision != r.Revision:
			return journal.ErrChanged
		}
		if s.is("saves a part") {
			s.put(r)
		}
	}
	switch s.flaw {
	case "checks and writes in two steps", "checks, then writes", "locks each row alone":
		s.mu.Unlock()
		time.Sleep(time.Millisecond) // somebody else gets between
		s.mu.Lock()
	}
	for _, r := range rows {
		if !s.is("saves a part") {
			s.put(r)
		}
	}
	return nil
}

func (s *flawed) put(r journal.Row) {
	if len(s.rows) >= 10_500 {
		for id := range s.rows {
			if s.is("drops parked rows") {
				delete(s.rows, id)
			}
			break
		}
	}
	if !s.is("does not count") {
		r.Revision++
	}
	if !s.is("keeps the blob") {
		r.Blob = bytes.Clone(r.Blob)
	}
	if s.is("has milliseconds") {
		r.At = r.At.Truncate(1e6)
	}
	if s.is("shortens blobs") && len(r.Blob) > 65_535 {
		r.Blob = r.Blob[:65_535]
	}
	if s.is("trims endpoints") {
		r.Endpoint = strings.TrimSpace(r.Endpoint)
	}
	if s.is("has short IDs") {
		r.ID = r.ID[:min(64, len(r.ID))]
	}
	s.rows[r.ID] = r
}

func (s *flawed) Load(ctx context.Context, ids []journal.ID) (found []journal.Row, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		r, known := s.rows[id]
		if !known && !s.is("invents rows") {
			continue
		}
		if !s.is("gives its own blob away") {
			r.Blob = bytes.Clone(r.Blob)
		}
		found = append(found, r)
	}
	return found, s.ended(ctx)
}

func (s *flawed) List(ctx context.Context, q journal.Page) (found []journal.Row, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(a, b string) bool { return a == b || s.is("folds case") && strings.EqualFold(a, b) }
	for _, r := range slices.SortedFunc(maps.Values(s.rows), func(a, b journal.Row) int {
		switch {
		case s.is("orders by time alone") && a.At.Equal(b.At):
			return strings.Compare(string(a.ID), string(b.ID))
		case a.Behind(b.Cursor()) != s.is("lists the oldest first"):
			return 1
		default:
			return -1
		}
	}) {
		switch {
		case q.Endpoint != "" && !same(q.Endpoint, r.Endpoint) && !s.is("ignores the endpoint"),
			len(q.States) > 0 && !slices.Contains(q.States, r.State) && !s.is("ignores the states"),
			s.is("sees the first state alone") && len(q.States) > 0 && r.State != q.States[0],
			!r.Behind(q.Before) && !s.is("ignores the cursor"),
			s.is("has a cursor of time alone") && !q.Before.At.IsZero() && !r.At.Before(q.Before.At),
			len(found) >= q.Limit && (q.Limit > 0 || !s.is("takes no limit for all")):
			continue
		}
		if !s.is("lists blobs") {
			r.Blob = nil
		}
		found = append(found, r)
	}
	return found, s.ended(ctx)
}

func (s *flawed) Delete(ctx context.Context, ids []journal.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		if !s.is("deletes nothing") && (!s.is("keeps what is open") || s.rows[id].State != journal.Open) {
			delete(s.rows, id)
		}
	}
	return nil
}

func (s *flawed) Prune(ctx context.Context, rows []journal.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ended(ctx); err != nil {
		return err
	}
	for _, r := range rows {
		if s.rows[r.ID].Revision == r.Revision || s.is("prunes what has changed") {
			delete(s.rows, r.ID)
		}
	}
	return nil
}

func TestACorrectStoreKeepsEveryRule(t *testing.T) {
	storetest.Run(t, func() *flawed { return &flawed{rows: map[journal.ID]journal.Row{}} })
	storetest.Run(t, journal.NewMemory)
}

// Each flaw must be found: a rule that nothing breaks says nothing.
func TestEachFlawIsFound(t *testing.T) {
	found := map[string]string{
		"ignores the context":            "an ended context changes nothing",
		"sorts the caller's slice":       "the slices of the caller are the caller's",
		"replaces rows":                  "a new row replaces nothing",
		"writes over old looks":          "a write from an old look is refused",
		"creates rows of any revision":   "a write from an old look is refused",
		"checks and writes in two steps": "of many who create a row one succeeds",
		"checks, then writes":            "no write is lost",
		"locks each row alone":           "batches that share rows neither lock each other out nor mix",
		"saves a part":                   "all rows of a call are saved, or none",
		"drops parked rows":              "nothing parked is dropped to make room",
		"does not count":                 "a row counts its writes",
		"keeps the blob":                 "the slices of the caller are the caller's",
		"has milliseconds":               "a row is read as it was written",
		"shortens blobs":                 "a row is read as it was written",
		"trims endpoints":                "endpoints are compared byte by byte",
		"has short IDs":                  "the longest ID is an ID",
		"invents rows":                   "a call for nothing succeeds",
		"gives its own blob away":        "the slices of the caller are the caller's",
		"folds case":                     "endpoints are compared byte by byte",
		"orders by time alone":           "the newest comes first",
		"lists the oldest first":         "the newest comes first",
		"ignores the endpoint":           "a list is of an endpoint and of states",
		"ignores the states":             "a list is of an endpoint and of states",
		"sees the first state alone":     "a list is of an endpoint and of states",
		"ignores the cursor":             "a cursor stands behind its row",
		"has a cursor of time alone":     "ten thousand rows are paged through, each once",
		"takes no limit for all":         "a page without a limit is empty",
		"lists blobs":                    "the newest comes first",
		"deletes nothing":                "a deleted row is gone",
		"keeps what is open":             "a deleted row is gone",
		"prunes what has changed":        "pruning removes what nobody has changed",
		"refuses large batches":          "a thousand rows are saved in one call",
	}
	broken := slices.Compact(slices.Sorted(maps.Values(found)))
	require.ElementsMatch(t, storetest.Names(), broken, "each rule has its flaw")
	for flaw, want := range found {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			require.Error(t, storetest.Breaks(want, &flawed{flaw: flaw, rows: map[journal.ID]journal.Row{}}))
		})
	}
}
