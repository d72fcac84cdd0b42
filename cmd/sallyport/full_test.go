//go:build full

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/drivers"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/engine"
)

func TestAForgottenEventRunsAgain(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["STRIPE_SECRET"] = "whsec_made-up-for-tests-0123456789"
	config := written(t, "receiver.yaml", `
listen: 127.0.0.1:0
endpoints:
  - path: /hooks
    provider: stripe
    secrets: [whsec_made-up-for-tests-0123456789]
    dangerously_allow_http: true
    replay: {store: sqlite, namespace: receiver, url: "`+filepath.Join(t.TempDir(), "replay.db")+`"}
`)
	out := cmd.background("serve", "--config", config)
	text := out.waits(t, `{"listening":"`)
	_, address, _ := strings.Cut(text, `{"listening":"`)
	address, _, _ = strings.Cut(address, `"`)
	send := func() {
		cmd.in = `{"id":"evt_1","type":"invoice.paid"}`
		cmd.good("send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", "-",
			"http://"+address+"/hooks")
	}
	send()
	out.waits(t, `"attempt":"ok"`)
	send()
	out.waits(t, `"reason":"duplicate"`)
	require.Equal(t, "forgotten by /hooks: evt_1\n", cmd.good("forget", "--config", config, "evt_1"))
	send()
	require.Equal(t, 2, strings.Count(out.waits(t, ""), `"attempt":"ok"`))

	var line map[string]map[string]string
	require.NoError(t, json.Unmarshal([]byte(cmd.good("forget", "--config", config, "-o", "json", "evt_1")), &line))
	require.Equal(t, map[string]map[string]string{"forgotten": {"endpoint": "/hooks", "id": "evt_1"}}, line)
}

// What an operator named wrongly is not said to be forgotten, and nothing is made of a wrong path.
func TestForgetSaysWhatWasRemembered(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["STRIPE_SECRET"] = "whsec_made-up-for-tests-0123456789"
	file := filepath.Join(t.TempDir(), "replay.db")
	config := func(file string) string {
		endpoint := func(path string) string {
			return "  - {path: " + path + ", provider: stripe, secrets: [whsec_made-up-for-tests-0123456789], " +
				"dangerously_allow_http: true, replay: {store: sqlite, namespace: receiver, url: \"" + file + "\"}}\n"
		}
		return written(t, "receiver.yaml", "listen: 127.0.0.1:0\nendpoints:\n"+endpoint("/a")+endpoint("/b"))
	}
	out := cmd.background("serve", "--config", config(file))
	_, address, _ := strings.Cut(out.waits(t, `{"listening":"`), `{"listening":"`)
	address, _, _ = strings.Cut(address, `"`)
	for _, path := range []string{"/a", "/b"} {
		cmd.in = `{"id":"evt_1","type":"invoice.paid"}`
		cmd.good("send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", "-", "http://"+address+path)
	}
	forget := func(ids ...string) (int, string, string) {
		return cmd.run(append([]string{"forget", "--config", config(file), "--endpoint", "/a"}, ids...)...)
	}
	status, said, _ := forget("evt_typo", "evt_1")
	require.Equal(t, wrong, status)
	require.Equal(t, "not remembered by /a: evt_typo\nforgotten by /a: evt_1\n", said)
	status, said, _ = forget("-o", "json", "evt_1")
	require.Equal(t, wrong, status)
	require.JSONEq(t, `{"not_remembered":{"endpoint":"/a","id":"evt_1"}}`, said)
	// Nothing is forgotten where one of the ids cannot be an event's.
	cmd.in = `{"id":"evt_1","type":"invoice.paid"}`
	cmd.good("send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", "-", "http://"+address+"/a")
	status, said, problem := forget("evt_1", "")
	require.Equal(t, usage, status)
	require.Empty(t, said)
	require.Contains(t, problem, "the id of an event is empty")
	// An identity names its event by itself, whatever endpoint of the store it belongs to.
	identity := regexp.MustCompile(`route=/b .*identity=([0-9a-f]{64})`).FindStringSubmatch(out.waits(t, "route=/b"))
	require.NotNil(t, identity)
	status, said, _ = forget(identity[1])
	require.Equal(t, good, status)
	require.Equal(t, "forgotten by the store of /a: "+identity[1]+"\n", said)

	missing := filepath.Join(t.TempDir(), "missing.db")
	status, said, problem = cmd.run("forget", "--config", config(missing), "--endpoint", "/a", "evt_1")
	require.Equal(t, usage, status)
	require.Empty(t, said)
	require.Contains(t, problem, "it does not exist")
	require.NoFileExists(t, missing)
}

