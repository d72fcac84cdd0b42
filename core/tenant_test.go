package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

const (
	acmeSecret   = "acme's-secret-of-enough-bytes!!!"
	globexSecret = "globex's-secret-of-enough-bytes!"

	// The digest of length-prefixed "sallyport identity 1", "test", "acme", "id", "evt_1".
	goldenTenantIdentity = "3ab328d64d54fe65d122c2848015ad76014b6cb57d75c6981d6941ecb9fad392"
)

func tenantConfig(e entry.Entry) (core.Config, *records) {
	c, rec := config(e)
	c.Tenant = core.TenantFromHeader("X-Tenant")
	c.Secrets = secrets.ByTenant(map[string]secrets.Source{
		"acme": secrets.Static(acmeSecret), "globex": secrets.Static(globexSecret),
	})
	return c, rec
}

// of is a delivery for a tenant, signed with a secret.
func of(tenant, secret, body string) *http.Request {
	r := signedBy(secret, body)
	r.Header.Set("X-Tenant", tenant)
	return r
}

func TestATenantIsProvedByItsOwnSecret(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	g := mustNew(t, c)
	var got core.Event
	keep := func(r *http.Request, e core.Event) error {
		got = e
		d, _ := core.FromContext(r.Context())
		require.Equal(t, e.Tenant, d.Tenant())
		return nil
	}
	for _, row := range []struct{ tenant, secret string }{{"acme", acmeSecret}, {"globex", globexSecret}} {
		require.Equal(t, 200, run(g, of(row.tenant, row.secret, event), keep).Code,
			"the same id is another tenant's event")
		require.Equal(t, row.tenant, got.Tenant)
		require.True(t, got.Authenticated.Tenant)
		require.Equal(t, row.tenant, rec.last(t, g).Tenant)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)
	}
	run(g, of("acme", globexSecret, event), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
	require.Equal(t, "acme", rec.last(t, g).Tenant, "the tenant is known, if not proved")
	run(g, of("Acme", acmeSecret, event), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
}

func TestAnUnknownTenantIsRefusedAsAForgeryIs(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	g := mustNew(t, c)
	want := httptest.NewRecorder()
	httpwebhook.Verify(g)(signal(never(t))).ServeHTTP(want, of("acme", testSecret, event))
	require.Equal(t, 400, want.Code)
	require.Contains(t, rec.last(t, g).Detail, "matches under none")

	twice := of("acme", acmeSecret, event)
	twice.Header.Add("X-Tenant", "acme")
	without := of("acme", acmeSecret, event)
	without.Header.Del("X-Tenant")
	for _, row := range []struct {
		name string
		r    *http.Request
		says string
	}{
		{"a tenant that is not there", of("initech", acmeSecret, event), "is unknown"},
		{"no key", without, "no X-Tenant header"},
		{"an empty key", of("", acmeSecret, event), "longer than any, or holds"},
		{"two keys", twice, "more than once"},
		{"a long key", of(strings.Repeat("a", 129), acmeSecret, event), "longer than any"},
		{"a slash", of("acme/../globex", acmeSecret, event), "characters"},
		{"a bar", of("acme|x", acmeSecret, event), "characters"},
		{"a zero byte", of("acme\x00", acmeSecret, event), "characters"},
		{"a letter that looks like another", of("аcme", acmeSecret, event), "characters"},
	} {
		w := run(g, row.r, never(t))
		require.Equal(t, want.Code, w.Code, row.name)
		require.Equal(t, want.Header(), w.Header(), row.name)
		require.Equal(t, want.Body.Bytes(), w.Body.Bytes(), row.name)
		require.Equal(t, reason.BadSignature, rec.last(t, g).Reason, row.name)
		require.Contains(t, rec.last(t, g).Detail, row.says, row.name)
		require.Empty(t, rec.last(t, g).Tenant, row.name)
	}
	w := run(g, of(strings.Repeat("a", 128), acmeSecret, event), never(t))
	require.Equal(t, want.Body.Bytes(), w.Body.Bytes())
	require.Contains(t, rec.last(t, g).Detail, "is unknown", "128 is a key's length still")
}

// asked counts the lookups of a source.
type asked struct {
	secrets.Source
	n    atomic.Int64
	last atomic.Value
}

func (a *asked) Lookup(ctx context.Context, tenant string) (*secrets.List, error) {
	a.n.Add(1)
	a.last.Store(tenant)
	return a.Source.Lookup(ctx, tenant)
}

func TestAnUnknownTenantCostsWhatAForgeryCosts(t *testing.T) {
	t.Parallel()
	c, _ := tenantConfig(timestamped())
	src := &asked{Source: c.Secrets}
	c.Secrets = src
	g := mustNew(t, c)
	require.Zero(t, src.n.Load(), "nobody's list is looked up before a delivery names it")
	run(g, of("acme", testSecret, event), never(t)) // compiles
	require.NoError(t, g.Flush(t.Context()), "what is explained of it hashes too")
	known, unknown := g.CountHashes("acme"), g.CountHashes("")

	work := func(tenant string, h *core.Hashed) [4]int64 {
		before := [2]int64{src.n.Load(), g.OpenBodies()}
		r := of(tenant, testSecret, event)
		// so that the refusal is not explained, which would hash too
		r.Header.Set("X-Filler", strings.Repeat("x", 20<<10))
		read := &countedBody{Reader: strings.NewReader(event)}
		r.Body = read
		run(g, r, never(t))
		return [4]int64{src.n.Load() - before[0], h.Bytes.Swap(0), h.Sums.Swap(0), read.n.Load()}
	}
	want := work("acme", known)
	require.EqualValues(t, 1, want[2], "one MAC")
	require.EqualValues(t, len(event), want[3], "the body was read")
	require.Equal(t, want, work("initech", unknown))
	r := of("", testSecret, event)
	r.Header.Set("X-Filler", strings.Repeat("x", 20<<10))
	run(g, r, never(t))
	require.EqualValues(t, 1, unknown.Sums.Load(), "a key that is none costs the same, but for the lookup")
}

func TestTheKeyThatNobodyHasProvesNothing(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	g := mustNew(t, c)
	at := fmt.Sprint(testTime.Unix())
	r := post(event, "X-Tenant", "initech", "Acme-Signature", "t="+at+",v1="+g.DecoyMAC(at, ".", event))
	run(g, r, never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
	require.Contains(t, rec.last(t, g).Detail, "is unknown")
}

type countedBody struct {
	*strings.Reader
	n atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.n.Add(int64(n))
	return n, err
}

func (*countedBody) Close() error { return nil }

func TestCredentialsAreLookedUpByTenant(t *testing.T) {
	t.Parallel()
	const acmePair, globexPair = "acme:a-password-of-enough-bytes", "globex:a-password-of-enough-bytes"
	c, rec := config(basicOnly())
	c.Tenant = core.TenantFromHeader("X-Tenant")
	c.Secrets = secrets.ByTenant(map[string]secrets.Source{
		"acme": secrets.Static(acmePair), "globex": secrets.Static(globexPair),
	})
	g := mustNew(t, c)
	send := func(tenant, pair string) *httptest.ResponseRecorder {
		return run(g, post("x", "X-Tenant", tenant, "Authorization", basicHeader(pair)), ok)
	}
	require.Equal(t, 200, send("acme", acmePair).Code)
	require.Equal(t, "acme", rec.last(t, g).Tenant)
	bad := send("acme", globexPair)
	require.Equal(t, reason.BadCredential, rec.last(t, g).Reason)
	unknown := send("initech", acmePair)
	require.Equal(t, reason.BadCredential, rec.last(t, g).Reason)
	require.Contains(t, rec.last(t, g).Detail, "is unknown")
	require.Equal(t, bad.Body.Bytes(), unknown.Body.Bytes())
	require.Equal(t, bad.Header(), unknown.Header())
}

func TestASharedCredentialInAdditionToATenantsSecret(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static(testSecret))}
	g := mustNew(t, c)
	send := func(tenant, secret string) reason.Reason {
		r := of(tenant, secret, event)
		r.Header.Set("X-Token", testSecret)
		run(g, r, ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, send("acme", acmeSecret))
	require.Equal(t, reason.BadSignature, send("globex", acmeSecret))
}

func TestTenantsThatCannotBeConfigured(t *testing.T) {
	t.Parallel()
	const canary = "canary-5h"
	for _, row := range []struct {
		name   string
		change func(*core.Config)
		says   string
	}{
		{"one secret for all", func(c *core.Config) { c.Secrets = secrets.Static(testSecret) },
			"proved by the same secrets"},
		{"no parameter", func(c *core.Config) { c.Tenant = core.TenantFromPath("") }, "names no parameter"},
		{"no header", func(c *core.Config) { c.Tenant = core.TenantFromHeader("X Tenant") }, "no header"},
		{"no tenants", func(c *core.Config) { c.Secrets = secrets.ByTenant(nil) }, "no tenant is configured"},
		{"awaiting a secret", func(c *core.Config) { c.Secrets, c.Setup.AwaitingSecret = nil, true }, "for one sender"},
		{"a short secret of one tenant", func(c *core.Config) {
			c.Secrets = secrets.ByTenant(map[string]secrets.Source{"acme": secrets.Static(acmeSecret),
				"globex": secrets.Static(acmeSecret, canary)})
		}, `Secrets["globex"][1] (#2): the secret has 9 bytes`},
		{"a tenant without a source", func(c *core.Config) {
			c.Secrets = secrets.ByTenant(map[string]secrets.Source{"acme": nil})
		}, `Secrets["acme"]`},
		{"a tenant that no request can name", func(c *core.Config) {
			c.Secrets = secrets.ByTenant(map[string]secrets.Source{"a/b": secrets.Static(acmeSecret)})
		}, `Secrets["a/b"]: no request can name this tenant`},
	} {
		c, _ := tenantConfig(timestamped())
		row.change(&c)
		_, err := core.New(c)
		require.ErrorContains(t, err, row.says, row.name)
		require.NotContains(t, err.Error(), canary, row.name)
	}
}

func TestSecretsByTenantWithoutATenantKnowsNobody(t *testing.T) {
	t.Parallel()
	c, _ := tenantConfig(timestamped())
	c.Tenant = core.TenantKey{}
	_, err := core.New(c)
	require.ErrorContains(t, err, "the tenant is unknown")
}

func TestATenantFromThePath(t *testing.T) {
	t.Parallel()
	log := &testlog.Log{}
	c, rec := tenantConfig(timestamped())
	c.Tenant, c.Logger = core.TenantFromPath("tenant"), log.Logger()
	g := mustNew(t, c)
	mux := http.NewServeMux()
	mux.Handle("/hooks/{tenant}", httpwebhook.Verify(g)(signal(ok)))
	send := func(path string) core.Record {
		r := signedBy(acmeSecret, event)
		r.URL.Path = path
		mux.ServeHTTP(httptest.NewRecorder(), r)
		return rec.last(t, g)
	}
	require.Equal(t, reason.Accepted, send("/hooks/acme").Reason)
	require.Equal(t, reason.BadSignature, send("/hooks/globex").Reason)
	require.Equal(t, reason.BadSignature, send("/hooks/initech").Reason)
	require.NotContains(t, log.String(), "cannot see the tenant")

	for range 3 { // before routing
		run(g, signedBy(acmeSecret, event), never(t))
		require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
		require.Contains(t, rec.last(t, g).Detail, "mount the guard on the route itself")
	}
	require.Equal(t, 1, strings.Count(log.String(), "cannot see the tenant in the path"))
}

func TestForgettingATenantsEvent(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	g := mustNew(t, c)
	send := func(tenant, secret string) reason.Reason {
		run(g, of(tenant, secret, event), ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, send("acme", acmeSecret))
	require.Equal(t, reason.Accepted, send("globex", globexSecret))
	_, err := g.IdentityOf(t.Context(), "", "evt_1")
	require.ErrorContains(t, err, "give the tenant too", "whose?")
	require.Equal(t, reason.Duplicate, send("acme", acmeSecret))
	id, err := g.IdentityOf(t.Context(), "acme", "evt_1")
	require.NoError(t, err)
	require.NoError(t, g.Forget(t.Context(), id))
	require.Equal(t, reason.Duplicate, send("globex", globexSecret))
	require.Equal(t, reason.Accepted, send("acme", acmeSecret))
}

func TestAnIdThatNamesNoEventIsAnErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	shops := timestamped()
	shops.Event.Tenant = []entry.Value{{Header: "X-Shop"}}
	for _, row := range []struct {
		name   string
		entry  entry.Entry
		tenant string
		change func(*core.Config)
		want   string
	}{
		{"the app names the events", timestamped(), "", func(c *core.Config) {
			c.Identity = func(e core.Event) string { return e.ID }
		}, "Config.Identity names the events of Acme"},
		{"a digest names them", plain(), "", nil,
			"not remembered by their id alone: take the identity, 64 hexadecimal digits"},
		{"the tenant of the provider is left out", shops, "", nil, "give the tenant too"},
		{"the tenant of the endpoint is left out", timestamped(), "", func(c *core.Config) {
			c.Tenant, c.Secrets = core.TenantFromPath("tenant"), secrets.FromFunc(lenient, time.Minute)
		}, "give the tenant too"},
		{"both have a tenant", shops, "acme", func(c *core.Config) {
			c.Tenant, c.Secrets = core.TenantFromPath("tenant"), secrets.FromFunc(lenient, time.Minute)
		}, "remembered by two tenants"},
		{"nobody has a tenant", timestamped(), "acme", nil, "leave it out"},
		{"the source does not say whose a key is", timestamped(), "Acme", func(c *core.Config) {
			c.Tenant, c.Secrets = core.TenantFromPath("tenant"),
				secrets.FromFunc(func(context.Context, string) ([]secrets.Secret, error) {
					return nil, errors.New("the database is down")
				}, time.Minute)
		}, "the database is down"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(row.entry)
			if row.change != nil {
				row.change(&c)
			}
			id, err := mustNew(t, c).IdentityOf(t.Context(), row.tenant, "evt_1")
			require.ErrorContains(t, err, row.want)
			require.Zero(t, id)
		})
	}
}

