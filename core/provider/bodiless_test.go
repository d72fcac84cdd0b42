package provider_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestDeliveriesWithoutABodyAreDistinguishedByWhatIsSigned: the digest of nothing would make duplicates of all of them;
// and what is not signed, the method, makes no second event of a captured one.
func TestDeliveriesWithoutABodyAreDistinguishedByWhatIsSigned(t *testing.T) {
	t.Parallel()
	methods := []string{"GET", "DELETE"}
	timed := provider.HMAC(provider.HMACConfig{
		Name: "timed", Header: "X-Sig", TimestampHeader: "X-Time", Signed: "{timestamp}.{body}", Methods: methods,
	})
	paths := provider.HMAC(provider.HMACConfig{Name: "paths", Header: "X-Sig", Signed: "{path}\n{body}",
		Methods: methods})
	bodies := provider.HMAC(provider.HMACConfig{Name: "bodies", Header: "X-Sig", Methods: methods})
	identity := func(p core.Provider, method, target string, at int64) core.Identity {
		t.Helper()
		text := map[string]string{"timed": fmt.Sprint(at) + ".", "paths": target + "\n", "bodies": ""}[p.Name()]
		r := httptest.NewRequest(method, "https://example.com"+target, http.NoBody)
		r.Header.Set("X-Time", fmt.Sprint(at))
		r.Header.Set("X-Sig", hex.EncodeToString(ownMAC([]byte(ownSecret), text)))
		d, reply := guardOf(t, p, ownSecret, time.Unix(at, 0)).Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity
	}
	one := identity(timed, "GET", "/hooks", ownTime)
	require.False(t, one.IsZero())
	require.Equal(t, one, identity(timed, "GET", "/hooks", ownTime))
	require.NotEqual(t, one, identity(timed, "GET", "/hooks", ownTime+1))
	require.Equal(t, one, identity(timed, "DELETE", "/other", ownTime), "neither method nor path is signed")
	require.Equal(t, one, identity(timed, "POST", "/hooks", ownTime))
	one = identity(paths, "GET", "/hooks?id=1", ownTime)
	require.Equal(t, one, identity(paths, "GET", "/hooks?id=1", ownTime))
	require.NotEqual(t, one, identity(paths, "GET", "/hooks?id=2", ownTime))
	require.True(t, identity(bodies, "GET", "/hooks", ownTime).IsZero(),
		"every signature is the same: nothing can be remembered")
}

// TestAThinEventOfStripeHasItsTime: its created is RFC 3339, and it has no object.
func TestAThinEventOfStripeHasItsTime(t *testing.T) {
	t.Parallel()
	p := provider.Stripe()
	for _, created := range []string{`"2026-03-01T12:00:00.000Z"`, `1772366400`} {
		body := `{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error","created":` + created + `}`
		r := webhooktest.NewRequest(p, signerFor(p), "/hooks", body, time.Unix(ownTime, 0))
		d, reply := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0)).Receive(httptest.NewRecorder(), r,
			adapter.Inbound{})
		require.Nil(t, reply)
		e := d.Events()[0]
		require.True(t, e.Time.Equal(time.Unix(ownTime, 0)), created)
		require.True(t, e.Authenticated.Time)
		require.Equal(t, body, string(e.Data), "without an object the data is the whole event")
	}
}
