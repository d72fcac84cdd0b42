package main

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

// work is what the receivers do with an event: they write a line, so that it can be counted how often each was run.
type work struct {
	db     *sql.DB
	client *redis.Client
}

const list = "cluster:runs"

func openWork(_ context.Context, kind, url string) (*work, error) {
	if kind == inRedis {
		client, err := openRedis(url)
		return &work{client: client}, err
	}
	db, _, err := openSQL(kind, url)
	return &work{db: db}, err
}

// prepare makes the table, empty.
func (w *work) prepare(ctx context.Context) error {
	if w.client != nil {
		return w.client.Del(ctx, list).Err()
	}
	if _, err := w.db.ExecContext(ctx,
		"CREATE TABLE IF NOT EXISTS cluster_runs (event VARCHAR(64) NOT NULL)"); err != nil {
		return err
	}
	_, err := w.db.ExecContext(ctx, "DELETE FROM cluster_runs")
	return err
}

// undoes says whether work that failed afterwards is undone.
func (w *work) undoes() bool { return w.client == nil }

// do writes an event's line: in a SQL database within the transaction that the guard commits together with "done".
func (w *work) do(ctx context.Context, event string) error {
	if w.client != nil {
		return w.client.HIncrBy(ctx, list, event, 1).Err()
	}
	tx, err := sqltx.Tx(ctx)
	if err != nil {
		return err
	}
	// a number needs no placeholder, which each database writes in its own way
	n, err := strconv.Atoi(event[len("evt_"):])
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO cluster_runs (event) VALUES ('"+eventID(n)+"')")
	return err
}

// runs counts the lines of each event.
func (w *work) runs(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	if w.client != nil {
		all, err := w.client.HGetAll(ctx, list).Result()
		if err != nil {
			return nil, err
		}
		for event, text := range all {
			if counts[event], err = strconv.Atoi(text); err != nil {
				return nil, err
			}
		}
		return counts, nil
	}
	rows, err := w.db.QueryContext(ctx, "SELECT event, COUNT(*) FROM cluster_runs GROUP BY event")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var event string
		var n int
		if err := rows.Scan(&event, &n); err != nil {
			return nil, err
		}
		counts[event] = n
	}
	return counts, rows.Err()
}

func (w *work) close() error {
	if w.client != nil {
		return w.client.Close()
	}
	return w.db.Close()
}
