package jwt_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/reason"
)

// slowHost answers every request after a while, and counts them.
type slowHost struct{ n atomic.Int64 }

func (h *slowHost) RoundTrip(r *http.Request) (*http.Response, error) {
	h.n.Add(1)
	time.Sleep(time.Second)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: readCloser(`{"keys":[]}`),
		Request: r}, nil
}

// TestNewFetchesTheOnlyKeySet: once, without waiting for it, and a request that is refused before its key matters
// fetches nothing more.
func TestNewFetchesTheOnlyKeySet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &slowHost{}
		source, err := keys.Google(keys.Options{RoundTripper: h, Now: func() time.Time { return time.Unix(now, 0) }})
		require.NoError(t, err)
		begun := time.Now()
		g := guardOf(t, jwt.GooglePubSub(google()), nil, source)
		require.Zero(t, time.Since(begun), "New waits for nothing")
		synctest.Wait()
		require.EqualValues(t, 1, h.n.Load())
		time.Sleep(2 * time.Second)
		for range 10 {
			r := post("Authorization", "Bearer "+b64(`{"alg":"none","kid":"k"}`)+"."+b64(`{}`)+".", `{}`)
			require.Equal(t, reason.MalformedSignature, reasonOf(g, r))
		}
		require.NoError(t, g.Flush(t.Context()))
		require.EqualValues(t, 1, h.n.Load(), "nobody's request has caused a fetch")
	})
}
