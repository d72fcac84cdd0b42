package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver of the journal that grows

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

const (
	journalFill  = 90 * time.Second // at most, and less is said
	journalPage  = 25
	journalBlob  = 600 // bytes of a row: a small event, compressed
	journalBatch = 1000
)

// growthJournal keeps, lists, and looks for what has expired, in a journal in SQLite of so many entries.
func growthJournal(settings) []curve {
	folder, err := os.MkdirTemp("", "bench-")
	must(err)
	defer func() { _ = os.RemoveAll(folder) }()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "journal.db")+
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)")
	must(err)
	defer func() { _ = db.Close() }()
	ctx := context.Background()
	must(sqljournal.Migrate(ctx, sqljournal.In(db, sqltx.SQLite, "bench")))
	kept, err := sqljournal.Open(ctx, db, sqltx.SQLite, "bench", journal.Config{Keys: secrets.Static(plainSecret)})
	must(err)
	curves := []curve{
		{file: "journal-append", title: "Entries of a journal in SQLite: one more", y: "µs"},
		{file: "journal-list", title: "Entries of a journal in SQLite: the first page of an endpoint's open ones",
			y: "µs"},
		{file: "journal-due", title: "Entries of a journal in SQLite: the first page of what has expired", y: "µs"},
	}
	for i := range curves {
		curves[i].x, curves[i].tolerance = "entries", 6
	}
	store, made, begin := kept.Store(), 0, time.Now()
	for _, n := range []int{100, 1000, 10_000, 100_000, 1_000_000} {
		for made < n && time.Since(begin) < journalFill {
			rows := make([]journal.Row, min(journalBatch, n-made))
			for i := range rows {
				rows[i] = journalRow(made + i)
			}
			must(store.Save(ctx, rows))
			made += len(rows)
		}
		if made < n {
			note := fmt.Sprintf("There was no time to fill more than %d entries: it took %v.", made, journalFill)
			for i := range curves {
				curves[i].note = note
			}
			break
		}
		for i, took := range journalCosts(store, n) {
			curves[i].points = append(curves[i].points, point{float64(n), took})
		}
	}
	return curves
}

// journalCosts returns the best of a few: one more entry, the first page of an endpoint's open entries, and the first
// page of the closed ones that have expired, a hundredth of all.
func journalCosts(store journal.Store, n int) (took [3]float64) {
	ctx := context.Background()
	list := func(page journal.Page) {
		page.Limit = journalPage
		rows, err := store.List(ctx, page)
		must(err)
		if len(rows) == 0 {
			panic("the page is empty")
		}
	}
	took = [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	for i := range 30 {
		row := journalRow(n + i)
		row.Endpoint = "another endpoint"
		for k, run := range []func(){
			func() { must(store.Save(ctx, []journal.Row{row})) },
			func() { list(journal.Page{Endpoint: "endpoint 3", States: []journal.State{journal.Open}}) },
			func() {
				list(journal.Page{States: []journal.State{journal.Done, journal.Dismissed},
					Before: journal.Cursor{At: journalTime(max(20, n/100))}})
			},
		} {
			start := time.Now()
			run()
			took[k] = min(took[k], float64(time.Since(start))/1e3)
		}
		must(store.Delete(ctx, []journal.ID{row.ID}))
	}
	return took
}

// journalTime is in the order of the numbers, ten a second.
func journalTime(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, n/10, 0, time.UTC) }

// journalRow is the n-th row: mostly closed ones of ten endpoints, as an operator's journal after months.
func journalRow(n int) journal.Row {
	state := journal.Done
	switch n % 20 {
	case 3:
		state = journal.Open
	case 7:
		state = journal.Parked
	}
	return journal.Row{
		ID: journal.IDOf(0, sha256.Sum256(fmt.Append(nil, n))), State: state, Endpoint: fmt.Sprint("endpoint ", n%10),
		At: journalTime(n), Blob: make([]byte, journalBlob),
	}
}
