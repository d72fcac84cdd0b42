package journaltests_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/journal/storetest"
)

// Each store of the contract is a namespace of its own in one table, with what the others have left behind.
func TestTheStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := sqljournal.WithTable(newName("journal"))
		require.NoError(t, sqljournal.Migrate(t.Context(), sqljournal.In(db, d.dialect, "any"), table))
		storetest.Run(t, func() journal.Store {
			j, err := sqljournal.Open(t.Context(), db, d.dialect, newName("app"), config(), table)
			require.NoError(t, err)
			return j.Store()
		})
	})
}

// entry returns a failure of an event as a guard makes it.
func entry(name string, state journal.State) *journal.Entry {
	return &journal.Entry{
		State: state, Endpoint: "stripe", Provider: "stripe", EventID: name, Type: "invoice.paid",
		Err: "no such column", Identity: sha256.Sum256([]byte(name)), Body: fmt.Appendf(nil, `{"id":%q}`, name),
	}
}

// newJournal returns a journal in a namespace of its own.
func (d *database) newJournal(t *testing.T) *journal.Journal {
	t.Helper()
	return d.journalIn(t, d.open(t))
}

// journalIn does what newJournal does, in a database that is open.
func (d *database) journalIn(t *testing.T, db *sql.DB, opts ...sqljournal.Option) *journal.Journal {
	t.Helper()
	source := sqljournal.In(db, d.dialect, newName("app"))
	require.NoError(t, sqljournal.Migrate(t.Context(), source, opts...))
	j, err := sqljournal.New(t.Context(), source, config(), opts...)
	require.NoError(t, err)
	return j
}

// A sender's text stands in content alone, so that no column and no encoding refuses it.
func TestHostileTextStopsNoWrite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		j := d.newJournal(t)
		for i, text := range []string{
			"a\x00b", "a\xff\xfe\xc3", "'; DROP TABLE sallyport_journal; --", "x'00'", "\\", "?$1%s",
		} {
			e := entry(fmt.Sprint(i), journal.Parked)
			e.Endpoint, e.Type, e.Err, e.Tenant, e.Body = text, text, text, text, []byte(text)
			require.NoError(t, j.Keep(t.Context(), []*journal.Entry{e}))
			is, err := j.Load(t.Context(), e.ID)
			require.NoError(t, err)
			require.Equal(t, e, is)
			count := 0
			for e, err := range j.Entries(t.Context(), journal.Query{Endpoint: text}) {
				require.NoError(t, err)
				require.Equal(t, text, e.Type)
				count++
			}
			require.Equal(t, 1, count)
		}
	})
}

func TestNamespacesKeepApplicationsApart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := sqljournal.WithTable(newName("journal"))
		require.NoError(t, sqljournal.Migrate(t.Context(), sqljournal.In(db, d.dialect, "any"), table))
		var apps []*journal.Journal
		for _, name := range []string{"billing", "billing2", "billing"} {
			j, err := sqljournal.Open(t.Context(), db, d.dialect, name, config(), table)
			require.NoError(t, err)
			apps = append(apps, j)
		}
		for i, j := range apps[:2] {
			e := entry("evt_1", journal.Parked)
			e.Err = fmt.Sprint("of app ", i)
			require.NoError(t, j.Keep(t.Context(), []*journal.Entry{e}))
			require.Equal(t, 1, e.Attempts)
		}
		e := entry("evt_1", journal.Parked)
		require.NoError(t, apps[2].Keep(t.Context(), []*journal.Entry{e}))
		require.Equal(t, 2, e.Attempts, "two processes of one application share it")
		require.NoError(t, apps[0].Delete(t.Context(), e.ID))
		_, err := apps[2].Load(t.Context(), e.ID)
		require.ErrorIs(t, err, journal.ErrNotFound)
		other, err := apps[1].Load(t.Context(), e.ID)
		require.NoError(t, err)
		require.Equal(t, "of app 1", other.Err)
	})
}