// failing is an app whose receiver fails, with its journal in a SQLite file.
func failing(t *testing.T, keys secrets.Source) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "app.db")
	failingIn(t, database.SQLite, file, keys)
	return file
}

// failingIn is an app whose receiver fails, with its journal in a database.
func failingIn(t *testing.T, kind, url string, keys secrets.Source) {
	t.Helper()
	db, dialect, err := drivers.OpenSQL(kind, url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, sqlstore.Migrate(t.Context(), db, dialect))
	store, err := sqlstore.New(t.Context(), db, dialect, "billing")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, sqljournal.Migrate(t.Context(), store))
	kept, err := sqljournal.New(t.Context(), store, journal.Config{Keys: keys})
	require.NoError(t, err)
	sender := webhooktest.NewSender(provider.Stripe())
	guard, err := core.New(core.Config{
		Endpoint: "stripe", Provider: provider.Stripe(), Replay: store, Journal: kept, DangerouslyAllowHTTP: true,
		Secrets: secrets.Labeled(secrets.New("autumn", sender.Secret())), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, guard.Shutdown(context.WithoutCancel(t.Context()))) })
	signals := core.NewSignals()
	httpwebhook.On(signals, "*", func(*http.Request, core.Event) error {
		return core.Permanent(errors.New("no such column"))
	})
	answer := sender.Send(httpwebhook.Handler(guard, signals), "/hook",
		webhooktest.Sample{Body: []byte(`{"id":"evt_1","type":"invoice.paid"}`)})
	require.Equal(t, http.StatusOK, answer.Code)
}

func TestAnOperatorWorksOnEachServer(t *testing.T) {
	t.Parallel()
	for kind, begin := range map[string]func(engine.Options) (*engine.Server, error){
		database.Postgres: engine.PostgreSQL, database.MySQL: engine.MariaDB,
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server, err := begin(engine.Options{})
			var missing *engine.MissingError
			if errors.As(err, &missing) {
				engine.Need(t, missing)
			}
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Close()) })
			url := map[string]string{
				database.Postgres: "postgres://owner@" + server.Addr() + "/postgres?sslmode=disable",
				database.MySQL:    "mysql://root@" + server.Addr() + "/test",
			}[kind]
			failingIn(t, kind, url, nil)
			cmd := newCommand(t)
			at := []string{"--database", url, "--namespace", "billing"}
			list := cmd.good(append([]string{"events", "--state", "parked"}, at...)...)
			require.Contains(t, list, "no such column")
			require.Contains(t, cmd.good(append([]string{"rotation"}, at...)...), "autumn")
			id := strings.Fields(list)[0]
			require.Contains(t, cmd.good(append([]string{"show", id}, at...)...), "invoice.paid")
			if kind == database.Postgres { // everybody may write into the other one's database for tests
				readsOnly(t, cmd, url, id)
			}
			require.Equal(t, "dismissed\n", cmd.good(append([]string{"dismiss", id}, at...)...))
		})
	}
}

