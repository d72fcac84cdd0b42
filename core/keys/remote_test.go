package keys_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

// pemHost serves a key at every URL after a delay.
func pemHost(t testing.TB, delay time.Duration) (*host, crypto.PublicKey) {
	key := &newKey(t).PublicKey
	body := publicPEM(t, key)
	return &host{answer: func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(delay):
			return always(http.StatusOK, body)(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}}, key
}

func newPEM(t testing.TB, o keys.Options) *keys.Remote {
	t.Helper()
	r, err := keys.PEM(snsPin(t, "eu-west-1"), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestAKeyIsFetchedOnceAndKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "k", key, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		require.Zero(t, h.count(), "nothing is fetched before it is needed")
		for range 100 {
			requireKey(t, r, "k", key)
		}
		time.Sleep(44 * time.Minute)
		requireKey(t, r, "k", key)
		require.Equal(t, []string{jwksURL}, h.urls)
	})
}

func TestManyDeliveriesShareOneFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, time.Second)
		r := newPEM(t, keys.Options{RoundTripper: h})
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { requireKey(t, r, snsURL(1), key) })
		}
		wg.Wait()
		require.Equal(t, 1, h.count())
	})
}

func TestAHangUpOfOneDeliveryDoesNotHurtTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, time.Second)
		r := newPEM(t, keys.Options{RoundTripper: h})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.Key(ctx, snsURL(1))
			require.ErrorIs(t, err, keys.ErrUnavailable)
		})
		synctest.Wait()
		wg.Go(func() { requireKey(t, r, snsURL(1), key) })
		synctest.Wait()
		cancel()
		wg.Wait()
		require.Equal(t, 1, h.count())
	})
}

func TestUnknownKidsCauseNoStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "k", key, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h, MinInterval: time.Minute})
		requireKey(t, r, "k", key)
		const seconds = 600
		for i := range seconds {
			var wg sync.WaitGroup
			for n := range 20 {
				wg.Go(func() {
					_, err := ask(t, r, fmt.Sprintf("unknown-%d-%d", i, n))
					require.ErrorIs(t, err, keys.ErrUnknownKey)
				})
			}
			wg.Wait()
			requireKey(t, r, "k", key)
			time.Sleep(time.Second)
		}
		require.Equal(t, 10, h.count(), "12000 unknown kids in ten minutes are ten fetches, the first one among them")
	})
}

func TestANewKidIsFoundAfterTheInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &newKey(t).PublicKey, &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		h.set(always(http.StatusOK, jwks(ecJWK(t, "b", b, ""))))
		_, err := ask(t, r, "b")
		require.ErrorIs(t, err, keys.ErrUnknownKey)
		time.Sleep(30 * time.Second)
		requireKey(t, r, "b", b)
		_, err = ask(t, r, "a")
		require.ErrorIs(t, err, keys.ErrUnknownKey, "it was withdrawn")
		require.Equal(t, 2, h.count())
	})
}

func TestEveryDeliveryWithANewKidWaitsForItsFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &newKey(t).PublicKey, &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		time.Sleep(time.Minute)
		body := jwks(ecJWK(t, "a", a, ""), ecJWK(t, "b", b, ""))
		h.set(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return always(http.StatusOK, body)(r)
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { requireKey(t, r, "b", b) })
			synctest.Wait()
		}
		start := time.Now()
		requireKey(t, r, "a", a)
		require.Equal(t, start, time.Now(), "who has a key does not wait")
		wg.Wait()
		require.Equal(t, 2, h.count())
	})
}

func TestAnUnknownKidWhileTheHostIsDownIsNoVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		time.Sleep(time.Minute)
		h.set(down)
		for range 5 {
			_, err := ask(t, r, "b")
			require.ErrorIs(t, err, keys.ErrUnavailable)
			require.NotErrorIs(t, err, keys.ErrUnknownKey)
			requireKey(t, r, "a", a)
		}
		require.Equal(t, 2, h.count())
	})
}

func TestKeysAreRenewedInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 3*time.Second)
		r := newPEM(t, keys.Options{RoundTripper: h})
		requireKey(t, r, snsURL(1), key)
		time.Sleep(46 * time.Minute)
		before := time.Now()
		for range 50 {
			requireKey(t, r, snsURL(1), key)
		}
		require.Equal(t, before, time.Now(), "nobody waits for it")
		synctest.Wait()
		require.Equal(t, 2, h.count())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		time.Sleep(40 * time.Minute)
		requireKey(t, r, snsURL(1), key)
		require.Equal(t, 2, h.count(), "it is fresh again")
	})
}

func TestABackgroundRenewalThatFailsIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 0)
		r := newPEM(t, keys.Options{RoundTripper: h, MinInterval: time.Minute})
		requireKey(t, r, snsURL(1), key)
		time.Sleep(46 * time.Minute)
		h.set(down)
		for range 300 {
			requireKey(t, r, snsURL(1), key)
			synctest.Wait()
			time.Sleep(time.Second)
		}
		require.Equal(t, 1+5, h.count())
	})
}

func TestAWithdrawnKeyIsRefusedAfterMaxAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &newKey(t).PublicKey, &newKey(t).PublicKey
		h := serving(jwks(ecJWK(t, "a", a, ""), ecJWK(t, "b", b, "")))
		r := newJWKS(t, keys.Options{RoundTripper: h})
		requireKey(t, r, "a", a)
		h.set(always(http.StatusOK, jwks(ecJWK(t, "b", b, ""))))
		time.Sleep(time.Hour)
		_, err := ask(t, r, "a")
		require.ErrorIs(t, err, keys.ErrUnknownKey,
			"no delivery is verified with a set older than MaxAge while the host answers")
	})
}

func TestTheLastGoodKeysServeWhileTheHostFailsButNotForEver(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]func(*http.Request) (*http.Response, error){
		"down": down, "500": always(500, "x"), "404": always(404, "x"), "a redirect": always(302, ""),
		"nonsense":    always(200, "<html>"),
		"a panic":     func(*http.Request) (*http.Response, error) { panic("a fault in the transport") },
		"no response": func(*http.Request) (*http.Response, error) { return nil, nil }, // a bad transport
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				key := &newKey(t).PublicKey
				h := serving(jwks(ecJWK(t, "k", key, "")))
				r := newJWKS(t, keys.Options{RoundTripper: h, MaxStale: 6 * time.Hour})
				requireKey(t, r, "k", key)
				h.set(failing)
				for range 5 {
					time.Sleep(time.Hour)
					requireKey(t, r, "k", key)
				}
				time.Sleep(time.Hour)
				_, err := ask(t, r, "k")
				require.ErrorIs(t, err, keys.ErrUnavailable)
				for _, kind := range []error{keys.ErrUnknownKey, keys.ErrInvalidKey, keys.ErrNotAllowed} {
					require.NotErrorIs(t, err, kind)
				}
				h.set(always(http.StatusOK, jwks(ecJWK(t, "k", key, ""))))
				_, err = ask(t, r, "k")
				require.ErrorIs(t, err, keys.ErrUnavailable, "the failure is remembered")
				time.Sleep(30 * time.Second)
				requireKey(t, r, "k", key)
			})
		})
	}
}

func TestAHostThatIsDownIsAskedOncePerInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &host{answer: down}
		r := newJWKS(t, keys.Options{RoundTripper: h})
		for range 120 {
			_, err := ask(t, r, "k")
			require.ErrorIs(t, err, keys.ErrUnavailable)
			time.Sleep(time.Second)
		}
		require.Equal(t, 4, h.count())
	})
}

func TestUnknownURLsAreRememberedAndLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 0)
		r := newPEM(t, keys.Options{RoundTripper: h, FetchesPerMinute: 10})
		requireKeyFor(t, r, 0, key)
		for _, code := range []int{403, 404, 410} {
			h.set(always(code, "no such key"))
			before := h.count()
			for range 3 {
				_, err := askFor(r, code)
				require.ErrorIs(t, err, keys.ErrUnknownKey)
				require.NotErrorIs(t, err, keys.ErrUnavailable)
			}
			require.Equal(t, before+1, h.count())
		}
		for i := range 500 {
			_, err := askFor(r, 1000+i)
			require.Error(t, err)
			requireKeyFor(t, r, 0, key)
		}
		require.Equal(t, 10, h.count())
		_, err := askFor(r, 9999)
		require.ErrorIs(t, err, keys.ErrUnavailable, "who comes too late is sent away to come again")
		require.ErrorContains(t, err, "FetchesPerMinute")
		time.Sleep(time.Minute)
		_, err = askFor(r, 9999)
		require.ErrorIs(t, err, keys.ErrUnknownKey)
	})
}

func TestAFloodOfURLsKeepsNoKnownKeyFromBeingRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 0)
		good := h.answer
		h.set(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() == snsURL(0) {
				return good(r)
			}
			return always(404, "")(r)
		})
		r := newPEM(t, keys.Options{RoundTripper: h, FetchesPerMinute: 5, MaxEntries: 2, MaxAge: time.Hour,
			MaxStale: time.Hour})
		requireKeyFor(t, r, 0, key)
		for i := range 3 * 3600 / 5 {
			for n := range 20 {
				_, err := askFor(r, 1+20*i+n)
				require.Error(t, err)
			}
			if i%240 == 0 { // beyond MaxStale in between
				requireKeyFor(t, r, 0, key)
			}
			time.Sleep(5 * time.Second)
		}
		requireKeyFor(t, r, 0, key)
		require.LessOrEqual(t, h.count(), 3*60*5+20)
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, 0)
		r := newPEM(t, keys.Options{RoundTripper: h, MaxEntries: 3, FetchesPerMinute: 600})
		for i := range 3 {
			requireKeyFor(t, r, i, key)
			time.Sleep(time.Second)
		}
		requireKeyFor(t, r, 0, key)
		time.Sleep(time.Second)
		requireKeyFor(t, r, 3, key)
		require.Equal(t, 4, h.count())
		time.Sleep(time.Second)
		for _, i := range []int{0, 2, 3} {
			requireKeyFor(t, r, i, key)
		}
		require.Equal(t, 4, h.count(), "the three used last were kept")
		requireKeyFor(t, r, 1, key)
		require.Equal(t, 5, h.count(), "and the one before was not")

		h.set(always(404, ""))
		for i := range 600 {
			_, err := askFor(r, 100+i)
			require.Error(t, err)
		}
		remembered := 0
		for i := range 600 {
			if _, err := askFor(r, 100+i); errors.Is(err, keys.ErrUnknownKey) {
				remembered++
			}
		}
		require.Equal(t, 4*3, remembered, "the limit of fetches is spent, so that these come from memory")
		after := h.count()
		requireKeyFor(t, r, 1, key)
		require.Equal(t, after, h.count(), "failures displace no keys")
	})
}

// slowBody gives a byte a second until the request's context ends.
type slowBody struct{ ctx context.Context }

func (b slowBody) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (slowBody) Close() error { return nil }

func TestSlowHostsAreGivenUp(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"a body byte by byte": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: slowBody{r.Context()}, ContentLength: -1,
				Header: http.Header{}}, nil
		},
		"no answer": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"a transport that does not heed its context": func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Minute)
			return nil, errors.New("late")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newJWKS(t, keys.Options{RoundTripper: &host{answer: answer}, Timeout: 7 * time.Second})
				start := time.Now()
				_, err := ask(t, r, "k")
				require.ErrorIs(t, err, keys.ErrUnavailable)
				require.Equal(t, 7*time.Second, time.Since(start))

				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				time.Sleep(time.Minute)
				start = time.Now()
				_, err = r.Key(ctx, "k")
				require.ErrorIs(t, err, keys.ErrUnavailable)
				require.LessOrEqual(t, time.Since(start), 2*time.Second, "the caller's own limit counts as well")
			})
		})
	}
}

func TestLargeAndCompressedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	key := &newKey(t).PublicKey
	set := jwks(ecJWK(t, "k", key, ""))
	pad := func(n int) string { return set + strings.Repeat(" ", n-len(set)) }
	with := func(change func(*http.Response)) *host {
		return &host{answer: func(r *http.Request) (*http.Response, error) {
			resp, err := always(http.StatusOK, set)(r)
			change(resp)
			return resp, err
		}}
	}
	var reads int
	endless := with(func(resp *http.Response) {
		resp.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) {
			reads += len(p)
			return len(p), nil
		}))
	})
	for name, row := range map[string]struct {
		h  *host
		ok bool
	}{
		"of 64 KiB":          {serving(pad(64 << 10)), true},
		"of one byte more":   {serving(pad(64<<10 + 1)), false},
		"endless":            {endless, false},
		"declared too large": {with(func(r *http.Response) { r.ContentLength = 64<<10 + 1 }), false},
		"identity": {with(func(r *http.Response) { r.Header.Set("Content-Encoding", "identity") }),
			true},
		"gzip": {with(func(r *http.Response) { r.Header.Set("Content-Encoding", "gzip") }),
			false},
		"two encodings":               {with(func(r *http.Response) { r.Header["Content-Encoding"] = []string{"identity", "br"} }), false},
		"decompressed by a transport": {with(func(r *http.Response) { r.Uncompressed = true }), false},
		"201":                         {with(func(r *http.Response) { r.StatusCode = 201 }), false},
		"204":                         {with(func(r *http.Response) { r.StatusCode = 204 }), false},
		"206":                         {with(func(r *http.Response) { r.StatusCode = 206 }), false},
		"304":                         {with(func(r *http.Response) { r.StatusCode = 304 }), false},
	} {
		_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: row.h}), "k")
		if row.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, keys.ErrUnavailable, name)
		}
	}
	require.Less(t, reads, 256<<10)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestLongKidsAreRefusedWithoutAFetch(t *testing.T) {
	t.Parallel()
	h := serving("")
	_, err := ask(t, newJWKS(t, keys.Options{RoundTripper: h}), strings.Repeat("k", 257))
	require.ErrorIs(t, err, keys.ErrNotAllowed)
	require.Zero(t, h.count())
}

func TestAClockThatGoesBackDoesNotMakeKeysYoung(t *testing.T) {
	t.Parallel()
	key := &newKey(t).PublicKey
	h := serving(jwks(ecJWK(t, "k", key, "")))
	var mu sync.Mutex
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := newJWKS(t, keys.Options{RoundTripper: h, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	requireKey(t, r, "k", key)
	mu.Lock()
	now = now.AddDate(-1, 0, 0)
	mu.Unlock()
	requireKey(t, r, "k", key)
	require.Equal(t, 2, h.count())
	requireKey(t, r, "k", key)
	require.Equal(t, 2, h.count())
}

func TestCloseEndsFetchesAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	// The bubble itself fails the test if a goroutine outlives it.
	synctest.Test(t, func(t *testing.T) {
		h, _ := pemHost(t, time.Hour)
		r, err := keys.PEM(snsPin(t, "eu-west-1"), keys.Options{RoundTripper: h, Timeout: time.Minute})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, err := askFor(r, i)
				require.ErrorIs(t, err, keys.ErrUnavailable)
			})
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, r.Close())
		wg.Wait()
		require.Equal(t, start, time.Now())
		_, err = askFor(r, 1)
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.NoError(t, r.Close(), "twice does no harm")
		require.Equal(t, 10, h.count())
	})
}

func TestNoGoroutineIsLeftWithoutClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, key := pemHost(t, time.Second)
		r, err := keys.PEM(snsPin(t, "eu-west-1"), keys.Options{RoundTripper: h})
		require.NoError(t, err)
		for i := range 10 {
			requireKeyFor(t, r, i, key)
		}
	}) // which fails where a goroutine is left
}
