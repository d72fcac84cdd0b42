package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
)

func Example() {
	ctx := context.Background()
	db, err := sql.Open("pgx", "postgres://app@db.example/app") // with the import of github.com/jackc/pgx/v5/stdlib
	if err != nil {
		log.Fatal(err)
	}
	if err := sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(ctx, db, sqlstore.PostgreSQL, "billing")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()

	_ = core.Config{Replay: store} // and the provider, the secrets and the endpoint's name
}

func ExampleSchema() {
	fmt.Print(sqlstore.Schema(sqlstore.PostgreSQL, ""))
	// Output:
	// CREATE TABLE IF NOT EXISTS "sallyport_replay" (
	//   namespace text COLLATE "C" NOT NULL,
	//   identity  bytea  NOT NULL,
	//   digest    bytea  NOT NULL,
	//   token     bigint NOT NULL,
	//   ends_at   bigint NOT NULL,
	//   done_at   bigint,
	//   PRIMARY KEY (namespace, identity)
	// );
	// CREATE INDEX IF NOT EXISTS "sallyport_replay_ends_at" ON "sallyport_replay" (namespace, ends_at);
}
