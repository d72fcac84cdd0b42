package jws_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jws"
)

type vector struct {
	ID, Method, URL, Expect, JWKS string
	Public                        string `json:"public_key"`
	Root                          string `json:"cert_pem"`
	Headers                       map[string]string
	Body                          []byte `json:"body_b64"`
	Now                           int64
	Config                        struct {
		Bundle      string `json:"bundle_id"`
		App         int64  `json:"app_apple_id"`
		Environment string
	}
}

func vectorsOf(t testing.TB, name string) (all []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors/" + name + ".json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all)
	return all
}

func (v *vector) request() *http.Request {
	url := v.URL
	if url == "" {
		url = hook
	}
	r := httptest.NewRequest(v.Method, url, strings.NewReader(string(v.Body)))
	for name, value := range v.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// armoured is the public key in PEM: some vectors have its DER in base64.
func (v *vector) armoured(t testing.TB) string {
	t.Helper()
	if v.Public == "" || strings.HasPrefix(v.Public, "-----BEGIN") {
		return v.Public
	}
	_, err := base64.StdEncoding.DecodeString(v.Public)
	require.NoError(t, err)
	return "-----BEGIN PUBLIC KEY-----\n" + v.Public + "\n-----END PUBLIC KEY-----\n"
}

// apple is the entry as a recording configures it.
func (v *vector) apple() core.Provider {
	return jws.AppleAppStore(jws.AppleConfig{
		Roots: [][]byte{[]byte(v.Root)}, BundleID: v.Config.Bundle, Environment: v.Config.Environment,
		AppAppleID: v.Config.App,
	})
}

// TestRecordedDeliveriesGetTheirVerdict: those of Apple and TrueLayer were published by them, the others were made
// elsewhere by the documented formula. Each is verified with the key at hand, and with the set of keys that the sender
// publishes.
func TestRecordedDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		provider func(*vector) core.Provider
		alg      string
		valid    int
	}{
		"apple-app-store": {provider: (*vector).apple, valid: 1},
		"constant-contact": {provider: func(*vector) core.Provider {
			return jws.ConstantContact(jws.ConstantContactConfig{DangerouslyAnyRecipient: true})
		}, alg: "RS256", valid: 1},
		"fireblocks": {provider: func(*vector) core.Provider { return jws.Fireblocks("w1") }, alg: "RS512", valid: 1},
		"kinde":      {provider: func(*vector) core.Provider { return jws.Kinde() }, alg: "RS256", valid: 1},
		"truelayer":  {provider: func(*vector) core.Provider { return jws.TrueLayer() }, alg: "ES512", valid: 1},
		"wix":        {provider: func(*vector) core.Provider { return jws.Wix() }, valid: 2},
	} {
		valid := 0
		for _, v := range vectorsOf(t, name) {
			if v.Now == 0 {
				v.Now = now
			}
			var guards []*core.Guard
			if key := v.armoured(t); key != "" {
				guards = append(guards, guardOf(t, row.provider(&v), []string{key}, nil, v.Now))
			} else { // nothing is configured but the roots
				guards = append(guards, guardOf(t, row.provider(&v), nil, nil, v.Now))
			}
			if v.JWKS != "" {
				source, err := keys.StaticJWKS([]byte(v.JWKS), row.alg)
				require.NoError(t, err, v.ID)
				guards = append(guards, guardOf(t, row.provider(&v), nil, source, v.Now))
			}
			for n, g := range guards {
				require.Equal(t, v.Expect == "valid", reasonOf(g, v.request()) == "", "%s with source %d", v.ID, n)
			}
			if v.Expect == "valid" {
				valid++
			}
		}
		require.Equal(t, row.valid, valid, name)
	}
}

// TestEventsAreReadFromWhatIsSigned: the pointers of an entry lead into the signed payload.
func TestEventsAreReadFromWhatIsSigned(t *testing.T) {
	t.Parallel()
	event := func(name, id string, p func(*vector) core.Provider) core.Event {
		for _, v := range vectorsOf(t, name) {
			if v.ID != id {
				continue
			}
			var configured []string
			if key := v.armoured(t); key != "" {
				configured = []string{key}
			}
			d, why := receive(guardOf(t, p(&v), configured, nil, v.Now), v.request())
			require.Empty(t, why)
			return d.Events()[0]
		}
		t.Fatal("no such recording: " + id)
		return core.Event{}
	}
	e := event("apple-app-store", "apple-app-store-test-notification", (*vector).apple)
	require.Equal(t, []any{"9ad56bd2-0bc6-42e0-af24-fd996d87a1e6", "TEST", "com.example", int64(1681314324)},
		[]any{e.ID, e.Type, e.Tenant, e.Time.Unix()})
	require.Equal(t, core.Authenticated{ID: true, Type: true, Time: true, Tenant: true}, e.Authenticated)
	require.JSONEq(t, `{"appAppleId":1234,"environment":"Sandbox","bundleId":"com.example"}`, string(e.Data))

	e = event("kinde", "kinde-s1", func(*vector) core.Provider { return jws.Kinde() })
	require.Equal(t, []any{"event_1", "user.created", int64(now)}, []any{e.ID, e.Type, e.Time.Unix()})
	require.True(t, e.Authenticated.ID)
	require.JSONEq(t, `{"user":{"id":"kp_1","email":"user@example.com"}}`, string(e.Data))

	// Two levels of JSON in a text.
	e = event("wix", "wix-ok", func(*vector) core.Provider { return jws.Wix() })
	require.Equal(t, []any{"e-1", "wix.ecom.v1.order_created", "i-1", int64(now)},
		[]any{e.ID, e.Type, e.Tenant, e.Time.Unix()})
	require.True(t, e.Authenticated.Tenant)
	require.JSONEq(t, `{"data":{"id":"e-1","entityFqdn":"wix.ecom.v1.order","slug":"created","entityId":"o-1",
		"eventTime":"2026-09-21T14:13:20Z"},"instanceId":"i-1","eventType":"wix.ecom.v1.order_created",
		"identity":{"identityType":"APP"}}`, string(e.Payload))
	require.Contains(t, string(e.Data), `"entityId": "o-1"`)
	other := event("wix", "wix-no-exp-claimless", func(*vector) core.Provider { return jws.Wix() })
	require.Equal(t, e.Identity, other.Identity, "another token of the same event")
}
