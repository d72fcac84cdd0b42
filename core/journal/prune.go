package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	pruneEvery = time.Minute
	pruneRows  = 100         // of each kind, at a time
	pruneLimit = time.Second // what the write that prunes may wait for it
)

// pruning decides which write removes expired entries: no goroutine that somebody has to end, and no
// work where nothing is written.
type pruning struct {
	mu        sync.Mutex // held while one write prunes; the others pass by
	next      time.Time
	announced time.Time
}

// prune removes entries that have expired, about once a minute, and with every write while there are
// many. Its failure fails nothing else: the entries stay, and the log says why.
func (j *Journal) prune(ctx context.Context) {
	p := &j.pruning
	// A write that would wait for another's pruning goes on: nothing depends on it.
	if !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(pruneEvery)
	// The delivery may be answered already, and its context over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pruneLimit)
	defer cancel()
	// Closed entries first: there are the most of them, and nobody misses them.
	for _, states := range [][]State{{Done, Dismissed}, {Open}, {Parked}} {
		d := j.retention(states[0])
		if d == Forever {
			continue
		}
		removed, err := j.removeExpired(ctx, states, now.Add(-d))
		if err != nil {
			slog.WarnContext(ctx, "journal: expired entries could not be removed", "error", err)
			return
		}
		// There are more: the next write goes on, so that pruning keeps up with any load.
		if removed == pruneRows {
			p.next = now
		}
	}
	j.announce(ctx, now)
}

// removeExpired removes a page of entries that changed last before a time.
func (j *Journal) removeExpired(ctx context.Context, states []State, before time.Time) (int, error) {
	// The list is in the order of time, so that the cursor is the end of what has expired.
	rows, err := j.store.List(ctx, Page{States: states, Before: Cursor{At: micro(before)}, Limit: pruneRows})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if pruner, ok := j.store.(Pruner); ok {
		return len(rows), pruner.Prune(ctx, rows)
	}
	// A store without Prune: see Pruner for what can be lost.
	ids := make([]ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return len(rows), j.store.Delete(ctx, ids)
}

// announce warns once a day that parked entries will expire within a week: nobody else will send these
// events.
func (j *Journal) announce(ctx context.Context, now time.Time) {
	d := j.cfg.Retention.Parked
	if d == Forever || d <= announceParking || now.Sub(j.pruning.announced) < day {
		return
	}
	// One row is enough to say so. Its times come from the row, so that no key is needed.
	soon := Page{States: []State{Parked}, Before: Cursor{At: micro(now.Add(announceParking - d))}, Limit: 1}
	rows, err := j.store.List(ctx, soon)
	if err != nil || len(rows) == 0 {
		return
	}
	j.pruning.announced = now
	slog.WarnContext(ctx, "journal: parked entries expire within a week: run them, or raise Retention.Parked",
		"entry", string(rows[0].ID), "endpoint", rows[0].Endpoint, "expires", rows[0].At.Add(d))
}
