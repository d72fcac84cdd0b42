package adaptertest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
	"github.com/sallyport-go/sallyport/internal/sign"
)

// everyMount serves /hooks behind a guard in each router; ran is called for each event.
func everyMount() map[string]func(g *core.Guard, ran func()) *app {
	mounts := map[string]func(g *core.Guard, ran func()) *app{}
	for _, rt := range routers() {
		mounts[rt.name] = func(g *core.Guard, ran func()) *app {
			a, s := rt.new(), core.NewSignals()
			s.On("*", func(context.Context, core.Event) error { ran(); return nil })
			a.handle("/hooks", g, s)
			return a
		}
	}
	return mounts
}

// configured is the sender as it was configured for a recording.
func configured(t *testing.T, c catalogue.Entry, config map[string]string) core.Provider {
	t.Helper()
	values := catalogue.Values{}
	for _, p := range c.Parameters {
		if p.Field != "" { // of core.Config
			continue
		}
		values[p.Name] = p.Sample
		if value, given := config[strings.TrimSuffix(p.Name, "s")]; given {
			values[p.Name] = []string{value}
		}
	}
	p, err := c.Provider(values)
	require.NoError(t, err)
	return p
}

// TestRecordedDeliveriesThroughEveryRouter sends each recorded delivery over HTTP.
func TestRecordedDeliveriesThroughEveryRouter(t *testing.T) {
	t.Parallel()
	mounts := everyMount()
	files, err := filepath.Glob("../../core/provider/testdata/vectors/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var vectors []struct {
			Provider, ID, Method, Secret, URL, Expect string

			PublicKey string            `json:"public_key"`
			KeyID     string            `json:"public_key_id"`
			Response  *recordedResponse // a handshake's
			CertPEM   string            `json:"cert_pem"`
			CertID    string            `json:"keyid"`
			Config    map[string]string // what is configured next to the secret
			Headers   map[string]string
			Body      []byte `json:"body_b64"`
			Now       *int64
		}
		require.NoError(t, json.Unmarshal(data, &vectors))
		for _, v := range vectors {
			if v.Provider == "dropbox-sign" {
				v.Response = nil // what it wants each delivery to be answered with
			}
			if v.KeyID != "" {
				v.Secret = v.KeyID + "|" + v.Secret
			}
			if v.Secret == "" {
				v.Secret = v.PublicKey
			}
			if v.CertPEM != "" && v.CertID != "" {
				v.Secret = v.CertID + "|" + v.CertPEM
			}
			for name, mount := range mounts {
				t.Run(v.ID+" through "+name, func(t *testing.T) {
					t.Parallel()
					sender, ok := catalogue.ByName(v.Provider)
					require.True(t, ok)
					p := configured(t, sender, v.Config)
					e, err := entry.Of(p)
					require.NoError(t, err)
					now := time.Now()
					if v.Now != nil {
						now = time.Unix(*v.Now, 0)
					} else if milli, err := strconv.ParseInt(strings.TrimPrefix(strings.Split(v.Headers["sanity-webhook-signature"], ",")[0], "t="), 10, 64); err == nil {
						now = time.UnixMilli(milli) // recorded without a clock, so checked at its own time
					}
					setup := core.Setup{}
					if token := v.Config["verification_token"]; token != "" && e.AsksVerifyToken() {
						setup.VerifyTokens = secrets.Static(token)
					}
					g, err := core.New(core.Config{
						Endpoint: "vectors", Setup: setup, Provider: p, Secrets: secrets.Static(v.Secret),
						Replay:    core.DangerouslyNoReplay,
						PublicURL: v.URL, Limits: core.Limits{Tolerance: catalogue.RecordedWindow(v.ID)},
						Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
						DangerouslyAllowHTTP: true, DangerouslyAllowWeakSecrets: true,
					})
					require.NoError(t, err)
					var ran atomic.Int32 // a batch runs once for each of its events
					server := serve(t, mount(g, func() { ran.Add(1) }))
					target := server.URL + "/hooks"
					if _, query, found := strings.Cut(v.URL, "?"); found {
						target += "?" + query // which some sign by itself
					}
					r, err := http.NewRequestWithContext(t.Context(), v.Method, target,
						strings.NewReader(string(v.Body)))
					require.NoError(t, err)
					for header, value := range v.Headers {
						r.Header.Set(header, value)
					}
					got := server.send(t, r)
					if v.Response != nil {
						require.Equal(t, v.Response.Status, got.status)
						if v.Response.Acknowledged {
							require.NoError(t, sign.CheckAcknowledgement(p, v.Secret, []byte(got.body)))
						} else {
							require.Equal(t, v.Response.Body, got.body)
						}
						require.Zero(t, ran.Load())
						return
					}
					if v.Expect == "valid" {
						require.Equal(t, http.StatusOK, got.status)
						switch {
						case e.Batch == nil:
							require.EqualValues(t, 1, ran.Load())
						case v.ID == "mandrill-symfony-empty-check": // a list of nothing
							require.Zero(t, ran.Load())
						default:
							require.Positive(t, ran.Load())
						}
						return
					}
					require.Equal(t, max(e.AuthStatus, http.StatusBadRequest), got.status)
					require.Zero(t, ran.Load())
				})
			}
		}
	}
}
