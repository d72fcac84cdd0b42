package riverinbox

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
)

// Config sets up the workers of an inbox. DB and Journal are required.
type Config struct {
	// DB is the database of River's tables, in which receivers work. It is the replay store's own *sql.DB.
	DB *sql.DB
	// Journal keeps what could not be finished. For exactly once it is in the same database: see sqljournal.New.
	Journal *journal.Journal
	// Queue is the queue that is worked. Empty: River's default, where Enqueue puts its jobs.
	Queue string
	// MaxWorkers is how many events run at once in this process. 0: 10, or what the queue has already in river.Config.
	MaxWorkers int
	// MaxAttempts is how often an event is tried before it is parked. 0: 10, which take some four hours with River's
	// own waiting times.
	MaxAttempts int
	// Timeout is how long the receivers of an event may take. 0: river.Config's JobTimeout, or a minute.
	Timeout time.Duration
}

// The defaults. Polling four times a second costs an idle worker next to nothing.
const (
	defaultWorkers  = 10
	defaultAttempts = 10
	defaultTimeout  = time.Minute
	defaultPoll     = 250 * time.Millisecond
	defaultCooldown = 20 * time.Millisecond
	parkTimeout     = 30 * time.Second
)

// AddTo adds what works the jobs of [Enqueue] to the configuration of a River client: the worker, its queue, and where
// they are not set, RescueStuckJobsAfter (a job whose process was killed waits for it, and River's own value is an
// hour), FetchPollInterval (through database/sql River hears of no new job) and FetchCooldown. Call it before
// river.NewClient.
//
// It freezes the signals. It panics for mistakes, as registering receivers does: a missing field, a set with receivers
// of a router, a second call for one river.Config.
func AddTo(config *river.Config, signals *core.Signals, c Config) {
	switch {
	case config == nil:
		panic("riverinbox: the river.Config of AddTo is nil")
	case c.DB == nil:
		panic("riverinbox: Config.DB is nil: give the database of River's tables")
	case c.Journal == nil:
		panic("riverinbox: Config.Journal is nil: an event that fails for good was answered 200, and would vanish")
	case c.MaxWorkers < 0 || c.MaxAttempts < 0 || c.Timeout < 0:
		panic("riverinbox: Config.MaxWorkers, MaxAttempts and Timeout must not be negative")
	}
	// In a worker there is no router, and so no receiver that takes a router's context.
	core.Freeze[context.Context](signals)
	w := &worker{
		signals: signals, db: c.DB, journal: c.Journal, logger: config.Logger,
		maxAttempts: cmp.Or(c.MaxAttempts, defaultAttempts),
		timeout:     cmp.Or(c.Timeout, max(config.JobTimeout, 0), defaultTimeout),
	}
	w.logger = cmp.Or(w.logger, slog.Default())
	if config.Workers == nil {
		config.Workers = river.NewWorkers()
	}
	if err := river.AddWorkerSafely(config.Workers, w); err != nil {
		panic(fmt.Sprintf("riverinbox: AddTo was called before for this river.Config: %v", err))
	}
	// What the user has set for the queue stays, such as its own interval.
	name := cmp.Or(c.Queue, river.QueueDefault)
	if config.Queues == nil {
		config.Queues = map[string]river.QueueConfig{}
	}
	queue := config.Queues[name]
	queue.MaxWorkers = cmp.Or(c.MaxWorkers, queue.MaxWorkers, defaultWorkers)
	config.Queues[name] = queue
	// Longer than any attempt may take: an attempt that is rescued while it runs does its work for nothing.
	if config.RescueStuckJobsAfter == 0 {
		config.RescueStuckJobsAfter = max(w.timeout, config.JobTimeout) + time.Minute
	}
	// River fetches as many jobs as there are free workers, and no sooner than after the cooldown: with its own tenth
	// of a second ten workers would do a hundred events a second at most.
	config.FetchCooldown = cmp.Or(config.FetchCooldown, defaultCooldown)
	config.FetchPollInterval = cmp.Or(config.FetchPollInterval, max(defaultPoll, config.FetchCooldown))
}
