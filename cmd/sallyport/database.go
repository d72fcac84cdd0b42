package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/receiver"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/inspector"
)

// place is the flags that name a database with a journal, in the place of a page. What only reads, or closes an event,
// works there too; what runs an event needs the app.
type place struct {
	url, config, namespace, table, keyEnv string

	writes bool // it closes an event: the user of the database needs the rights to
}

const placeHelp = pageHelp + " Without a page it works by the database with the journal: --database, or the " +
	"variable SALLYPORT_DATABASE where the URL holds a password, or --config."

func (at *place) flags(c *cobra.Command) {
	c.Flags().StringVar(&at.url, "database", "", "`URL` of the database with the journal, without a password: "+
		"postgres://..., mysql://..., or the path of a SQLite file.\nDefault: SALLYPORT_DATABASE, which may hold one")
	c.Flags().StringVar(&at.config, "config", "", "YAML `file` of serve, whose replay store is in that database")
	c.Flags().StringVar(&at.namespace, "namespace", "",
		"`name` of the application whose entries they are; goes with --database")
	c.Flags().StringVar(&at.table, "table", "",
		"`name` of the journal's table, where the app gives it one (sqljournal.WithTable)")
	c.Flags().StringVar(&at.keyEnv, "key-env", "",
		"environment `variable` with the key that seals the journal (journal.Config.Keys)")
}

// pageOrDatabase makes a command of work on the page, or on a page of this process over the journal in a database.
func (p *program) pageOrDatabase(
	at *place, work func(*cobra.Command, *remotePage, []string) error,
) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		switch byPage, err := p.byPage(at); {
		case err != nil:
			return err
		case byPage:
			return p.onPage(work)(c, args)
		}
		return p.inDatabase(c.Context(), at, func(kept *journal.Journal, namespace string) error {
			page, err := localPage(kept)
			if err != nil {
				return err
			}
			page.namespace = namespace
			return work(c, page, args)
		})
	}
}

// byPage reports whether a command works by the page, and not in a database.
func (p *program) byPage(at *place) (bool, error) {
	if at.given() || p.getenv("SALLYPORT_PAGE") == "" && p.getenv("SALLYPORT_DATABASE") != "" {
		return false, nil
	}
	return true, at.alone()
}

// alone reports a flag that says something about a database, where the command works by a page.
func (at *place) alone() error {
	for _, flag := range []struct{ name, value string }{
		{"namespace", at.namespace}, {"table", at.table}, {"key-env", at.keyEnv},
	} {
		if flag.value != "" {
			return fmt.Errorf("--%s goes with a database: name it by --database, SALLYPORT_DATABASE or --config",
				flag.name)
		}
	}
	return nil
}

func (at *place) given() bool { return at.url != "" || at.config != "" }

// inDatabase opens the journal, hands it to work with its namespace, and closes its database behind it.
func (p *program) inDatabase(ctx context.Context, at *place, work func(*journal.Journal, string) error) error {
	where, flag, err := p.database(at)
	if err != nil {
		return err
	}
	var c journal.Config
	if at.keyEnv != "" {
		key, err := p.variable("--key-env", at.keyEnv)
		if err != nil {
			return err
		}
		c.Keys = secrets.Static(key)
	}
	where.Table, where.ReadOnly = at.table, !at.writes
	opening, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	kept, closing, err := openJournal(opening, where, c)
	if err != nil && flag == "--config" {
		return fmt.Errorf("%s: %w; \"sallyport serve\" itself keeps its events in memory: --page shows them", flag, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return errors.Join(work(kept, where.Namespace), closing())
}

// database returns where the journal is, and the flag or variable that says it.
func (p *program) database(at *place) (where database.Place, flag string, err error) {
	switch {
	case at.url != "" && at.config != "":
		return where, "", errors.New("--database goes without --config")
	case at.config != "" && at.namespace != "":
		return where, "", errors.New("--namespace goes without --config: the file says it")
	case at.config != "":
		all, err := receiver.Databases(at.config)
		if err != nil {
			return where, "", err
		}
		if all = slices.DeleteFunc(all, notSQL); len(all) != 1 {
			return where, "", fmt.Errorf("--config: the replay stores of %s are in %d SQL databases or namespaces: "+
				"name one by --database and --namespace", at.config, len(all))
		}
		return all[0], "--config", nil
	case at.namespace == "":
		return where, "", errors.New("--namespace is missing: the name that the app gives to its stores")
	}
	text, flag := at.url, "--database"
	if text == "" {
		text, flag = p.getenv("SALLYPORT_DATABASE"), "SALLYPORT_DATABASE"
	} else if u, err := url.Parse(text); err != nil || holdsPassword(u) || strings.Contains(text, "@tcp(") {
		return where, "", errors.New("--database holds a password, or is not a URL. Lists of processes show " +
			"arguments: put it into SALLYPORT_DATABASE")
	}
	kind, err := kindOf(text)
	if err != nil {
		return where, "", fmt.Errorf("%s: %w", flag, err)
	}
	return database.Place{Kind: kind, URL: text, Namespace: at.namespace}, flag, nil
}

func notSQL(at database.Place) bool { return at.Kind == database.Redis }

// holdsPassword reports whether a URL of a database holds a password, in either of the places where drivers look.
func holdsPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// kindOf returns the kind of database that a URL leads to. Its error does not hold the URL.
func kindOf(text string) (string, error) {
	scheme, _, has := strings.Cut(text, "://")
	switch {
	case has && (scheme == "postgres" || scheme == "postgresql"):
		return database.Postgres, nil
	case has && scheme == "mysql":
		return database.MySQL, nil
	case has && scheme == "sqlite", !has && (strings.HasPrefix(text, "file:") || filepath.Ext(text) != ""):
		return database.SQLite, nil
	}
	return "", errors.New("it begins with postgres://, mysql:// or sqlite://, or is the path of a SQLite file, " +
		"such as replay.db")
}

// localHost is the name of a page that nobody reaches but this process.
const localHost = "journal.localhost"

// localPage serves the page of a journal without a network. It runs nothing: there is no app.
func localPage(kept *journal.Journal) (*remotePage, error) {
	page, err := inspector.New(inspector.Config{
		Journal: kept, Hosts: []string{localHost}, Logger: slog.New(slog.DiscardHandler),
		// Whoever may read and write the database may do all that the page does.
		Authorize: func(*http.Request) (inspector.Access, error) {
			return inspector.Access{Payloads: true, Dismiss: true}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &remotePage{
		name: "the journal", base: &url.URL{Scheme: "http", Host: localHost, Path: "/"},
		http: &http.Client{Transport: inProcess{page}},
	}, nil
}

// inProcess hands requests to a handler.
type inProcess struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &answered{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, in)
	return &http.Response{
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// answered is the answer of a handler.
type answered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (w *answered) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *answered) WriteHeader(status int) { w.status = status }

// Write implements [http.ResponseWriter].
func (w *answered) Write(b []byte) (int, error) { return w.body.Write(b) }
