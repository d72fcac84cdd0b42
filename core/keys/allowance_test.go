package keys_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sender"
	"github.com/sallyport-go/sallyport/core/keys"
)

// rotating serves a key at one URL, and 404 at every other.
func rotating(t testing.TB, good *int) *host {
	body := publicPEM(t, &newKey(t).PublicKey)
	return &host{answer: func(r *http.Request) (*http.Response, error) {
		if r.URL.String() == snsURL(*good) {
			return always(http.StatusOK, body)(r)
		}
		return always(http.StatusNotFound, "")(r)
	}}
}

// TestAProvedSendersNewKeyGetsThroughAFlood: 200 unverified senders invent 20 URLs a second, for an hour.
func TestAProvedSendersNewKeyGetsThroughAFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		current := 1
		h := rotating(t, &current)
		r := newPEM(t, keys.Options{RoundTripper: h})
		_, err := r.Key(by(7, false), snsURL(1))
		require.NoError(t, err, "a first sender")
		for second := range 3600 {
			for n := range 20 {
				_, err := r.Key(by(1000+(second*20+n)%200, false), snsURL(1<<20+second*20+n))
				require.Error(t, err)
			}
			if second%600 == 599 {
				current++
				_, err := r.Key(by(7, true), snsURL(current))
				require.NoError(t, err, "minute %d", second/60)
			}
			_, err := r.Key(by(8, false), snsURL(current))
			require.NoError(t, err, "whoever names a key that is there needs no fetch")
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, h.count(), 60*31+10, "30 a minute for unverified senders")
	})
}

// TestAfterAStartEachSenderHasOneFetchBeforeAnyHasASecond: nobody is proved yet, and some senders ask for much.
func TestAfterAStartEachSenderHasOneFetchBeforeAnyHasASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		current := 1
		r := newPEM(t, keys.Options{RoundTripper: rotating(t, &current)})
		for n := range 29 {
			for i := range 50 {
				_, err := r.Key(by(100+n, false), snsURL(1000+100*n+i))
				if i == 0 {
					require.ErrorIs(t, err, keys.ErrUnknownKey, "its own fetch")
				} else {
					require.ErrorIs(t, err, keys.ErrUnavailable)
				}
			}
		}
		_, err := r.Key(by(7, false), snsURL(1))
		require.NoError(t, err, "the 30th sender")
		_, err = r.Key(by(8, false), snsURL(2))
		require.ErrorIs(t, err, keys.ErrUnavailable, "the 31st")
		require.ErrorContains(t, err, "FetchesPerMinute")
		_, err = r.Key(by(9, true), snsURL(2))
		require.ErrorIs(t, err, keys.ErrUnknownKey, "the other half is kept for proved senders")
	})
}

// TestAFewGreedySendersLeaveRoomForANewOne: the process has run for long, and ten senders use up all they may.
func TestAFewGreedySendersLeaveRoomForANewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		current := 1
		r := newPEM(t, keys.Options{RoundTripper: rotating(t, &current)})
		for i := range 600 {
			for n := range 10 {
				_, err := r.Key(by(100+n, false), snsURL(1000+10*i+n))
				require.Error(t, err)
			}
			if i%60 == 59 {
				current++
				_, err := r.Key(by(i, false), snsURL(current))
				require.NoError(t, err, "at %ds", i)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestUnknownSendersAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		current := 1
		h := rotating(t, &current)
		r := newPEM(t, keys.Options{RoundTripper: h})
		for i := range 100 {
			_, err := ask(t, r, snsURL(100+i))
			require.Error(t, err)
			_, err = r.Key(sender.With(context.Background(), sender.Sender{Proved: false}), snsURL(1000+i))
			require.Error(t, err)
		}
		require.Equal(t, 1, h.count(), "a context without a sender, and one with an unknown sender")
		time.Sleep(time.Minute)
		for i := range 100 {
			_, err := ask(t, r, snsURL(2000+i))
			require.Error(t, err)
		}
		require.Equal(t, 4, h.count())
	})
}

