package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// vault is a secret manager in a test.
type vault struct {
	mu     sync.Mutex
	calls  map[string]int
	values map[string]string // by tenant
	takes  time.Duration
	err    error
	panics any

	running, most atomic.Int64
}

func newVault(value string) *vault {
	return &vault{calls: map[string]int{}, values: map[string]string{"": value}}
}

func (v *vault) fetch(ctx context.Context, tenant string) ([]secrets.Secret, error) {
	v.mu.Lock()
	v.calls[tenant]++
	takes, err, panics, value, known := v.takes, v.err, v.panics, v.values[tenant], v.values[tenant] != ""
	v.mu.Unlock()
	v.most.Store(max(v.most.Load(), v.running.Add(1)))
	defer v.running.Add(-1)
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	switch {
	case panics != nil:
		panic(panics)
	case err != nil:
		return nil, err
	case !known:
		return nil, fmt.Errorf("no such path: %w", secrets.ErrUnknownTenant)
	}
	return []secrets.Secret{secrets.New("v", value)}, nil
}

func (v *vault) change(fn func(v *vault)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fn(v)
}

func (v *vault) called(tenant string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.calls[tenant]
}

// guardOf is a guard whose source is a function with a minute to live.
func guardOf(t *testing.T, src secrets.Source) (g *core.Guard, rec *records, log *testlog.Log) {
	t.Helper()
	log = &testlog.Log{}
	c, rec := config(timestamped())
	c.Secrets, c.Logger, c.Replay = src, log.Logger(), core.DangerouslyNoReplay
	return mustNew(t, c), rec, log
}

// sendIn sends a delivery, says what became of it, and how long it took.
func sendIn(t *testing.T, g *core.Guard, rec *records, secret string) (reason.Reason, time.Duration) {
	t.Helper()
	begun := time.Now()
	run(g, signedBy(secret, event), ok)
	took := time.Since(begun)
	reason := rec.last(t, g).Reason
	synctest.Wait()
	return reason, took
}

func TestAFunctionIsAskedAheadOfTheEndOfItsTTL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		g, rec, log := guardOf(t, secrets.FromFunc(v.fetch, time.Minute))
		require.Equal(t, 1, v.called(""))
		v.change(func(v *vault) { v.takes = 300 * time.Millisecond })
		for range 47 {
			time.Sleep(time.Second)
			why, _ := sendIn(t, g, rec, testSecret)
			require.Equal(t, reason.Accepted, why)
		}
		require.Equal(t, 1, v.called(""))
		time.Sleep(time.Second)
		_, took := sendIn(t, g, rec, testSecret)
		require.Zero(t, took, "the delivery does not wait")
		require.Equal(t, 2, v.called(""))

		v.change(func(v *vault) { v.values[""] = oldSecret })
		time.Sleep(50 * time.Second)
		sendIn(t, g, rec, testSecret)
		time.Sleep(time.Second)
		why, _ := sendIn(t, g, rec, oldSecret)
		require.Equal(t, reason.Accepted, why)
		require.Equal(t, 1, strings.Count(log.String(), "a new list of secrets is in force"))

		v.change(func(v *vault) { v.values[""] = testSecret })
		time.Sleep(time.Hour)
		why, took = sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.Accepted, why, "after a pause the first delivery waits")
		require.Equal(t, 300*time.Millisecond, took)
	})
}

func TestAFunctionIsCalledOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		v.takes = time.Second
		src := secrets.FromFunc(v.fetch, time.Minute)
		for range 2 {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					list, err := src.Lookup(context.Background(), "")
					if err != nil || list.Len() != 1 {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Hour)
		}
		require.Equal(t, 2, v.called(""))
	})
}