func TestTwoTenantsThatTheProviderDistinguishesUnderOneKey(t *testing.T) {
	t.Parallel()
	e := timestamped()
	e.Event.Tenant = []entry.Value{{Header: "X-Shop"}}
	e.Identity.UnsignedTenant = true
	c, rec := tenantConfig(e)
	g := mustNew(t, c)
	for _, row := range []struct {
		shop string
		want reason.Reason
	}{{"a", reason.Accepted}, {"b", reason.Accepted}, {"a", reason.Duplicate}} {
		r := of("acme", acmeSecret, event)
		r.Header.Set("X-Shop", row.shop)
		run(g, r, func(_ context.Context, e core.Event) error { require.Equal(t, "acme", e.Tenant); return nil })
		require.Equal(t, row.want, rec.last(t, g).Reason)
	}
}

func TestTheIdentityOfATenantsEventNeverChanges(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	g := mustNew(t, c)
	run(g, of("acme", acmeSecret, event), ok)
	require.Equal(t, goldenTenantIdentity, rec.last(t, g).Identity.String())
}

func TestRatesAreCountedForEachTenant(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	c.RateLimit = core.RateLimit{PerSecond: 0.001, Burst: 2}
	g := mustNew(t, c)
	send := func(tenant, secret string, n int) reason.Reason {
		run(g, of(tenant, secret, fmt.Sprintf(`{"id":"%s%d"}`, tenant, n)), ok)
		return rec.last(t, g).Reason
	}
	for n := range 2 {
		require.Equal(t, reason.Accepted, send("acme", acmeSecret, n))
	}
	require.Equal(t, reason.RateLimited, send("acme", acmeSecret, 3))
	require.Equal(t, reason.Accepted, send("globex", globexSecret, 1),
		"another tenant's deliveries from the same address")

	// Failures: of each known tenant by itself, of unknown ones together.
	require.Equal(t, reason.BadSignature, send("globex", testSecret, 1))
	require.Equal(t, reason.BadSignature, send("globex", testSecret, 1))
	require.Equal(t, reason.RateLimited, send("globex", testSecret, 1))
	require.Equal(t, reason.BadSignature, send("one", testSecret, 1))
	require.Equal(t, reason.BadSignature, send("two", testSecret, 1))
	require.Equal(t, reason.RateLimited, send("three", testSecret, 1), "a new name is no new budget")
	require.Equal(t, reason.Accepted, send("globex", globexSecret, 2))
}

