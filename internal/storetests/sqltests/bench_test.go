package sqltests_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
)

// BenchmarkClaimAndCommit compares a claim and its commit with what an app writes by hand: an INSERT that gives way to
// what is there, and an UPDATE, without lease, token or conflict, over the same pool. The two take turns; "of-plain" is
// the store's rate as a part of the other's.
func BenchmarkClaimAndCommit(b *testing.B) {
	for _, e := range engines {
		for _, callers := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/callers=%d", e.name, callers), func(b *testing.B) {
				e.need(b)
				s := newBench(b, e)
				plain := newPlain(b, e, s.db)
				var times [2]time.Duration
				const turn = 256
				for done := 0; done < b.N; done += turn {
					for i, work := range []func() error{s.claimAndCommit, plain.claimAndCommit} {
						begin := time.Now()
						together(b, callers, min(turn, b.N-done), work)
						times[i] += time.Since(begin)
					}
				}
				b.ReportMetric(float64(times[0].Nanoseconds())/float64(b.N), "store-ns/op")
				b.ReportMetric(float64(times[1].Nanoseconds())/float64(b.N), "plain-ns/op")
				b.ReportMetric(float64(times[1])/float64(times[0]), "of-plain")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func together(b *testing.B, callers, n int, work func() error) {
	b.Helper()
	var wg sync.WaitGroup
	jobs := make(chan struct{}, n)
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	for range callers {
		wg.Go(func() {
			for range jobs {
				if err := work(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (b *bench) claimAndCommit() error {
	ctx := context.Background()
	var item replay.Item
	_, _ = rand.Read(item.Key[:])
	results, err := b.Claim(ctx, []replay.Item{item}, time.Minute)
	if err != nil {
		return err
	}
	return b.Settle(ctx, []replay.Settlement{{Key: item.Key, Token: results[0].Token, Verdict: replay.Commit,
		TTL: time.Hour}})
}

// plain is a table of ids by hand.
type plain struct {
	db             *sql.DB
	insert, update string
}

func newPlain(b *testing.B, e *engine, db *sql.DB) *plain {
	name := newTable()
	kind, insert, mark := "VARCHAR(64)",
		"INSERT INTO %s (id, status, at) VALUES (?, 'claimed', CURRENT_TIMESTAMP) ON CONFLICT (id) DO NOTHING", "?"
	switch e {
	case postgres:
		kind, mark = "text", "$1"
		insert = "INSERT INTO %s (id, status, at) VALUES ($1, 'claimed', now()) ON CONFLICT (id) DO NOTHING"
	case mariadb:
		insert = "INSERT INTO %s (id, status, at) VALUES (?, 'claimed', NOW()) ON DUPLICATE KEY UPDATE id = id"
	}
	_, err := db.Exec(fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY, status VARCHAR(10) NOT NULL, at "+
		"TIMESTAMP NOT NULL)", name, kind))
	require.NoError(b, err)
	return &plain{db: db, insert: fmt.Sprintf(insert, name),
		update: fmt.Sprintf("UPDATE %s SET status = 'done' WHERE id = %s", name, mark)}
}

func (p *plain) claimAndCommit() error {
	ctx := context.Background()
	var id [32]byte
	_, _ = rand.Read(id[:])
	text := hex.EncodeToString(id[:])
	if _, err := p.db.ExecContext(ctx, p.insert, text); err != nil {
		return err
	}
	_, err := p.db.ExecContext(ctx, p.update, text)
	return err
}