func TestAFunctionThatFailsLeavesTheLastGoodList(t *testing.T) {
	t.Parallel()
	const canary = "canary-in-a-panic"
	for _, row := range []struct {
		name string
		fail func(v *vault)
		says string
	}{
		{"an error", func(v *vault) { v.err = errors.New("403 from the vault") }, "403 from the vault"},
		{"a panic", func(v *vault) { v.panics = canary }, "it panicked with a string"},
		{"no answer", func(v *vault) { v.takes = time.Hour }, "deadline exceeded"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVault(testSecret)
				g, rec, log := guardOf(t, secrets.FromFunc(v.fetch, time.Minute))
				sendIn(t, g, rec, testSecret)
				v.change(row.fail)
				for range 100 {
					time.Sleep(3 * time.Second)
					why, took := sendIn(t, g, rec, testSecret)
					require.Equal(t, reason.Accepted, why)
					require.LessOrEqual(t, took, time.Second)
				}
				require.LessOrEqual(t, v.called(""), 1+300/5, "tried again every five seconds at most")
				require.Greater(t, v.called(""), 20)
				require.True(t, rec.last(t, g).SecretsStale)
				require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), log.String())
				require.Contains(t, log.String(), row.says)
				require.Contains(t, g.Health().SecretsProblem, row.says)
				require.NotContains(t, log.String(), canary)
				v.change(func(v *vault) { v.err, v.panics, v.takes, v.values[""] = nil, nil, 0, oldSecret })
				time.Sleep(10 * time.Second)
				sendIn(t, g, rec, testSecret)
				time.Sleep(10 * time.Second)
				why, _ := sendIn(t, g, rec, oldSecret)
				require.Equal(t, reason.Accepted, why)
				require.False(t, rec.last(t, g).SecretsStale)
				time.Sleep(10 * time.Second) // what hangs ends with its deadline
			})
		})
	}
}

func TestAFunctionThatGivesNothingLeavesTheLastGoodList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var accepted atomic.Pointer[[]secrets.Secret]
		accepted.Store(&[]secrets.Secret{secrets.New("", testSecret)})
		g, rec, log := guardOf(t,
			secrets.FromFunc(func(context.Context, string) ([]secrets.Secret, error) { return *accepted.Load(), nil },
				time.Minute))
		accepted.Store(&[]secrets.Secret{})
		time.Sleep(time.Hour)
		why, _ := sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.Accepted, why)
		require.Contains(t, log.String(), "it gave no secret")
	})
}

func TestAListThatIsTooOldIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		g, rec, _ := guardOf(t, secrets.FromFunc(v.fetch, time.Minute).RefuseAfter(time.Hour))
		v.change(func(v *vault) { v.err = errors.New("the vault is sealed") })
		for range 59 {
			time.Sleep(time.Minute)
			why, _ := sendIn(t, g, rec, testSecret)
			require.Equal(t, reason.Accepted, why)
		}
		time.Sleep(time.Minute)
		sendIn(t, g, rec, testSecret)
		time.Sleep(time.Second)
		why, _ := sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.NoActiveSecret, why)
		require.Contains(t, rec.last(t, g).Detail, "the vault is sealed")
		v.change(func(v *vault) { v.err = nil })
		time.Sleep(time.Minute)
		why, _ = sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.Accepted, why)
	})
}

func TestFunctionsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	v := newVault(testSecret)
	bad := newVault("")
	bad.err = errors.New("connection refused")
	for _, row := range []struct {
		src  secrets.Source
		says string
	}{
		{secrets.FromFunc(nil, time.Minute), "has no function"},
		{secrets.FromFunc(v.fetch, 0), "at least 1s"},
		{secrets.FromFunc(v.fetch, time.Minute).RefuseAfter(time.Second), "must be longer"},
		{secrets.FromFunc(bad.fetch, time.Minute), "connection refused"},
		{secrets.FromFunc(newVault("short").fetch, time.Minute), "needs at least 16"},
	} {
		c, _ := config(timestamped())
		c.Secrets = row.src
		_, err := core.New(c)
		require.ErrorContains(t, err, row.says)
		require.NotContains(t, fmt.Sprintf("%+v %d", row.src, row.src), testSecret)
	}
}

