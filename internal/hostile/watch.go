package hostile

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// Store counts every access to a replay store.
type Store struct {
	*memstore.Store
	Accesses atomic.Int64
}

// NewStore makes one in memory.
func NewStore() *Store { return &Store{Store: memstore.New()} }

// Claim counts, and claims.
func (s *Store) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.Accesses.Add(1)
	return s.Store.Claim(ctx, items, lease)
}

// Settle counts, and settles.
func (s *Store) Settle(ctx context.Context, settlements []replay.Settlement) error {
	s.Accesses.Add(1)
	return s.Store.Settle(ctx, settlements)
}

// Extend counts, and extends.
func (s *Store) Extend(ctx context.Context, held []replay.Held, lease time.Duration) error {
	s.Accesses.Add(1)
	return s.Store.Extend(ctx, held, lease)
}

// Forget counts, and forgets.
func (s *Store) Forget(ctx context.Context, keys []replay.Key) error {
	s.Accesses.Add(1)
	return s.Store.Forget(ctx, keys)
}

// Outgoing counts requests, and answers that there is nothing.
type Outgoing struct{ Requests atomic.Int64 }

// RoundTrip counts.
func (o *Outgoing) RoundTrip(r *http.Request) (*http.Response, error) {
	o.Requests.Add(1)
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// Records collects what the observer gets.
type Records struct {
	mu  sync.Mutex
	all []core.Record
}

// Observe keeps the record.
func (r *Records) Observe(_ context.Context, rec core.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, rec)
}

// All waits for the guard and gives what it has reported so far.
func (r *Records) All(ctx context.Context, g *core.Guard) ([]core.Record, error) {
	if err := g.Flush(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]core.Record(nil), r.all...), nil
}
