package riverinbox_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

func TestAddToSetsWhatIsForgotten(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqltx.SQLite)
	own := riverinbox.Config{DB: p.db, Journal: p.kept}
	c := &river.Config{}
	riverinbox.AddTo(c, core.NewSignals(), own)
	require.Equal(t, 2*time.Minute, c.RescueStuckJobsAfter)
	require.Equal(t, 250*time.Millisecond, c.FetchPollInterval)
	require.Equal(t, 20*time.Millisecond, c.FetchCooldown)
	require.Equal(t, map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}}, c.Queues)
	_, err := river.NewClient(p.driver, c)
	require.NoError(t, err)

	c = &river.Config{
		JobTimeout: 10 * time.Minute, FetchCooldown: 50 * time.Millisecond, FetchPollInterval: time.Second, RescueStuckJobsAfter: time.Hour, Workers: river.NewWorkers(),
		Queues: map[string]river.QueueConfig{"stripe": {MaxWorkers: 3}, "mine": {MaxWorkers: 1}},
	}
	own.Queue = "stripe"
	riverinbox.AddTo(c, core.NewSignals(), own)
	require.Equal(t, time.Hour, c.RescueStuckJobsAfter, "what is set stays")
	require.Equal(t, time.Second, c.FetchPollInterval)
	require.Equal(t, 50*time.Millisecond, c.FetchCooldown)
	require.Equal(t, map[string]river.QueueConfig{"stripe": {MaxWorkers: 3}, "mine": {MaxWorkers: 1}}, c.Queues)

	c = &river.Config{JobTimeout: -1}
	own.Timeout, own.MaxWorkers = time.Hour, 2
	riverinbox.AddTo(c, core.NewSignals(), own)
	require.Equal(t, time.Hour+time.Minute, c.RescueStuckJobsAfter, "no attempt is rescued while it runs")
	require.Equal(t, 2, c.Queues["stripe"].MaxWorkers)
}

func TestMistakesInAddToPanic(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqltx.SQLite)
	own := riverinbox.Config{DB: p.db, Journal: p.kept}
	signals := core.NewSignals()
	require.Panics(t, func() { riverinbox.AddTo(nil, signals, own) })
	require.Panics(t, func() { riverinbox.AddTo(&river.Config{}, nil, own) })
	require.Panics(t, func() { riverinbox.AddTo(&river.Config{}, signals, riverinbox.Config{DB: p.db}) })
	require.Panics(t, func() { riverinbox.AddTo(&river.Config{}, signals, riverinbox.Config{Journal: p.kept}) })
	require.Panics(t, func() {
		riverinbox.AddTo(&river.Config{}, signals, riverinbox.Config{DB: p.db, Journal: p.kept, MaxAttempts: -1})
	})
	twice := &river.Config{}
	riverinbox.AddTo(twice, signals, own)
	require.Panics(t, func() { riverinbox.AddTo(twice, signals, own) })
	require.Panics(t, func() { signals.On("*", func(context.Context, core.Event) error { return nil }) }, "it is in use")
	ofARouter := core.NewSignals()
	core.OnRouter(ofARouter, "*", func(*http.Request, core.Event) error { return nil })
	require.Panics(t, func() { riverinbox.AddTo(&river.Config{}, ofARouter, own) })
}

func TestAQueueOfItsOwn(t *testing.T) {
	t.Parallel()
	p := newPlace(t, sqltx.SQLite)
	client, err := river.NewClient(p.driver, &river.Config{})
	require.NoError(t, err)
	require.NoError(t, riverinbox.Enqueue(client, riverinbox.WithQueue("stripe"))(t.Context(), core.Event{ID: "evt_1"}))
	require.Equal(t, 1, p.count(t, "SELECT count(*) FROM river_job WHERE queue = 'stripe'"))
	p.work(t, only(pay), func(_ *river.Config, c *riverinbox.Config) { c.Queue = "stripe" })
	p.completed(t, 1)
}