func TestUnknownTenantsCauseNoStormOfLookups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault("")
		v.values["acme"] = acmeSecret
		c, rec := tenantConfig(timestamped())
		c.Secrets, c.Replay = secrets.FromFunc(v.fetch, time.Minute), core.DangerouslyNoReplay
		g := mustNew(t, c)
		require.Zero(t, v.called(""), "there is no list without a tenant")
		run(g, of("acme", acmeSecret, event), ok)
		require.Equal(t, reason.Accepted, rec.last(t, g).Reason)

		// The same unknown tenant again and again.
		for range 100 {
			run(g, of("initech", acmeSecret, event), never(t))
			require.Equal(t, reason.BadSignature, rec.last(t, g).Reason)
		}
		require.Equal(t, 1, v.called("initech"))
		time.Sleep(11 * time.Second)
		run(g, of("initech", acmeSecret, event), never(t))
		require.Equal(t, 2, v.called("initech"), "it may have become a tenant")

		// Thousands of unknown tenants, at a time. The one who is known is answered from memory.
		v.change(func(v *vault) { v.takes = 100 * time.Millisecond })
		v.most.Store(0)
		var wg sync.WaitGroup
		for i := range 2000 {
			wg.Go(func() { run(g, of(fmt.Sprint("unknown", i), acmeSecret, event), never(t)) })
		}
		begun := time.Now()
		run(g, of("acme", acmeSecret, event), ok)
		require.Zero(t, time.Since(begun))
		wg.Wait()
		require.LessOrEqual(t, v.most.Load(), int64(16))
		v.change(func(v *vault) { v.takes = 0 })
		run(g, of("acme", acmeSecret, event), ok)
		require.Equal(t, 1, v.called("acme"))
		require.Equal(t, 1, g.CompiledTenants())
		require.NoError(t, g.Flush(t.Context()))
	})
}

func TestTenantsOfAFunctionComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault("")
		c, rec := tenantConfig(timestamped())
		c.Secrets, c.Replay = secrets.FromFunc(v.fetch, time.Minute), core.DangerouslyNoReplay
		g := mustNew(t, c)
		send := func() reason.Reason {
			run(g, of("acme", acmeSecret, event), ok)
			reason := rec.last(t, g).Reason
			synctest.Wait()
			return reason
		}
		require.Equal(t, reason.BadSignature, send())
		v.change(func(v *vault) { v.values["acme"] = acmeSecret })
		time.Sleep(11 * time.Second)
		require.Equal(t, reason.Accepted, send())
		v.change(func(v *vault) { delete(v.values, "acme") })
		time.Sleep(59 * time.Second)
		send() // begins the look
		require.Equal(t, reason.BadSignature, send())
		require.Zero(t, g.CompiledTenants())
		v.change(func(v *vault) { v.err = errors.New("away") })
		time.Sleep(11 * time.Second)
		require.Equal(t, reason.NoActiveSecret, send(), "nobody can say whether it is a tenant")
		v.change(func(v *vault) { v.err, v.values["acme"] = nil, acmeSecret })
		time.Sleep(11 * time.Second)
		require.Equal(t, reason.Accepted, send())
	})
}

func TestTheSameListAfterAFailureIsTheNewestAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		g, rec, _ := guardOf(t, secrets.FromFunc(v.fetch, time.Minute))
		v.change(func(v *vault) { v.err = errors.New("away") })
		time.Sleep(time.Hour)
		sendIn(t, g, rec, testSecret)
		require.True(t, rec.last(t, g).SecretsStale)
		v.change(func(v *vault) { v.err = nil })
		time.Sleep(time.Hour)
		sendIn(t, g, rec, testSecret)
		require.False(t, rec.last(t, g).SecretsStale)
		require.Empty(t, g.Health().SecretsProblem)
	})
}