// TestARotationGetsThroughAFloodOfInventedKids: the set has just been fetched for an invented kid when the provider
// begins to sign with a new one.
func TestARotationGetsThroughAFloodOfInventedKids(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b, c := &newKey(t).PublicKey, &newKey(t).PublicKey, &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		flood := func(seconds int) {
			for i := range seconds {
				for n := range 100 {
					_, err := r.Key(by(1000+n, false), fmt.Sprint("invented", i, n))
					require.ErrorIs(t, err, keys.ErrUnknownKey)
				}
				time.Sleep(time.Second)
			}
		}
		flood(300)
		before := h.count()
		h.set(always(http.StatusOK, jwks(ecJWK(t, "a", a, ""), ecJWK(t, "b", b, ""))))
		got, err := r.Key(by(7, true), "b")
		require.NoError(t, err, "nobody has to wait for MinInterval because others invent kids")
		require.Equal(t, b, got)
		require.Equal(t, before+1, h.count())
		flood(60)

		// One request a minute is enough to have the set fetched at the wrong moment. A sender that is new has its own
		// fetch.
		time.Sleep(time.Hour)
		_, err = r.Key(by(2000, false), "invented")
		require.ErrorIs(t, err, keys.ErrUnknownKey)
		h.set(always(http.StatusOK, jwks(ecJWK(t, "c", c, ""))))
		got, err = r.Key(by(2001, false), "c")
		require.NoError(t, err)
		require.Equal(t, c, got)
		require.LessOrEqual(t, h.count(), before+70)
	})
}

// TestAFetchThatOthersBeganDoesNotDecide: it was on its way when the provider published the key.
func TestAFetchThatOthersBeganDoesNotDecide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &newKey(t).PublicKey, &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		time.Sleep(time.Minute)
		old := jwks(ecJWK(t, "a", a, ""))
		h.set(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return always(http.StatusOK, old)(r)
		})
		done := make(chan error)
		go func() {
			_, err := r.Key(by(1000, false), "invented")
			done <- err
		}()
		synctest.Wait()
		h.set(always(http.StatusOK, jwks(ecJWK(t, "b", b, ""))))
		got, err := r.Key(by(7, true), "b")
		require.NoError(t, err)
		require.Equal(t, b, got)
		require.ErrorIs(t, <-done, keys.ErrUnknownKey)
	})
}

// TestKeysOfFormerYearsDoNotDisplaceTheOneInUse: a host serves old certificates too, and anybody can name them.
func TestKeysOfFormerYearsDoNotDisplaceTheOneInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 0)
		r := newPEM(t, keys.Options{RoundTripper: h})
		_, err := r.Key(by(7, true), snsURL(0))
		require.NoError(t, err)
		for i := range 200 {
			_, _ = r.Key(by(1000+i, false), snsURL(1+i))
			time.Sleep(10 * time.Second)
		}
		h.set(down)
		got, err := r.Key(by(7, true), snsURL(0))
		require.NoError(t, err)
		require.Equal(t, key, got)
	})
}

