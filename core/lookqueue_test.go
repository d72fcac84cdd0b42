package core_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sources"
)

// manyTenants is a source whose look takes 100 ms, with so many tenants.
func manyTenants(n int) (*vault, *secrets.FuncSource) {
	v := newVault("")
	v.takes = 100 * time.Millisecond
	for i := range n {
		v.values[fmt.Sprint("tenant-", i)] = acmeSecret
	}
	return v, secrets.FromFunc(v.fetch, time.Minute)
}

// genuineFor is a genuine delivery for a tenant.
func genuineFor(tenant, source string) *http.Request {
	return from(of(tenant, acmeSecret, event), source)
}

func tenantGuard(t *testing.T, src secrets.Source, change func(*core.Config)) *core.Guard {
	t.Helper()
	c, _ := tenantConfig(timestamped())
	c.Secrets, c.Replay, c.TrustedProxies = src, core.DangerouslyNoReplay, ""
	if change != nil {
		change(&c)
	}
	return mustNew(t, c)
}

// flood names invented tenants, perSecond from each of the senders, until the test's end.
func flood(ctx context.Context, wg *sync.WaitGroup, g *core.Guard, perSecond int, senders ...string) {
	for i, source := range senders {
		wg.Go(func() {
			pause := time.Second / time.Duration(perSecond)
			time.Sleep(pause * time.Duration(i) / time.Duration(len(senders)))
			for n := 0; ctx.Err() == nil; n++ {
				wg.Go(func() {
					r := from(of(fmt.Sprint("invented-", i, "-", n), "x", event), source)
					_, _ = g.Receive(deadlined{}, r, adapter.Inbound{})
				})
				time.Sleep(pause)
			}
		})
	}
}

func networks(prefix string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s.%d.%d", prefix, i/250, 1+i%250))
	}
	return all
}

// TestInventedTenantsKeepNoNewTenantOut: 400 invented tenants a second, and a look takes 100 ms. 40 tenants that are
// new to the process get in at their first attempt.
func TestInventedTenantsKeepNoNewTenantOut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		flooded []string // senders of invented tenants
		genuine func(i int) string
		sources sources.Source
		pause   time.Duration // between two genuine deliveries
	}{
		{"4 senders invent, and the tenants have senders of their own", networks("203.0", 4),
			func(i int) string { return fmt.Sprint("198.51.100.", 1+i) }, nil, 0},
		{"4 senders invent, and the tenants come from one sender at once", networks("203.0", 4),
			func(int) string { return "198.51.100.1" }, nil, 0},
		{"4 senders invent, and the tenants come one after the other", networks("203.0", 4),
			func(i int) string { return fmt.Sprint("198.51.100.", 1+i%5) }, nil, 500 * time.Millisecond},
		{"4 senders invent, and the tenants have senders of the same /48", []string{
			"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1",
		}, func(i int) string { return fmt.Sprintf("2001:db8:1:a%02x::1", i) }, nil, 100 * time.Millisecond},
		{"40 senders invent, and the tenants have senders of their own", networks("203.0", 40),
			func(i int) string { return fmt.Sprint("198.51.100.", 1+i) }, nil, 100 * time.Millisecond},
		{"each invented tenant comes from a sender of its own, and the genuine one is listed", networks("203.0", 400),
			func(int) string { return "198.51.100.1" }, core.Networks("198.51.100.0/24"), 100 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, src := manyTenants(40)
				g := tenantGuard(t, src, func(c *core.Config) {
					if c.Sources = row.sources; c.Sources != nil {
						// so that the others reach the source at all
						c.DangerouslyReportOnly = []core.Check{core.CheckSources}
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				flood(ctx, &wg, g, 400/len(row.flooded), row.flooded...)
				time.Sleep(20 * time.Second)
				codes := make([]int, 40)
				var deliveries sync.WaitGroup
				for i := range codes {
					deliveries.Go(func() {
						codes[i] = run(g, genuineFor(fmt.Sprint("tenant-", i), row.genuine(i)), ok).Code
					})
					time.Sleep(row.pause)
				}
				deliveries.Wait()
				for i, code := range codes {
					require.Equal(t, 200, code, "tenant %d", i)
				}
				cancel()
				rest(t, &wg, g)
			})
		})
	}
}

// TestOneNetworkKeepsNoNewTenantOut: whoever has an IPv6 /48 has 65,536 senders. Each of 400 invented tenants a second
// comes from another one.
func TestOneNetworkKeepsNoNewTenantOut(t *testing.T) {
	t.Parallel()
	for name, genuine := range map[string]func(i int) string{
		"IPv4":        func(i int) string { return fmt.Sprint("198.51.100.", 1+i) },
		"another /48": func(i int) string { return fmt.Sprintf("2001:db8:2:%x::1", i) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, src := manyTenants(40)
				g := tenantGuard(t, src, nil)
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						r := from(of(fmt.Sprint("invented-", n), "x", event), fmt.Sprintf("2001:db8:1:%x::1", n%65536))
						wg.Go(func() { _, _ = g.Receive(deadlined{}, r, adapter.Inbound{}) })
						time.Sleep(time.Second / 400)
					}
				})
				time.Sleep(20 * time.Second)
				for i := range 40 {
					begun := time.Now()
					assert.Equal(t, 200, run(g, genuineFor(fmt.Sprint("tenant-", i), genuine(i)), ok).Code, "tenant %d",
						i)
					assert.LessOrEqual(t, time.Since(begun), 300*time.Millisecond)
				}
				cancel()
				rest(t, &wg, g)
			})
		})
	}
}

