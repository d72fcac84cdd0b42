package core_test

import (
	"context"
	"crypto/sha256"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// digesting is a store of some scope that counts the digests it makes.
type digesting struct {
	*memstore.Store
	scope replay.Scope
	made  atomic.Int64
}

func (s *digesting) Scope() replay.Scope { return s.scope }

func (s *digesting) Self() replay.Store { return s }

func (s *digesting) DigestOf(event []byte) replay.Digest {
	s.made.Add(1)
	return s.Store.DigestOf(event)
}

// TestAStoresOwnDigestOnlyTellsAnotherBody: where a digest names an event, where it is kept, and where somebody could
// choose the bytes, it is SHA-256.
func TestAStoresOwnDigestOnlyTellsAnotherBody(t *testing.T) {
	t.Parallel()
	const batch = `[{"id":"evt_1","type":"a"},{"id":"evt_2","type":"a"}]`
	for _, row := range []struct {
		name   string
		body   string
		change func(*core.Config, *entry.Entry, *digesting)
		made   int64 // digests of the store's own, of one delivery
		sum    bool  // the record has the body's SHA-256
	}{
		{"an id of the body", event, nil, 1, false},
		{"a text of the app's", event, func(c *core.Config, _ *entry.Entry, _ *digesting) {
			c.Identity = func(e core.Event) string { return "own:" + e.ID }
		}, 1, false},
		{"ids of a batch", batch, func(_ *core.Config, e *entry.Entry, _ *digesting) {
			e.Batch = &entry.Batch{}
		}, 2, false},
		{"a body without its id", `{"type":"invoice.paid"}`, nil, 0, true},
		{"a body that is remembered by its digest", event, func(_ *core.Config, e *entry.Entry, _ *digesting) {
			e.Identity = entry.Identity{}
		}, 0, true},
		{"an endpoint with a journal", event, func(c *core.Config, _ *entry.Entry, _ *digesting) {
			c.Journal, _ = journal.InMemory(journal.Config{})
		}, 0, true},
		{"a shared store", event, func(_ *core.Config, _ *entry.Entry, s *digesting) { s.scope = replay.Shared }, 0, true},
		{"a signature that goes with one body", event, func(_ *core.Config, e *entry.Entry, _ *digesting) {
			e.Identity.SignedOnce = true
		}, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e, s := timestamped(), &digesting{Store: memstore.New(), scope: replay.Process}
			c, rec := config(e)
			if row.change != nil {
				row.change(&c, &e, s)
			}
			c.Provider, c.Replay = entry.NewProvider(e, nil), s
			g := mustNew(t, c)
			require.Equal(t, 200, run(g, signed(row.body), ok).Code)
			require.Equal(t, row.made, s.made.Load())
			want := [32]byte{}
			if row.sum {
				want = sha256.Sum256([]byte(row.body))
			}
			require.Equal(t, want, rec.last(t, g).BodySHA256)

			require.Equal(t, 200, run(g, signed(row.body), never(t)).Code)
			require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
			if !strings.Contains(row.body, "evt_1") || e.Identity.Kind == entry.ByDigest {
				return // another body is another event
			}
			other := strings.ReplaceAll(row.body, `"type":"`, `"type":"other.`)
			require.Equal(t, 200, run(g, signed(other), never(t)).Code)
			require.Equal(t, reason.Conflict, rec.last(t, g).Reason)
		})
	}
}

// TestAJournalThatIsAddedMakesNoConflicts: the store then gets another kind of digest for an event that it knows.
func TestAJournalThatIsAddedMakesNoConflicts(t *testing.T) {
	t.Parallel()
	c, rec := config(timestamped())
	c.Answers.RefuseConflicts = true
	g := mustNew(t, c)
	require.Equal(t, 200, run(g, signed(event), ok).Code)
	require.NoError(t, g.Shutdown(t.Context()))
	c.Journal, _ = journal.InMemory(journal.Config{})
	g = mustNew(t, c)
	require.Equal(t, 200, run(g, signed(event), never(t)).Code)
	require.Equal(t, reason.Duplicate, rec.last(t, g).Reason)
}

// lasting is a store that keeps what it is asked to by itself, with a store in memory in it for the rest.
type lasting struct {
	*memstore.Store
	claimed []replay.Item
}

func (s *lasting) Claim(ctx context.Context, items []replay.Item, lease time.Duration) ([]replay.Result, error) {
	s.claimed = append(s.claimed, items...)
	return s.Store.Claim(ctx, items, lease)
}

// A store that is embedded in another one has a digest for what it keeps itself. What the outer one keeps may outlive
// its secret, and a retry after a restart would be a conflict.
func TestAnEmbeddedStoresDigestIsNotTheOuterOnes(t *testing.T) {
	t.Parallel()
	s := &lasting{Store: memstore.New()}
	c, _ := config(timestamped())
	c.Replay = s
	require.Equal(t, 200, run(mustNew(t, c), signed(event), ok).Code)
	require.EqualValues(t, sha256.Sum256([]byte(event)), s.claimed[0].Digest)
}
