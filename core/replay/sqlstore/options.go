package sqlstore

import (
	"database/sql"
	"errors"
	"log/slog"
)

// DefaultTable is the table's name unless [WithTable] says otherwise.
const DefaultTable = "sallyport_replay"

// Option sets up a store, or [Migrate].
type Option func(*options) error

type options struct {
	table     string
	txOptions *sql.TxOptions
	logger    *slog.Logger
	noPruning bool
}

// WithTable names the table: lower-case ASCII letters, digits and _, or schema.table. The default is [DefaultTable].
// Stores with different tables know nothing of each other.
func WithTable(name string) Option {
	return func(o *options) error {
		o.table = name
		return nil
	}
}

// WithTxOptions says how [sqltx.Tx] begins a transaction. The default is READ COMMITTED on PostgreSQL and MySQL, and
// the driver's own on SQLite.
//
// REPEATABLE READ and stricter on PostgreSQL, and on MariaDB from 11.6.2, refuse to commit a signal during which the
// claim's lease was renewed: "could not serialize access". The transaction is rolled back, nothing is lost, and the
// sender's retry runs; but keep such signals shorter than a third of the lease.
func WithTxOptions(txOptions *sql.TxOptions) Option {
	return func(o *options) error {
		if txOptions != nil && txOptions.ReadOnly {
			return errors.New("sqlstore: WithTxOptions: a read-only transaction cannot write \"done\"")
		}
		if txOptions != nil {
			own := *txOptions
			o.txOptions = &own
		}
		return nil
	}
}

// WithLogger says who is told when the automatic pruning fails; nothing else is logged. The default is slog.Default(),
// as it is at that moment.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) error {
		o.logger = logger
		return nil
	}
}

// WithoutPruning switches the automatic pruning off. Somebody has to call [Store.Prune], or the table grows for ever.
func WithoutPruning() Option {
	return func(o *options) error {
		o.noPruning = true
		return nil
	}
}

func collect(list []Option) (options, error) {
	o := options{table: DefaultTable}
	var errs []error
	for _, option := range list {
		if option != nil {
			errs = append(errs, option(&o))
		}
	}
	return o, errors.Join(errs...)
}
