package sqlstore

import (
	"database/sql"
	"errors"
	"log/slog"
)

// DefaultTable is the table's name unless [WithTable] sets another one.
const DefaultTable = "sallyport_replay"

// Option configures a store, or [Migrate]. A nil Option is ignored.
type Option func(*options) error

// options are the settings of New and Migrate.
type options struct {
	table     string
	txOptions *sql.TxOptions // nil: the default of the dialect
	logger    *slog.Logger   // nil: slog.Default()
	noPruning bool
}

// WithTable sets the name of the table: lower-case ASCII letters, digits and _, or schema.table. The default is
// [DefaultTable]. Stores with different tables share no memory.
func WithTable(name string) Option {
	return func(o *options) error {
		o.table = name // checked by prepare
		return nil
	}
}

// WithTxOptions sets how [sqltx.Tx] begins a transaction. The default is READ COMMITTED on PostgreSQL and MySQL. On
// SQLite it is the driver's own.
//
// On PostgreSQL, and on MariaDB from 11.6.2, REPEATABLE READ and stricter levels fail closed when the lease was renewed
// during the signal: "could not serialize access". The transaction is rolled back, and the sender's retry runs. With
// these levels, keep signals shorter than a third of the lease.
func WithTxOptions(txOptions *sql.TxOptions) Option {
	return func(o *options) error {
		// Refused here and not at the first commit, when a signal has already run.
		if txOptions != nil && txOptions.ReadOnly {
			return errors.New("sqlstore: WithTxOptions: a read-only transaction cannot write \"done\"")
		}
		if txOptions != nil {
			own := *txOptions // a copy: the caller may change its struct later
			o.txOptions = &own
		}
		return nil
	}
}

// WithLogger sets the logger for failures of the automatic pruning. Nothing else is logged. The default is
// slog.Default() at the time of the failure.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) error {
		o.logger = logger
		return nil
	}
}

// WithoutPruning switches the automatic pruning off. The app must then call [Store.Prune], or the table grows for ever.
func WithoutPruning() Option {
	return func(o *options) error {
		o.noPruning = true
		return nil
	}
}

// collect applies the options, and joins the errors of all of them.
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
