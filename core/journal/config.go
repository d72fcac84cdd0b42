package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// Config sets up a journal. The zero Config is valid: everything is kept, in plain.
type Config struct {
	// Keys seals entries with AES-256-GCM. The first key that is valid now seals, all open: for a
	// rotation put the new key first, and remove the old one when Retention has passed. A key is a
	// random text of at least 32 bytes, as secrets.Generate makes. nil: entries are stored in plain,
	// and New says so in the log.
	Keys secrets.Source

	// Filter is called before an entry is written, and for the texts of each run, and may blank what must
	// not be stored: fields, headers, the body. An entry with another body cannot run. Where it returns
	// false nothing is kept of the event. It must not keep the entry. A panic in it keeps the entry from
	// being written, and the delivery is answered 500.
	Filter func(*Entry) bool

	// Headers names headers of the request to keep, in addition to those of the provider and the
	// harmless ones. Names that carry credentials, such as Cookie, are refused.
	Headers []string

	// AlsoUnhandled keeps events that no receiver takes, too; AlsoDone keeps successes, at the cost of
	// a write for each.
	AlsoUnhandled, AlsoDone bool

	// MaxBody is the longest body that is kept whole, in bytes. Of a longer one the first 64 KiB, the
	// length and the digest are kept, and the entry cannot run. 0: 1 MiB. At most 64 MiB.
	MaxBody int

	Retention Retention

	// OnParked is called for each entry that was parked, once that is committed: for a pager or a chat.
	// One call runs at a time, apart from the deliveries. A panic is logged. ctx ends after 30 seconds;
	// while a call hangs, up to 1,000 entries, or 16 MiB, wait, and further ones are only counted in
	// the log.
	OnParked func(ctx context.Context, e *Entry)
}

// Retention says how long entries are kept after they changed last. [Forever] is allowed.
type Retention struct {
	Open   time.Duration // 0: 30 days
	Parked time.Duration // 0: 90 days; a warning in the log announces the end a week ahead
	Closed time.Duration // 0: 24 hours
}

// Forever keeps entries until somebody deletes them.
const Forever time.Duration = math.MaxInt64

const (
	day             = 24 * time.Hour
	defaultBody     = 1 << 20
	mostBody        = 64 << 20
	headOfLongBody  = 64 << 10
	leastRetention  = time.Minute
	announceParking = 7 * day
)

// Journal keeps entries in a store. It is made by [New] or [InMemory], and safe for concurrent use.
type Journal struct {
	given   Store
	store   Store // given, whose panics are errors
	cfg     Config
	allowed map[string]bool
	sealer  *sealer   // nil: entries are plain
	zippers sync.Pool // of *gzip.Writer: each has a megabyte of tables
	open    openCount
	pruning pruning
	hook    hook
	lost    atomic.Uint64             // open entries that were left out
	warned  atomic.Pointer[time.Time] // when the log last said that the store is full
}

// New returns a journal that keeps its entries in store. Its error names every mistake in cfg, and a
// failure of cfg.Keys, which is looked up once.
func New(store Store, cfg Config) (*Journal, error) {
	// Nothing is optional about the store: without one nothing would be kept, silently.
	if r := reflect.ValueOf(store); store == nil || r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, errors.New("journal: the Store is nil")
	}
	j := &Journal{given: store, store: contain(store), cfg: cfg}
	var errs []error
	fail := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	var err error
	j.allowed, err = allowedHeaders(cfg.Headers)
	fail(err)
	switch {
	case cfg.MaxBody == 0:
		j.cfg.MaxBody = defaultBody
	// Above that, databases refuse a statement, and an event that cannot be kept is answered 500 for
	// ever.
	case cfg.MaxBody < 0 || cfg.MaxBody > mostBody:
		fail(fmt.Errorf("journal: Config.MaxBody is %d; it must be at most %d bytes (64 MiB)", cfg.MaxBody, mostBody))
	}
	fail(retain("Open", &j.cfg.Retention.Open, 30*day))
	fail(retain("Parked", &j.cfg.Retention.Parked, 90*day))
	fail(retain("Closed", &j.cfg.Retention.Closed, day))
	if cfg.Keys != nil {
		j.sealer = &sealer{source: cfg.Keys}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		// At the start, where somebody is looking: later a missing key is a 500 for each event that
		// fails.
		_, err := j.sealer.keys(ctx)
		fail(err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	j.hook.call = cfg.OnParked
	if _, inMemory := store.(*Memory); cfg.Keys == nil && !inMemory {
		slog.Warn("the journal stores bodies and errors in plain: set journal.Config.Keys to seal them")
	}
	return j, nil
}

// InMemory returns a journal of this process, in a [Memory] of its own: a restart forgets it. Its error
// is that of New.
func InMemory(cfg Config) (*Journal, error) { return New(NewMemory(), cfg) }

// retain checks a time of retention and sets its default.
func retain(name string, d *time.Duration, byDefault time.Duration) error {
	if *d == 0 {
		*d = byDefault
	}
	if *d < leastRetention {
		return fmt.Errorf("journal: Config.Retention.%s is %s; it must be at least %s, or journal.Forever", name, *d,
			leastRetention)
	}
	return nil
}

// AlsoDone reports whether successes are kept.
func (j *Journal) AlsoDone() bool { return j.cfg.AlsoDone }

// AlsoUnhandled reports whether events that no receiver takes are kept.
func (j *Journal) AlsoUnhandled() bool { return j.cfg.AlsoUnhandled }

// Store returns the store.
func (j *Journal) Store() Store { return j.given }

// NotKept returns how many open entries were left out because their endpoint has too many.
func (j *Journal) NotKept() uint64 { return j.lost.Load() }

// Expires returns when an entry will be removed unless it changes before. Zero: never.
func (j *Journal) Expires(e *Entry) time.Time {
	d := j.retention(e.State)
	if d == Forever {
		return time.Time{}
	}
	return e.Changed.Add(d)
}

func (j *Journal) retention(s State) time.Duration {
	switch s {
	case Open:
		return j.cfg.Retention.Open
	case Parked:
		return j.cfg.Retention.Parked
	default:
		return j.cfg.Retention.Closed
	}
}