// TestAllowancesHoldWhateverIsAsked plays random senders for an hour. In any minute there are at most 60 fetches, 3 of
// one sender, 30 of unproved senders; and each of 8 proved senders has its fetch at once, up to three in a minute.
func TestAllowancesHoldWhateverIsAsked(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1)) // a test's own choices
			current := 0
			r := newPEM(t, keys.Options{RoundTripper: rotating(t, &current)})
			type fetch struct {
				at     time.Time
				from   int
				proved bool
			}
			var all []fetch
			lately := func(match func(fetch) bool) (n int) {
				for _, f := range all {
					if time.Since(f.at) < time.Minute && match(f) {
						n++
					}
				}
				return n
			}
			unknown := 1 + random.IntN(300)
			for i := range 3000 {
				from, proved := 100+random.IntN(unknown), false
				if random.IntN(10) == 0 {
					from, proved = random.IntN(8), true
				}
				own := lately(func(f fetch) bool { return f.from == from })
				_, err := r.Key(by(from, proved), snsURL(1000+i))
				granted := errors.Is(err, keys.ErrUnknownKey)
				if granted {
					all = append(all, fetch{time.Now(), from, proved})
				}
				if proved {
					require.Equal(t, own < 3, granted, "seed %d", seed)
				}
				require.LessOrEqual(t, lately(func(f fetch) bool { return f.from == from }), 3)
				require.LessOrEqual(t, lately(func(f fetch) bool { return !f.proved }), 30)
				require.LessOrEqual(t, lately(func(fetch) bool { return true }), 60)
				time.Sleep(time.Duration(random.ExpFloat64() * float64(time.Second)))
			}
		})
	}
}

func TestPrefetch(t *testing.T) {
	t.Parallel()
	t.Run("the only document of a source", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			key := &newKey(t).PublicKey
			h := serving(jwks(ecJWK(t, "k", key, "")))
			r := newJWKS(t, keys.Options{RoundTripper: h})
			require.NoError(t, r.Prefetch())
			require.NoError(t, r.Prefetch(), "twice does no harm")
			synctest.Wait()
			require.Equal(t, 1, h.count())
			requireKey(t, r, "k", key)
			require.Equal(t, 1, h.count())
		})
	})
	t.Run("names that the app knows, none of which counts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			h, key := pemHost(t, time.Second)
			r := newPEM(t, keys.Options{RoundTripper: h})
			require.NoError(t, r.Prefetch(), "nothing is known")
			require.NoError(t, r.Prefetch(snsURL(1), snsURL(2), snsURL(3), snsURL(4)))
			require.ErrorIs(t, r.Prefetch("https://evil.example/x.pem"), keys.ErrNotAllowed)
			time.Sleep(2 * time.Second)
			require.Equal(t, 4, h.count())
			h.set(down)
			for i := range 4 {
				requireKey(t, r, snsURL(1+i), key)
			}
		})
	})
	t.Run("a failure is not remembered", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			key := &newKey(t).PublicKey
			h := &host{answer: down}
			r := newJWKS(t, keys.Options{RoundTripper: h})
			require.NoError(t, r.Prefetch())
			synctest.Wait()
			h.set(always(http.StatusOK, jwks(ecJWK(t, "k", key, ""))))
			requireKey(t, r, "k", key)
		})
	})
	t.Run("more names than are kept", func(t *testing.T) {
		t.Parallel()
		h, _ := pemHost(t, 0)
		r := newPEM(t, keys.Options{RoundTripper: h, MaxEntries: 1})
		require.ErrorContains(t, r.Prefetch(snsURL(1), snsURL(2)), "MaxEntries")
	})
}

// TestOneNetworkLeavesRoomForOthers: whoever has an IPv6 /48 has 65,536 senders.
func TestOneNetworkLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		current := 1
		r := newPEM(t, keys.Options{RoundTripper: rotating(t, &current)})
		within := func(site, subnet int) context.Context {
			addr := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(site >> 8), byte(site), byte(subnet >> 8),
				byte(subnet)})
			return sender.With(context.Background(), sender.Sender{Source: addr})
		}
		for second := range 300 {
			for n := range 20 {
				_, err := r.Key(within(1, second*20+n), snsURL(1<<20+second*20+n))
				require.Error(t, err)
			}
			if second%60 == 30 {
				current++
				_, err := r.Key(by(second, false), snsURL(current))
				require.NoError(t, err, "a new sender of another network, at %ds", second)
			}
			if second == 90 {
				current++
				_, err := r.Key(within(2, 7), snsURL(current))
				require.NoError(t, err, "a new sender of another /48")
			}
			time.Sleep(time.Second)
		}
	})
}
