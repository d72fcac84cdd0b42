package core_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/limit/memlimit"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/replay/redisstore"
	"github.com/sallyport-go/sallyport/core/replay/sqlstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sources"
)

// TestAZeroValueIsAMistakeOfItsSetting: what only its constructor makes usable must not pass New, and panic at the
// first delivery.
func TestAZeroValueIsAMistakeOfItsSetting(t *testing.T) {
	t.Parallel()
	var nilSource *secrets.FuncSource
	byTenant := func(src secrets.Source) func(c *core.Config) {
		return func(c *core.Config) {
			c.Tenant = core.TenantFromHeader("Acme-Account")
			c.Secrets = secrets.ByTenant(map[string]secrets.Source{"acme": src})
		}
	}
	for _, row := range []struct {
		name, field string
		change      func(c *core.Config)
	}{
		{"a function's secrets", "Secrets", func(c *core.Config) { c.Secrets = &secrets.FuncSource{} }},
		{"a function's secrets, made from the zero value", "Secrets",
			func(c *core.Config) { c.Secrets = (&secrets.FuncSource{}).RefuseAfter(1) }},
		{"a tenant's secrets", `Secrets["acme"]`, byTenant(&secrets.FuncSource{})},
		{"a tenant's secrets that are a typed nil", `Secrets["acme"]`, byTenant(nilSource)},
		{"a tenant's secrets that are a nil function", `Secrets["acme"]`, byTenant(ownSource(nil))},
		{"verify tokens", "Setup.VerifyTokens", func(c *core.Config) { c.Setup.VerifyTokens = &secrets.FuncSource{} }},
		{"a credential's values", "Credentials[0]",
			func(c *core.Config) {
				c.Credentials = []core.Credential{core.HeaderToken("Acme-Token", &secrets.FuncSource{})}
			}},
		{"a credential's values that are a typed nil", "Credentials[0]",
			func(c *core.Config) { c.Credentials = []core.Credential{core.HeaderToken("Acme-Token", nilSource)} }},
		{"a store in memory", "Replay", func(c *core.Config) { c.Replay = &memstore.Store{} }},
		{"a store in Redis", "Replay", func(c *core.Config) { c.Replay = &redisstore.Store{} }},
		{"a store in a database", "Replay", func(c *core.Config) { c.Replay = &sqlstore.Store{} }},
		{"a followed list of addresses", "Sources", func(c *core.Config) { c.Sources = &sources.List{} }},
		{"keys that are fetched", "Keys", func(c *core.Config) { c.Keys = &keys.Remote{} }},
		{"a limiter", "RateLimit.Limiter", func(c *core.Config) { c.RateLimit.Limiter = &memlimit.Limiter{} }},
		{"a limiter of failures", "RateLimit.FailureLimiter",
			func(c *core.Config) { c.RateLimit.FailureLimiter = &memlimit.Limiter{} }},
		{"a journal", "Journal", func(c *core.Config) { c.Journal = &journal.Journal{} }},
		{"a logger", "Logger", func(c *core.Config) { c.Logger = &slog.Logger{} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(timestamped())
			row.change(&c)
			g, err := core.New(c)
			require.Nil(t, g)
			fields := []string{}
			for _, mistake := range core.ConfigErrors(err) {
				fields = append(fields, mistake.Field)
			}
			require.Contains(t, fields, row.field)
		})
	}
}

// ownSource is an app's own source of secrets.
type ownSource func() (*secrets.List, error)

func (s ownSource) Lookup(context.Context, string) (*secrets.List, error) { return s() }

// ownStore is an app's own store, whose zero value may well work.
type ownStore struct{ replay.Store }

func (*ownStore) Scope() replay.Scope { return replay.Process }

func TestAnAppsOwnZeroValueIsItsOwnBusiness(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	c.Replay = &ownStore{}
	mustNew(t, c)
}

// TestASourceThatWasNotMadeHasNoSecrets: outside of a guard too, an error and no panic.
func TestASourceThatWasNotMadeHasNoSecrets(t *testing.T) {
	t.Parallel()
	var none *secrets.FuncSource
	for _, src := range []secrets.Source{none, &secrets.FuncSource{}, none.RefuseAfter(1)} {
		_, err := src.Lookup(context.Background(), "acme")
		require.ErrorContains(t, err, "FromFunc")
		require.NotErrorIs(t, err, secrets.ErrUnknownTenant)
	}
	var list *secrets.List
	require.Nil(t, list.Fault())
	_, err := (&sources.List{}).Sources(context.Background())
	require.ErrorContains(t, err, "Open")
	_, err = journal.New((*journal.Memory)(nil), journal.Config{})
	require.ErrorContains(t, err, "Store is nil")
}