// bySQL is a source of one's own, such as a table.
type bySQL struct {
	mu    sync.Mutex
	lists map[string]*secrets.List
	err   error
}

func (b *bySQL) Lookup(_ context.Context, tenant string) (*secrets.List, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil, b.err
	}
	list := b.lists[tenant]
	if list == nil {
		return nil, fmt.Errorf("no row: %w", secrets.ErrUnknownTenant)
	}
	return list, nil
}

func (b *bySQL) set(tenant string, accepted ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []secrets.Secret
	for _, s := range accepted {
		all = append(all, secrets.New("", s))
	}
	b.lists[tenant] = secrets.NewList(all...)
}

func TestTenantsComeChangeAndGo(t *testing.T) {
	t.Parallel()
	src, log := &bySQL{lists: map[string]*secrets.List{}}, &testlog.Log{}
	c, rec := tenantConfig(timestamped())
	c.Secrets, c.Logger = src, log.Logger()
	g := mustNew(t, c)
	n := 0
	send := func(secret string) reason.Reason {
		n++
		run(g, of("acme", secret, fmt.Sprintf(`{"id":"%d"}`, n)), ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.BadSignature, send(acmeSecret))
	src.set("acme")
	require.Equal(t, reason.BadSignature, send(acmeSecret), "an empty list is no tenant")
	require.Zero(t, g.CompiledTenants())
	src.set("acme", "short")
	require.Equal(t, reason.NoActiveSecret, send(acmeSecret), "a mistake of ours is not the sender's")
	require.Contains(t, log.String(), "tenant=acme")
	src.set("acme", acmeSecret)
	require.Equal(t, reason.Accepted, send(acmeSecret))
	src.set("acme", "short")
	require.Equal(t, reason.Accepted, send(acmeSecret))
	require.True(t, rec.last(t, g).SecretsStale)
	require.Contains(t, g.Health().SecretsProblem, "needs at least 16")
	src.set("acme", testSecret)
	require.Equal(t, reason.BadSignature, send(acmeSecret))
	require.Equal(t, reason.Accepted, send(testSecret))
	src.err = errors.New("the database is away")
	require.Equal(t, reason.NoActiveSecret, send(testSecret))
	src.err = nil
	delete(src.lists, "acme")
	require.Equal(t, reason.BadSignature, send(testSecret))
	require.Zero(t, g.CompiledTenants())
}

func TestCompiledTenantsAreBounded(t *testing.T) {
	t.Parallel()
	src := &bySQL{lists: map[string]*secrets.List{}}
	c, rec := tenantConfig(timestamped())
	c.Secrets = src
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	for i := range core.MaxTenants + 50 {
		tenant := fmt.Sprint("t", i)
		src.set(tenant, acmeSecret)
		run(g, of(tenant, acmeSecret, event), ok)
	}
	require.Equal(t, core.MaxTenants, g.CompiledTenants())
	run(g, of("t0", acmeSecret, event), ok)
	require.Equal(t, reason.Accepted, rec.last(t, g).Reason, "one that was dropped is compiled again")
}

func TestTenantsInUseAtTheSameTime(t *testing.T) {
	t.Parallel()
	src := &bySQL{lists: map[string]*secrets.List{}}
	for i := range 8 {
		src.set(fmt.Sprint("t", i), fmt.Sprint(acmeSecret, i))
	}
	c, _ := tenantConfig(timestamped())
	c.Secrets, c.Replay = src, core.DangerouslyNoReplay
	g := mustNew(t, c)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 100 {
				i := (worker + n) % 8
				if n%10 == 0 {
					src.set(fmt.Sprint("t", i), fmt.Sprint(acmeSecret, i))
				}
				if w := run(g, of(fmt.Sprint("t", i), fmt.Sprint(acmeSecret, i), event), ok); w.Code != 200 {
					t.Errorf("tenant %d: %d", i, w.Code)
				}
				if w := run(g, of(fmt.Sprint("u", n), acmeSecret, event), never(t)); w.Code != 400 {
					t.Errorf("unknown: %d", w.Code)
				}
			}
		})
	}
	wg.Wait()
}

