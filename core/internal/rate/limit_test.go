package rate_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/rate"
)

type limiter func(ctx context.Context, key string, n int) (bool, time.Duration, error)

func (f limiter) Allow(ctx context.Context, key string, n int) (bool, time.Duration, error) {
	return f(ctx, key, n)
}

func TestEachSourceAndTenantIsCountedByItself(t *testing.T) {
	t.Parallel()
	l := rate.New(1, 1, nil, "", nil)
	require.False(t, l.IsShared())
	now := time.Now()
	for _, row := range []struct {
		name, tenant, source string
		ok                   bool
	}{
		{"a host", "", "192.0.2.1", true},
		{"the same host", "", "192.0.2.1", false},
		{"another host", "", "192.0.2.2", true},
		{"the same host for a tenant", "acme", "192.0.2.1", true},
		{"a subscriber's /64", "", "2001:db8::1", true},
		{"another address of the same /64", "", "2001:db8::2", false},
		{"an unknown source", "", "", true},
		{"another unknown source", "", "", false},
	} {
		source, _ := netip.ParseAddr(row.source)
		ok, wait := l.Allow(t.Context(), row.tenant, source, 1, now)
		require.Equal(t, row.ok, ok, row.name)
		require.Equal(t, row.ok, wait == 0, row.name)
	}
}

func TestASharedLimiterCountsWhileItAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		var fails error
		var failures []error
		shared := limiter(func(ctx context.Context, key string, n int) (bool, time.Duration, error) {
			require.NoError(t, ctx.Err(), "a sender that hangs up is counted all the same")
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, time.Second, time.Until(deadline))
			keys = append(keys, key)
			if fails == nil {
				return false, time.Minute, nil
			}
			if fails.Error() == "panic" {
				panic("secret")
			}
			return true, 0, fails
		})
		l := rate.New(1, 1, shared, "deliveries|shop|", func(err error) { failures = append(failures, err) })
		require.True(t, l.IsShared())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		allow := func(tenant string) (bool, time.Duration) {
			return l.Allow(ctx, tenant, netip.MustParseAddr("192.0.2.1"), 1, time.Now())
		}
		ok, wait := allow("acme")
		require.False(t, ok)
		require.Equal(t, time.Minute, wait)
		for _, fails = range []error{errors.New("gone"), errors.New("panic")} {
			ok, wait = allow("")
			require.Equal(t, fails.Error() == "gone", ok, "this process counts: one, and no more")
			require.Equal(t, ok, wait == 0)
		}
		require.Equal(t, []string{"deliveries|shop|192.0.2.1|acme", "deliveries|shop|192.0.2.1",
			"deliveries|shop|192.0.2.1"}, keys)
		require.Len(t, failures, 2)
		require.EqualError(t, failures[1], "it panicked with a string", "its text may hold anything")
	})
}

func TestALimiterThatFailsLateIsCountedForAtThatTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := limiter(func(ctx context.Context, _ string, _ int) (bool, time.Duration, error) {
			<-ctx.Done()
			return false, 0, ctx.Err()
		})
		l := rate.New(1, 1, shared, "", func(error) {})
		for range 3 {
			ok, _ := l.Allow(t.Context(), "", netip.Addr{}, 1, time.Now())
			require.True(t, ok, "a second has passed, and with it one may be sent")
		}
	})
}
