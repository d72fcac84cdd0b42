package journaltests_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// A journal that could not keep anything says so at the start, not at the first event that fails.
func TestNewSaysWhatIsWrongWithTheTable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := newName("journal")
		source := sqljournal.In(db, d.dialect, "billing")
		open := func() error {
			_, err := sqljournal.New(t.Context(), source, config(), sqljournal.WithTable(table))
			return err
		}
		require.ErrorIs(t, open(), sqljournal.ErrNoTable)
		execute(t, db, "CREATE TABLE "+table+" (namespace VARCHAR(64), id VARCHAR(80), revision BIGINT, "+
			"endpoint VARCHAR(9), changed_at BIGINT, content VARCHAR(9))")
		for _, err := range []error{open(), sqljournal.Migrate(t.Context(), source, sqljournal.WithTable(table))} {
			require.ErrorIs(t, err, sqljournal.ErrSchema)
			require.ErrorContains(t, err, "state", "the server names the column that it misses")
		}
		execute(t, db, "DROP TABLE "+table)
		require.NoError(t, sqljournal.Migrate(t.Context(), source, sqljournal.WithTable(table)))
		require.NoError(t, open())
		if d.dialect == sqltx.MySQL {
			execute(t, db, "DROP INDEX "+table+"_endpoint ON "+table)
			err := open()
			require.ErrorIs(t, err, sqljournal.ErrSchema)
			require.ErrorContains(t, err, table+"_endpoint", "the server names the index that lists are read by")
			execute(t, db, "ALTER TABLE "+table+" ENGINE=MyISAM")
			require.ErrorIs(t, open(), sqljournal.ErrServer)
		}
		require.NoError(t, db.Close())
		require.ErrorContains(t, open(), "sqljournal: look at the")
	})
}

func TestSeveralProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := sqljournal.WithTable(newName("journal"))
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := sqljournal.Migrate(t.Context(), sqljournal.In(db, d.dialect, "billing"), table); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// Schema is what Migrate does: a migration tool applies it statement by statement.
func TestTheSchemaIsWhatMigrateCreates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := newName("journal")
		for range 2 {
			schema := strings.TrimSuffix(sqljournal.Schema(d.dialect, table), ";\n")
			for statement := range strings.SplitSeq(schema, ";\n") {
				execute(t, db, statement)
			}
		}
		_, err := sqljournal.Open(t.Context(), db, d.dialect, "billing", config(), sqljournal.WithTable(table))
		require.NoError(t, err)
	})
}

// A user without a right is named by the right, and an address with its password is printed nowhere.
func TestARightThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	d := engines[0]
	db := d.open(t)
	user, table := newName("clerk"), newName("journal")
	source := sqljournal.In(db, d.dialect, "billing")
	require.NoError(t, sqljournal.Migrate(t.Context(), source, sqljournal.WithTable(table)))
	execute(t, db, "CREATE ROLE "+user+" LOGIN")
	for _, row := range []struct{ grant, want string }{
		{"SELECT", "INSERT"}, {"INSERT", "UPDATE"}, {"UPDATE", "DELETE"},
	} {
		execute(t, db, fmt.Sprintf("GRANT %s ON %s TO %s", row.grant, table, user))
		as := d.openAs(t, user)
		_, err := sqljournal.Open(t.Context(), as, d.dialect, "billing", config(), sqljournal.WithTable(table))
		require.ErrorContains(t, err, row.want)
		require.ErrorContains(t, err, "permission denied")
	}
	execute(t, db, fmt.Sprintf("GRANT DELETE ON %s TO %s", table, user))
	as := d.openAs(t, user)
	_, err := sqljournal.Open(t.Context(), as, d.dialect, "billing", config(), sqljournal.WithTable(table))
	require.NoError(t, err)
}

// Who may only read opens the journal to read it. Nothing is written by it, whatever the user may do.
func TestAJournalIsOpenedToReadOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, d *database) {
		db := d.open(t)
		table := sqljournal.WithTable(newName("journal"))
		source := sqljournal.In(db, d.dialect, "billing")
		require.NoError(t, sqljournal.Migrate(t.Context(), source, table))
		open := func(opts ...sqljournal.Option) *journal.Journal {
			kept, err := sqljournal.New(t.Context(), source, config(), append(opts, table)...)
			require.NoError(t, err)
			return kept
		}
		entry := &journal.Entry{State: journal.Parked, Endpoint: "stripe", Provider: "stripe", Reason: reason.Permanent,
			Identity: [32]byte{1}}
		require.NoError(t, open().Keep(t.Context(), []*journal.Entry{entry}))
		reads := open(sqljournal.ReadOnly())
		e, err := reads.Load(t.Context(), journal.IDOf(journal.FromRequest, entry.Identity))
		require.NoError(t, err)
		err = reads.Dismiss(t.Context(), e.ID, e.Revision)
		require.ErrorIs(t, err, sqljournal.ErrReadOnly)
		require.ErrorContains(t, err, "was opened to read only")
		e, err = open().Load(t.Context(), e.ID)
		require.NoError(t, err)
		require.Equal(t, journal.Parked, e.State)
	})
}
