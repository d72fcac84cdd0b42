package sqltx_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/sqltx"
)

type offered struct {
	tx    *sql.Tx
	begun int
}

func (o *offered) Begun() (*sql.Tx, *sql.DB) { return o.tx, nil }

func (o *offered) Begin() (*sql.Tx, error) { o.begun++; return o.tx, nil }

func TestTheTransactionIsTheInnermostContexts(t *testing.T) {
	t.Parallel()
	outer, inner := &offered{tx: new(sql.Tx)}, &offered{tx: new(sql.Tx)}
	ctx := sqltx.NewContext(t.Context(), outer)
	within, cancel := context.WithCancel(sqltx.NewContext(ctx, inner))
	defer cancel()
	require.Zero(t, outer.begun+inner.begun, "nobody has asked for it")

	tx, err := sqltx.Tx(within)
	require.NoError(t, err)
	require.Same(t, inner.tx, tx)
	tx, err = sqltx.Tx(ctx)
	require.NoError(t, err)
	require.Same(t, outer.tx, tx)
}

func TestWithoutATransactionTxSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := sqltx.Tx(t.Context())
	require.ErrorContains(t, err, "pass the receiver's own context")
	require.ErrorContains(t, err, "make a sqlstore the guard's Replay store")
}

func TestBegunIsWhatTheContextHas(t *testing.T) {
	t.Parallel()
	tx, db := sqltx.Begun(t.Context())
	require.Nil(t, tx)
	require.Nil(t, db)
	own := &offered{tx: new(sql.Tx)}
	tx, _ = sqltx.Begun(sqltx.NewContext(t.Context(), own))
	require.Same(t, own.tx, tx)
	require.Zero(t, own.begun, "it begins none")
}
