package killtests_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

const (
	roleVariable = "SALLYPORT_KILLTESTS_APP"
	secret       = "whsec_a-secret-of-the-tests-that-protects-nothing"
	journalKey   = "a-key-that-seals-entries-and-is-long-enough"
	fixedHeader  = "X-Fixed" // says that the app has no bug: a deployment, without its time
)

// single sends one event in each delivery, and list several.
func single() core.Provider { return provider.Stripe() }

func list() core.Provider {
	return provider.HMAC(provider.HMACConfig{Name: "acme", Header: "Acme-Signature", EventID: "/id", EventType: "/type",
		IdentityPointer: "/id", Batch: true})
}

// place is where the app's databases are, as its process learns it.
type place struct {
	Driver, App string
	Dialect     sqltx.Dialect
	Journal     string // empty: it is in the app's database, and shares its handle
}

// app is the process that is killed.
type app struct {
	killer   killer
	work     work
	redriver core.Redriver
}

// runApp serves until its standard input ends, or until it is killed.
func runApp(role string) int {
	if err := serveApp(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serveApp(role string) error {
	var p place
	if err := json.Unmarshal([]byte(role), &p); err != nil {
		return err
	}
	a := &app{}
	handler, err := a.open(p)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return (&http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}).Serve(ln)
}

// open makes the app's handler over its databases.
func (a *app) open(p place) (http.Handler, error) {
	ctx := context.Background()
	db, err := a.killer.open(p.Driver, p.App)
	if err != nil {
		return nil, err
	}
	a.work.db = db
	store, err := sqlstore.New(ctx, db, p.Dialect, "app")
	if err != nil {
		return nil, err
	}
	kept, err := a.journal(ctx, p, store)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	signals := a.work.signals()
	for _, e := range []struct {
		endpoint string
		provider core.Provider
		ordered  bool
	}{{"events", single(), false}, {"plain", single(), false}, {"lists", list(), false}, {"ordered", list(), true}} {
		guard, err := core.New(core.Config{
			Endpoint: e.endpoint, Provider: e.provider, Secrets: secrets.Static(secret), Replay: store, Journal: kept,
			Ordered: e.ordered, DangerouslyAllowHTTP: true, // between processes of one machine
			Logger: slog.New(slog.DiscardHandler), // panics and failures are what is tested
		})
		if err != nil {
			return nil, err
		}
		a.redriver.Guards = append(a.redriver.Guards, guard)
		if e.endpoint == "plain" {
			mux.Handle("/plain", httpwebhook.Verify(guard)(http.HandlerFunc(a.work.plain)))
			continue
		}
		mux.Handle("/"+e.endpoint, httpwebhook.Handler(guard, signals))
	}
	a.redriver.App = mux
	return a.outside(mux), nil
}

// journal is in the app's database or elsewhere.
func (a *app) journal(ctx context.Context, p place, store *sqlstore.Store) (*journal.Journal, error) {
	config := journal.Config{Keys: secrets.Static(journalKey), AlsoUnhandled: true}
	if p.Journal == "" {
		return sqljournal.New(ctx, store, config)
	}
	db, err := a.killer.open(p.Driver, p.Journal)
	if err != nil {
		return nil, err
	}
	return sqljournal.Open(ctx, db, p.Dialect, "app", config)
}

// outside is what the provider and the operator reach. An answer is a point as well: it is sent behind it.
func (a *app) outside(deliveries http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", deliveries)
	mux.HandleFunc("/redrive", func(w http.ResponseWriter, r *http.Request) {
		_, err := a.redriver.Redrive(r.Context(), journal.ID(r.FormValue("id")), core.RedriveOptions{})
		answer(w, err)
	})
	mux.HandleFunc("/sweep", func(w http.ResponseWriter, r *http.Request) {
		var all error
		for _, g := range a.redriver.Guards {
			_, err := g.CloseProcessed(r.Context())
			all = errors.Join(all, err)
		}
		answer(w, all)
	})
	killed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.work.fixed.Store(r.Header.Get(fixedHeader) != "")
		mux.ServeHTTP(w, r)
		a.killer.point() // net/http keeps a small answer until the handler has returned
	})
	all := http.NewServeMux()
	all.Handle("/", killed)
	all.HandleFunc("/arm", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("at"))
		a.killer.arm(n)
	})
	all.HandleFunc("/points", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, a.killer.points())
	})
	return all
}

// answers to the operator.
const (
	succeeded   = "succeeded"
	alreadyDone = "already done"
	changed     = "changed"
)

// answer says how a call of the operator ended.
func answer(w http.ResponseWriter, err error) {
	text := succeeded
	switch {
	case err == nil:
	case errors.Is(err, journal.ErrAlreadyDone):
		text = alreadyDone
	case errors.Is(err, journal.ErrChanged):
		text = changed
	default:
		text = err.Error()
	}
	_, _ = io.WriteString(w, text)
}

// create makes the tables of a place.
func (p *place) create(ctx context.Context, app, kept *sql.DB) error {
	_, err := app.ExecContext(ctx, "CREATE TABLE parts (event varchar(60) NOT NULL, part varchar(20) NOT NULL)")
	return errors.Join(err, sqlstore.Migrate(ctx, app, p.Dialect),
		sqljournal.Migrate(ctx, sqljournal.In(kept, p.Dialect, "app")))
}