func TestATenantThatIsNotProvedIsNotAuthenticated(t *testing.T) {
	t.Parallel()
	c, rec := tenantConfig(timestamped())
	c.DangerouslyReportOnly = []core.Check{core.CheckSignature}
	g := mustNew(t, c)
	ran := false
	run(g, of("acme", testSecret, event), func(_ context.Context, e core.Event) error {
		ran = true
		require.True(t, e.Unproved)
		require.False(t, e.Authenticated.Tenant)
		require.Equal(t, "acme", e.Tenant)
		return nil
	})
	require.True(t, ran)
	require.Equal(t, "acme", rec.last(t, g).Tenant)
	run(g, of("initech", testSecret, event), never(t))
	require.Equal(t, reason.BadSignature, rec.last(t, g).Reason,
		"nothing is configured for it, so that there is nothing to report")
	for _, u := range g.Rotation().Secrets {
		require.Zero(t, u.Matched)
	}
}

func TestNoValueReachesLogsRecordsOrErrors(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	log := &testlog.Log{}
	c, _ := tenantConfig(timestamped())
	var said strings.Builder
	c.Logger = log.Logger()
	c.Observers = []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
		fmt.Fprintf(&said, "%+v\n",
			r)
	})}
	const short, long = canary + "-5h", canary + "-a-secret-of-enough-bytes"
	src := &bySQL{lists: map[string]*secrets.List{}}
	c.Secrets = src
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", secrets.Static(long))}
	g := mustNew(t, c)
	send := func(tenant, secret, token string) {
		r := of(tenant, secret, `{"id":"1"}`)
		r.Header.Set("X-Token", token)
		w := run(g, r, ok)
		require.NotContains(t, w.Body.String(), canary)
	}
	src.set("acme", long, short)
	send("acme", long, long)
	src.set("acme", long)
	send("acme", long, long)
	send("acme", long, long)
	src.set("acme", short)
	send("acme", long, long)
	send("acme", canary, long)
	send("acme", long, canary)
	send(canary, long, long)
	send(canary+"/..", long, long)
	require.NoError(t, g.Flush(t.Context())) // what is explained asks the source
	src.err = errors.New("away")
	send("acme", long, long)
	require.NoError(t, g.Flush(t.Context()))
	for what, text := range map[string]string{
		"the log": log.String(), "the records": said.String(),
		"the rotation": g.Rotation().String() + fmt.Sprintf("%+v", g.Rotation()),
		"the health":   fmt.Sprintf("%+v", g.Health()), "the guard": fmt.Sprintf("%+v %#v", g, c),
	} {
		require.NotContains(t, text, canary, what)
	}
}