// TestAFunctionThatNeverReturnsIsReported: it does not look at its deadline, so that no look ever fails.
func TestAFunctionThatNeverReturnsIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var hangs atomic.Bool
		secret := testSecret
		g, rec, log := guardOf(t, secrets.FromFunc(func(context.Context, string) ([]secrets.Secret, error) {
			if hangs.Load() {
				<-hang
			}
			return []secrets.Secret{secrets.New("v", secret)}, nil
		}, time.Minute))
		sendIn(t, g, rec, testSecret)
		hangs.Store(true)
		time.Sleep(50 * time.Second)
		for range 11 {
			why, _ := sendIn(t, g, rec, testSecret)
			require.Equal(t, reason.Accepted, why)
			require.False(t, rec.last(t, g).SecretsStale, "it is given its time")
			time.Sleep(900 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		why, took := sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.Accepted, why)
		require.LessOrEqual(t, took, time.Second)
		sendIn(t, g, rec, testSecret)
		require.True(t, rec.last(t, g).SecretsStale)
		require.Contains(t, g.Health().SecretsProblem, "did not answer in time")
		require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), log.String())

		hangs.Store(false)
		close(hang)
		synctest.Wait()
		sendIn(t, g, rec, testSecret)
		require.False(t, rec.last(t, g).SecretsStale)
		require.Empty(t, g.Health().SecretsProblem)
	})
}

// TestOneDeliveryWaitsForALookThatDoesNotEnd: what hangs may cost each of them nothing more.
func TestOneDeliveryWaitsForALookThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		g, rec, _ := guardOf(t, secrets.FromFunc(v.fetch, time.Minute))
		v.change(func(v *vault) { v.takes = time.Hour })
		time.Sleep(time.Hour)
		_, took := sendIn(t, g, rec, testSecret)
		require.Equal(t, time.Second, took)
		for range 10 {
			why, took := sendIn(t, g, rec, testSecret)
			require.Equal(t, reason.Accepted, why)
			require.Zero(t, took)
		}
		time.Sleep(time.Minute)
	})
}

// TestTheEndOfAListIsNotAnsweredFromMemory: the list is too old at the second, though a look was due only later.
func TestTheEndOfAListIsNotAnsweredFromMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault(testSecret)
		g, rec, _ := guardOf(t, secrets.FromFunc(v.fetch, time.Minute).RefuseAfter(time.Hour))
		v.change(func(v *vault) { v.err = errors.New("the vault is sealed") })
		time.Sleep(time.Hour - time.Second)
		sendIn(t, g, rec, testSecret) // looks, in vain, and again in five seconds
		time.Sleep(time.Second)
		why, _ := sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.Accepted, why, "an hour is not more than an hour")
		time.Sleep(time.Millisecond)
		why, _ = sendIn(t, g, rec, testSecret)
		require.Equal(t, reason.NoActiveSecret, why)
	})
}

// TestUnknownTenantsNeitherDelayNorPushOutKnownOnes: they are looked up next to the tenants that there are, however
// many they are and however slowly that goes.
func TestUnknownTenantsNeitherDelayNorPushOutKnownOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVault("")
		v.values["acme"] = acmeSecret
		src := secrets.FromFunc(func(ctx context.Context, tenant string) ([]secrets.Secret, error) {
			if tenant != "acme" {
				select {
				case <-time.After(4 * time.Second):
				case <-ctx.Done():
				}
			}
			return v.fetch(ctx, tenant)
		}, time.Minute)
		_, err := src.Lookup(t.Context(), "acme")
		require.NoError(t, err)
		time.Sleep(time.Hour)
		var wg sync.WaitGroup
		for i := range core.MaxTenants + 100 {
			wg.Go(func() { _, _ = src.Lookup(context.Background(), fmt.Sprint("unknown", i)) })
		}
		synctest.Wait()
		begun := time.Now()
		_, err = src.Lookup(t.Context(), "acme")
		require.NoError(t, err)
		require.Zero(t, time.Since(begun), "its look waits for none of theirs")
		require.Equal(t, 2, v.called("acme"))
		wg.Wait()
		_, err = src.Lookup(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, 2, v.called("acme"), "it is remembered")
	})
}

func TestAMapOfTenantsIsCopied(t *testing.T) {
	t.Parallel()
	sources := map[string]secrets.Source{"acme": secrets.Static(acmeSecret)}
	src := secrets.ByTenant(sources)
	sources["initech"] = secrets.Static("short")
	_, err := src.Lookup(t.Context(), "initech")
	require.ErrorIs(t, err, secrets.ErrUnknownTenant)
}
