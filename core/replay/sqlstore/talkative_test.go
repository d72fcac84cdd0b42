package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// talkative is a driver that puts its address, password and all, into its errors.
type talkative struct{}

var errTalkative = errors.New(`cannot connect to "postgres://app:p-not-to-be-printed@db.example/app"`)

func (talkative) Connect(context.Context) (driver.Conn, error) { return nil, errTalkative }
func (talkative) Driver() driver.Driver                        { return nil }

func TestErrorsDoNotPrintWhatADriverSays(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(talkative{})
	defer func() { _ = db.Close() }()
	for _, dialect := range []sqlstore.Dialect{sqlstore.PostgreSQL, sqlstore.SQLite, sqlstore.MySQL} {
		for name, err := range map[string]error{
			"New":     func() error { _, err := sqlstore.New(t.Context(), db, dialect, "test"); return err }(),
			"Migrate": sqlstore.Migrate(t.Context(), db, dialect),
		} {
			require.ErrorIs(t, err, sqlstore.ErrUnreachable, name)
			require.ErrorIs(t, err, errTalkative, "it is there for errors.Is")
			require.NotContains(t, err.Error(), "p-not-to-be-printed", name)
		}
	}
}