// readsOnly holds that a user of the database who may only read it reads the journal, and closes nothing.
func readsOnly(t *testing.T, cmd *command, url, id string) {
	t.Helper()
	db, _, err := drivers.OpenSQL(database.Postgres, url)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE ROLE reader LOGIN; GRANT SELECT ON sallyport_journal TO reader")
	require.NoError(t, errors.Join(err, db.Close()))
	at := []string{"--database", strings.Replace(url, "owner@", "reader@", 1), "--namespace", "billing"}
	for _, args := range [][]string{{"events"}, {"show", id}, {"rotation"}} {
		require.NotEmpty(t, cmd.good(append(args, at...)...))
	}
	status, _, problem := cmd.run(append([]string{"dismiss", id}, at...)...)
	require.Equal(t, usage, status)
	require.Contains(t, problem, "check whether INSERT is possible")
}

// An app may have named its table.
func TestAnOperatorNamesTheTable(t *testing.T) {
	t.Parallel()
	file := failing(t, nil)
	db, _, err := drivers.OpenSQL(database.SQLite, file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "ALTER TABLE sallyport_journal RENAME TO hooks")
	require.NoError(t, errors.Join(err, db.Close()))
	cmd := newCommand(t)
	at := []string{"--database", file, "--namespace", "billing"}
	status, _, problem := cmd.run(append([]string{"events"}, at...)...)
	require.Equal(t, usage, status)
	require.Contains(t, problem, "the table does not exist")
	at = append(at, "--table", "hooks")
	id := strings.Fields(cmd.good(append([]string{"events"}, at...)...))[0]
	require.Contains(t, cmd.good(append([]string{"show", id}, at...)...), "invoice.paid")
	require.Contains(t, cmd.good(append([]string{"rotation"}, at...)...), "autumn")
	status, _, problem = cmd.run(append([]string{"events", "--table", "x; --"}, at[:4]...)...)
	require.Equal(t, usage, status)
	require.Regexp(t, `^sallyport: [^\n]+\n$`, problem)
}

// A namespace that nobody has looks like a journal without events.
func TestANamespaceWithoutEventsIsNamed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	file := failing(t, nil)
	status, out, problem := cmd.run("events", "--database", file, "--namespace", "biling")
	require.Equal(t, good, status)
	require.Empty(t, out)
	require.Equal(t, "sallyport: the journal has no event of the namespace \"biling\"\n", problem)
	_, _, problem = cmd.run("events", "--database", file, "--namespace", "billing", "--state", "open")
	require.Empty(t, problem, "a filter finds nothing")
}

