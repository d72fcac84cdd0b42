package provider_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// vector is one recorded delivery.
type vector struct {
	Provider  string
	ID        string
	Method    string
	Headers   map[string]string
	Body      []byte `json:"body_b64"`
	Secret    string
	PublicKey string `json:"public_key"`
	Now       *int64
	Expect    string
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []vector
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		var some []vector
		require.NoError(t, json.Unmarshal(data, &some))
		all = append(all, some...)
	}
	return all
}

func (v *vector) provider(t testing.TB) core.Provider {
	t.Helper()
	name := v.Provider
	if name == "github-style" {
		name = "github" // the same scheme; an entry of its own comes with its other senders
	}
	p, ok := provider.ByName(name)
	require.True(t, ok, name)
	return p
}

func (v *vector) request() *http.Request {
	r := httptest.NewRequest(v.Method, "/hooks", strings.NewReader(string(v.Body)))
	for name, value := range v.Headers {
		r.Header.Set(name, value)
	}
	return r
}

// guardOf is a guard as a user would configure it, but for recorded secrets, which are short.
func guardOf(t testing.TB, p core.Provider, secret string, now time.Time) *core.Guard {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "vectors", Provider: p, Secrets: core.StaticSecrets(secret), Replay: core.DangerouslyNoReplay,
		Observer: core.ObserverFunc(func(core.Record) {}), Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now }, DangerouslyAllowHTTP: true, DangerouslyAllowWeakSecrets: true,
	})
	require.NoError(t, err)
	return g
}

func (v *vector) now() time.Time {
	if v.Now == nil {
		return time.Now()
	}
	return time.Unix(*v.Now, 0)
}

func accepts(g *core.Guard, r *http.Request) bool {
	d, _ := g.Receive(httptest.NewRecorder(), r, core.Inbound{})
	return d != nil
}

// notBuilt are recorded deliveries of schemes that are not here yet; they must be refused, not passed over.
func notBuilt() map[string]string {
	return map[string]string{"standard-webhooks-5": "v1a is Ed25519, and there are only HMAC schemes so far"}
}

func TestRecordedDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			secret, want := v.Secret, v.Expect == "valid"
			if notBuilt()[v.ID] != "" {
				secret, want = v.PublicKey[len("whpk_"):], false
			}
			require.Equal(t, want, accepts(guardOf(t, v.provider(t), secret, v.now()), v.request()))
		})
	}
}

func TestNoChangedBitOfARecordedDeliveryVerifies(t *testing.T) {
	t.Parallel()
	for _, v := range loadVectors(t) {
		if v.Expect != "valid" || notBuilt()[v.ID] != "" {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, v.provider(t), v.Secret, v.now())
			require.True(t, accepts(g, v.request()))
			if v.Provider != "mailgun" { // whose signature does not cover the body
				for i := range v.Body {
					for bit := range 8 {
						changed := v
						changed.Body = append([]byte(nil), v.Body...)
						changed.Body[i] ^= 1 << bit
						require.False(t, accepts(g, changed.request()), "byte %d of the body", i)
					}
				}
			}
			for name, value := range v.Headers {
				if name == "Content-Type" {
					continue
				}
				whole := []byte(value)
				for i := range whole {
					for bit := range 7 {
						flipped := append([]byte(nil), whole...)
						flipped[i] ^= 1 << bit
						if strings.EqualFold(string(flipped), value) || beyondProof(name, value, i) {
							continue
						}
						r := v.request()
						r.Header.Set(name, string(flipped))
						require.False(t, accepts(g, r), "byte %d of %s", i, name)
					}
				}
			}
		})
	}
}

// beyondProof names the bytes of a header that decide nothing: Stripe's v0, and svix's decoys.
func beyondProof(name, value string, at int) bool {
	switch strings.ToLower(name) {
	case "stripe-signature":
		i := strings.Index(value, ",v0=")
		return i >= 0 && at >= i
	case "svix-signature":
		good := strings.Index(value, "v1,g0hM")
		return at < good || at >= good+len("v1,")+44
	}
	return false
}
