package sqljournal_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sqltx"
)

// The journal is made from the replay store, so that both use one database, dialect and namespace.
func Example() {
	ctx := context.Background()
	db, err := sql.Open("pgx", "postgres://app@db.example/app") // with the import of github.com/jackc/pgx/v5/stdlib
	if err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "billing")
	if err != nil {
		log.Fatal(err)
	}
	if err := sqljournal.Migrate(ctx, store); err != nil {
		log.Fatal(err)
	}
	kept, err := sqljournal.New(ctx, store, journal.Config{
		Keys: secrets.FromEnv("JOURNAL_KEY"), // at least 32 random characters
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = kept // core.Config{Replay: store, Journal: kept, ...}
}

func ExampleSchema() {
	fmt.Println("-- version", sqljournal.Version)
	fmt.Print(sqljournal.Schema(sqltx.PostgreSQL, ""))
	// Output:
	// -- version 1
	// CREATE TABLE IF NOT EXISTS "sallyport_journal" (
	//   namespace  text COLLATE "C" NOT NULL,
	//   id         text COLLATE "C" NOT NULL,
	//   revision   bigint   NOT NULL,
	//   state      smallint NOT NULL,
	//   endpoint   text COLLATE "C" NOT NULL,
	//   changed_at bigint   NOT NULL,
	//   content    bytea    NOT NULL,
	//   PRIMARY KEY (namespace, id)
	// );
	// CREATE INDEX IF NOT EXISTS "sallyport_journal_state" ON "sallyport_journal" (namespace, state, changed_at, id);
	// CREATE INDEX IF NOT EXISTS "sallyport_journal_endpoint" ON "sallyport_journal" (namespace, endpoint, state, changed_at, id);
}