func TestAnOperatorWorksByTheDatabase(t *testing.T) {
	t.Parallel()
	file := failing(t, nil)
	cmd := newCommand(t)
	at := []string{"--database", file, "--namespace", "billing"}
	with := func(args ...string) []string { return append(args, at...) }

	var all []event
	require.NoError(t, json.Unmarshal([]byte(cmd.good(with("events", "-o", "json")...)), &all))
	require.Len(t, all, 1)
	require.Contains(t, cmd.good(with("events", "--state", "parked")...), "no such column")
	require.Empty(t, cmd.good(with("events", "--state", "open")...))
	require.Contains(t, cmd.good(with("show", all[0].ID)...), "invoice.paid")
	said := cmd.good(with("rotation")...)
	require.Regexp(t, `^stripe  autumn  Secrets  in_use  last matched 2`, said)
	require.Contains(t, said, "stripe: as the process that kept its newest event had seen it by 2")
	require.Contains(t, said, "the journal reaches back to 2")
	require.Contains(t, said, "endpoints without a journal, or without a kept event, are not known here\n")
	var rotated rotations
	require.NoError(t, json.Unmarshal([]byte(cmd.good(with("rotation", "-o", "json")...)), &rotated))
	require.False(t, rotated.Endpoints[0].AsOf.IsZero())
	require.Len(t, rotated.Notes, 2)

	// What show prints is understood by doctor.
	kept := written(t, "entry.json", cmd.good(with("show", all[0].ID, "-o", "json")...))
	status, out, _ := cmd.run("doctor", kept)
	require.Equal(t, wrong, status)
	require.Contains(t, out, "wrong: permanent: no such column\n")

	status, out, problem := cmd.run(with("redrive", all[0].ID)...)
	require.Equal(t, usage, status)
	require.Empty(t, out)
	require.Equal(t, "sallyport: redrive runs the app's receivers, which no database has: it works by the app's page "+
		"(SALLYPORT_PAGE), and not with --database or --config\n", problem)

	require.Equal(t, "dismissed\n", cmd.good(with("dismiss", all[0].ID)...))
	require.Contains(t, cmd.good(with("events", "--state", "dismissed")...), "invoice.paid")
	status, _, problem = cmd.run(with("show", "00ff")...)
	require.Equal(t, usage, status)
	require.Regexp(t, "^sallyport: the journal answered 404: .*\n$", problem)

	cmd.env["SALLYPORT_DATABASE"] = "sqlite://" + file
	require.Contains(t, cmd.good("events", "--namespace", "billing"), "invoice.paid")
	require.Empty(t, cmd.good("events", "--namespace", "another"))

	config := written(t, "receiver.yaml", `endpoints:
  - path: /hooks
    provider: stripe
    secrets: [whsec_made-up-for-tests-0123456789]
    replay: {store: sqlite, namespace: billing, url: "`+file+`"}
`)
	require.Contains(t, cmd.good("events", "--config", config), "invoice.paid")
	require.Contains(t, cmd.good("rotation", "--config", config), "autumn")

	// Of an event that is done there is nothing to dismiss; and serve has no journal in its database.
	db, _, err := drivers.OpenSQL(database.SQLite, file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "DROP TABLE sallyport_journal")
	require.NoError(t, errors.Join(err, db.Close()))
	_, _, problem = cmd.run("events", "--config", config)
	require.Contains(t, problem, `"sallyport serve" itself keeps its events in memory: --page shows them`)
}

func TestASealedJournalNeedsItsKey(t *testing.T) {
	t.Parallel()
	key := secrets.Generate()
	cmd := newCommand(t)
	at := []string{"--database", failing(t, secrets.Static(key)), "--namespace", "billing"}
	with := func(args ...string) []string { return append(args, at...) }
	require.NotContains(t, cmd.good(with("events")...), "invoice.paid")
	status, _, problem := cmd.run(with("rotation")...)
	require.Equal(t, good, status)
	require.Equal(t, "sallyport: --key-env: 1 entries cannot be read\n", problem)
	cmd.env["JOURNAL_KEY"] = key
	require.Contains(t, cmd.good(with("events", "--key-env", "JOURNAL_KEY")...), "invoice.paid")
}

func TestADatabaseThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.db")
	db, dialect, err := drivers.OpenSQL(database.SQLite, empty)
	require.NoError(t, err)
	require.NoError(t, sqlstore.Migrate(t.Context(), db, dialect))
	require.NoError(t, db.Close())
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, row := range []struct {
		says string
		args []string
		want string
	}{
		{"without a journal", []string{"--database", empty, "--namespace", "a"}, "--database: .*the table does not exist"},
		{"without a file", []string{"--database", missing, "--namespace", "a"}, "--database: .*unable to open"},
		{"where nobody listens", []string{"--database", "postgres://u@127.0.0.1:1/db", "--namespace", "a"},
			"--database: "},
		{"a variable that is not set", []string{"--database", empty, "--namespace", "a", "--key-env", "UNSET"},
			"--key-env: the environment variable UNSET is not set"},
	} {
		t.Run(row.says, func(t *testing.T) {
			status, out, problem := newCommand(t).run(append([]string{"events"}, row.args...)...)
			require.Equal(t, usage, status)
			require.Empty(t, out)
			require.Regexp(t, "^sallyport: "+row.want, problem)
			require.Equal(t, 1, strings.Count(problem, "\n"), problem)
		})
	}
	require.NoFileExists(t, missing, "an operator's command makes no database")
}
