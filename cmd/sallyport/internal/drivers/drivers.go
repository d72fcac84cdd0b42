// Package drivers opens databases for the examples, by the URLs that people know. Only programs that open one import
// it: it links every driver.
package drivers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

// Store opens a replay store, and makes its table if it is missing and at.Existing is not set. The caller must call
// closing after it has closed the store. No error quotes the URL: it may hold a password.
func Store(
	ctx context.Context, at database.Place, logger *slog.Logger,
) (store replay.Store, closing func() error, err error) {
	kind, url := at.Kind, at.URL
	if kind == database.Redis {
		client, err := OpenRedis(url)
		if err != nil {
			return nil, nil, err
		}
		opened, err := redisstore.New(ctx, client, at.Namespace)
		if err != nil {
			return nil, nil, errors.Join(err, client.Close())
		}
		return opened, client.Close, nil
	}
	opening := OpenSQL
	if at.Existing {
		opening = OpenExisting
	}
	db, dialect, err := opening(kind, url)
	if err != nil {
		return nil, nil, err
	}
	if !at.Existing {
		err = sqlstore.Migrate(ctx, db, dialect)
	}
	if err == nil {
		store, err = sqlstore.New(ctx, db, dialect, at.Namespace, sqlstore.WithLogger(logger))
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, db.Close, nil
}

// OpenRedis makes a client of a URL such as redis://user:password@127.0.0.1:6379/0.
func OpenRedis(text string) (*redis.Client, error) {
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, errors.New("must be a URL such as redis://user:password@127.0.0.1:6379/0")
	}
	o.ContextTimeoutEnabled = true
	return redis.NewClient(o), nil
}

// OpenSQL opens a pool of connections. A SQLite database is a path; its file is made where it is missing.
func OpenSQL(kind, text string) (*sql.DB, sqlstore.Dialect, error) {
	if kind == database.SQLite {
		var err error
		if text, _, err = sqliteDSN(text, "busy_timeout(10000)", "journal_mode(WAL)"); err != nil {
			return nil, 0, err
		}
	}
	return open(kind, text)
}

// OpenExisting is OpenSQL for a database of somebody else: it makes no file, and changes nothing of one.
func OpenExisting(kind, text string) (*sql.DB, sqlstore.Dialect, error) {
	if kind == database.SQLite {
		dsn, file, err := sqliteDSN(text, "busy_timeout(10000)")
		if err == nil {
			err = readable(file)
		}
		if err != nil {
			return nil, 0, err
		}
		text = dsn + "&mode=rw" // the last one counts
	}
	return open(kind, text)
}

// readable returns why a SQLite file cannot be opened: the driver's own error says that memory is missing. It does not
// name the file, which may be the URL of another database with its password.
func readable(file string) error {
	f, err := os.Open(file)
	var at *fs.PathError
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("unable to open the SQLite file: it does not exist")
	case errors.As(err, &at):
		err = at.Err
	}
	return fmt.Errorf("unable to open the SQLite file: %w", err)
}

func open(kind, text string) (*sql.DB, sqlstore.Dialect, error) {
	var driver string
	var dialect sqlstore.Dialect
	var err error
	switch kind {
	case database.Postgres:
		driver, dialect = "pgx", sqlstore.PostgreSQL
		if _, bad := pgx.ParseConfig(text); bad != nil { // whose text may hold the password
			err = errors.New("must be a URL such as postgres://user:password@127.0.0.1:5432/database, with " +
				"parameters that PostgreSQL has")
		}
	case database.MySQL:
		driver, dialect = "mysql", sqlstore.MySQL
		text, err = mysqlDSN(text)
	case database.SQLite:
		driver, dialect = "sqlite", sqlstore.SQLite
	default:
		err = fmt.Errorf("must be redis, sqlite, postgres or mysql, not %q", kind)
	}
	if err != nil {
		return nil, 0, err
	}
	db, err := sql.Open(driver, text)
	if err != nil {
		return nil, 0, fmt.Errorf("is not a URL of a %s database", kind)
	}
	return db, dialect, nil
}

// mysqlDSN takes mysql://user:password@host:port/database, and the driver's own form.
func mysqlDSN(text string) (string, error) {
	wrong := errors.New("must be a URL such as mysql://user:password@127.0.0.1:3306/database")
	if !strings.HasPrefix(text, "mysql://") {
		if _, err := mysql.ParseDSN(text); err != nil {
			return "", wrong
		}
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", wrong
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	dsn := c.FormatDSN()
	if u.RawQuery == "" {
		return dsn, nil
	}
	// Parameters are those of the driver, such as tls=true. Ignored ones would connect without what was asked for. They
	// are encoded again, because the driver looks for the database behind the last slash.
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errors.New("has a parameter with a wrong value")
	}
	joint := "?"
	if strings.Contains(dsn[strings.LastIndexByte(dsn, '/'):], "?") {
		joint = "&"
	}
	// One that the driver does not know goes to the server, as a variable of the session, which refuses unknown ones.
	dsn += joint + parameters.Encode()
	if _, err := mysql.ParseDSN(dsn); err != nil {
		return "", errors.New("has a parameter with a wrong value")
	}
	return dsn, nil
}

// sqliteDSN makes the driver wait for a lock, and with journal_mode(WAL) readers not wait for writers. It returns the
// name of the file too. SQLite reads a URI, so what would end a path in one is escaped: of "a#1.db" it would open "a".
func sqliteDSN(text string, pragmas ...string) (dsn, file string, err error) {
	path, isURI := strings.CutPrefix(text, "sqlite://")
	if !isURI {
		path, isURI = strings.CutPrefix(text, "file:")
	}
	file, query, _ := strings.Cut(path, "?")
	if isURI {
		file, err = url.PathUnescape(file)
	}
	if err != nil || file == "" {
		return "", "", errors.New("must be the path of a SQLite file, such as replay.db")
	}
	params, _ := url.ParseQuery(query)
	params["_pragma"] = append(pragmas, params["_pragma"]...)
	params.Set("_txlock", "immediate")
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + params.Encode(), file, nil
}