// TestAProvedSenderIsLookedUpApart: 400 senders invent a tenant a second each. Who sent a genuine delivery before has
// the looks that are kept for it.
func TestAProvedSenderIsLookedUpApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, src := manyTenants(20)
		g := tenantGuard(t, src, nil)
		require.Equal(t, 200, run(g, genuineFor("tenant-0", "198.51.100.1"), ok).Code)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		flood(ctx, &wg, g, 1, networks("203.0", 400)...)
		time.Sleep(20 * time.Second)
		for i := range 20 {
			begun := time.Now()
			require.Equal(t, 200, run(g, genuineFor(fmt.Sprint("tenant-", i), "198.51.100.1"), ok).Code)
			require.LessOrEqual(t, time.Since(begun), 200*time.Millisecond)
		}
		cancel()
		rest(t, &wg, g)
	})
}

// TestWhoJoinsALookHasATicketOfItsOwn: the flood names a genuine tenant too, at the end of its own queue.
func TestWhoJoinsALookHasATicketOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, src := manyTenants(1)
		v.takes = 4 * time.Second
		g := tenantGuard(t, src, nil)
		var wg sync.WaitGroup
		forge := func(tenant string) {
			wg.Go(func() { run(g, from(of(tenant, "x", event), "203.0.113.1"), never(t)) })
			synctest.Wait()
		}
		for i := range 8 {
			forge(fmt.Sprint("running-", i))
		}
		time.Sleep(2 * time.Second)
		for i := range 100 {
			forge(fmt.Sprint("waiting-", i))
		}
		forge("tenant-0")
		v.change(func(v *vault) { v.takes = 100 * time.Millisecond })
		begun := time.Now()
		require.Equal(t, 200, run(g, genuineFor("tenant-0", "198.51.100.1"), ok).Code)
		require.Equal(t, 2100*time.Millisecond, time.Since(begun), "the first that ends makes room for it")
		require.Equal(t, 1, v.called("tenant-0"))
		rest(t, &wg, g)
	})
}

// TestTooManyIsNotRemembered: a sender with too much waiting is refused, and a moment later it is not.
func TestTooManyIsNotRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, src := manyTenants(1)
		v.takes = 4 * time.Second
		g := tenantGuard(t, src, nil)
		var wg sync.WaitGroup
		for i := range 8 + 256 {
			wg.Go(func() { run(g, from(of(fmt.Sprint("invented-", i), "x", event), "203.0.113.1"), never(t)) })
		}
		synctest.Wait()
		begun := time.Now()
		w := run(g, genuineFor("tenant-0", "203.0.113.1"), never(t))
		require.Equal(t, 503, w.Code)
		require.Zero(t, time.Since(begun))
		require.Zero(t, v.called("tenant-0"))
		v.change(func(v *vault) { v.takes = 0 })
		time.Sleep(4001 * time.Millisecond)
		require.Equal(t, 200, run(g, genuineFor("tenant-0", "203.0.113.1"), ok).Code)
		require.Equal(t, 1, v.called("tenant-0"))
		rest(t, &wg, g)
	})
}

// TestALookThatWaitedTooLongIsNotRemembered: nobody waits for it any more, and the next delivery begins another one.
func TestALookThatWaitedTooLongIsNotRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, src := manyTenants(2)
		v.takes = time.Hour
		g := tenantGuard(t, src, nil)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { run(g, from(of(fmt.Sprint("invented-", i), "x", event), "203.0.113.1"), never(t)) })
		}
		time.Sleep(time.Second)
		require.Equal(t, 503, run(g, genuineFor("tenant-0", "198.51.100.1"), never(t)).Code,
			"cut short, or never begun")
		synctest.Wait() // the look ends at the very moment at which the delivery gives up
		v.change(func(v *vault) { v.takes = 100 * time.Millisecond })
		require.Equal(t, 200, run(g, genuineFor("tenant-0", "198.51.100.1"), ok).Code)
		rest(t, &wg, g)
	})
}

// rest lets what was sent, and every look, come to its end by the bubble's clock.
func rest(t *testing.T, wg *sync.WaitGroup, g *core.Guard) {
	t.Helper()
	wg.Wait()
	time.Sleep(time.Minute)
	require.NoError(t, g.Shutdown(t.Context()))
}