// becoming is a source that learns of a tenant while a delivery of it is being checked.
type becoming struct {
	secrets.Source
	left atomic.Int64 // lookups until the tenant is known
}

func (b *becoming) Lookup(ctx context.Context, tenant string) (*secrets.List, error) {
	if b.left.Add(-1) >= 0 {
		return nil, secrets.ErrUnknownTenant
	}
	return b.Source.Lookup(ctx, tenant)
}

func TestATenantThatBecomesKnownMeanwhileProvesNothingForNobody(t *testing.T) {
	t.Parallel()
	for unknown := range int64(4) {
		c, rec := tenantConfig(timestamped())
		src := &becoming{Source: c.Secrets}
		c.Secrets = src
		g := mustNew(t, c)
		src.left.Store(unknown)
		ran := 0
		w := run(g, of("acme", acmeSecret, event), func(_ context.Context, e core.Event) error {
			ran++
			require.Equal(t, "acme", e.Tenant, "whoever has no tenant is not everybody's")
			return nil
		})
		r := rec.last(t, g)
		if unknown == 0 {
			require.Equal(t, []int{200, 1}, []int{w.Code, ran})
			continue
		}
		require.Zero(t, ran)
		require.Equal(t, 400, w.Code)
		require.Equal(t, reason.BadSignature, r.Reason)
		require.Contains(t, r.Detail, "is unknown")
		require.Zero(t, g.Health().LastProved)
	}

	// The same where the signature is everybody's and the credential the tenant's.
	c, rec := tenantConfig(timestamped())
	src := &becoming{Source: c.Secrets}
	c.Secrets = secrets.Static(testSecret)
	c.Credentials = []core.Credential{core.HeaderToken("X-Token", src)}
	g := mustNew(t, c)
	src.left.Store(1)
	r := of("acme", testSecret, event)
	r.Header.Set("X-Token", acmeSecret)
	require.Equal(t, 400, run(g, r, never(t)).Code)
	require.Contains(t, rec.last(t, g).Detail, "is unknown")
}
