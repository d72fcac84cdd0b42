package adaptertest_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// recorded is a delivery of a sender that needs parameters or a library.
type recorded struct {
	ID, Method, URL, Secret, Expect, Alg, Label string

	Cert    string          `json:"cert_pem"`
	Public  string          `json:"public_key"`
	Base    string          `json:"signature_base"`
	Body    []byte          `json:"body_b64"`
	Headers json.RawMessage // pairs, or an object
	Now     int64
}

func (v *recorded) header(t *testing.T) http.Header {
	t.Helper()
	h := http.Header{}
	var object map[string]string
	if json.Unmarshal(v.Headers, &object) == nil {
		for name, value := range object {
			h.Set(name, value)
		}
		return h
	}
	var pairs [][2]string
	require.NoError(t, json.Unmarshal(v.Headers, &pairs))
	for _, pair := range pairs {
		if pair[0] != "Content-Length" && pair[0] != "Host" {
			h.Add(pair[0], pair[1])
		}
	}
	return h
}

func (v *recorded) messageBird() core.Provider { return jwt.MessageBird() }

func (v *recorded) sns() core.Provider {
	var message struct{ TopicArn, Timestamp string }
	if json.Unmarshal(v.Body, &message) == nil {
		at, _ := time.Parse(time.RFC3339, message.Timestamp)
		v.Now = at.Unix()
	}
	return provider.AWSSNS(provider.SNSConfig{Topics: []string{message.TopicArn}})
}

// rfc9421 asks for the components that the example covers, which are few.
func (v *recorded) rfc9421() core.Provider {
	c := httpsig.Config{
		Algorithm: httpsig.Algorithm(v.Alg), Label: v.Label, KeyEncoding: httpsig.Base64,
		DangerouslyLeaveUncovered: true, Methods: []string{"GET"},
	}
	for line := range strings.Lines(v.Base) {
		if name, _, _ := strings.Cut(line, ": "); !strings.HasPrefix(name, `"@signature-params"`) {
			c.Components = append(c.Components, strings.Replace(name[1:], `"`, "", 1))
		}
	}
	return httpsig.RFC9421(c)
}

// TestRecordedDeliveriesOfLibrariesThroughEveryRouter sends them over HTTP.
func TestRecordedDeliveriesOfLibrariesThroughEveryRouter(t *testing.T) {
	t.Parallel()
	for file, sender := range map[string]func(*recorded) core.Provider{
		"../../core/provider/jwt/testdata/vectors/messagebird.json": (*recorded).messageBird,
		"../../core/provider/testdata/sns/aws-sns.json":             (*recorded).sns,
		"../../core/provider/httpsig/testdata/vectors/rfc9421.json": (*recorded).rfc9421,
	} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var vectors []recorded
		require.NoError(t, json.Unmarshal(data, &vectors))
		require.NotEmpty(t, vectors)
		for _, v := range vectors {
			p := sender(&v)
			e, err := entry.Of(p)
			require.NoError(t, err)
			key := v.Secret + v.Cert + v.Public
			if key == "" {
				key = "a-secret-of-this-test-and-nothing-else" // of a token that says it is not signed
			}
			g, err := core.New(core.Config{
				Endpoint: "vectors", Provider: p, Secrets: secrets.Static(key), Replay: core.DangerouslyNoReplay,
				PublicURL: v.URL,
				Now:       func() time.Time { return time.Unix(v.Now, 0) }, Logger: slog.New(slog.DiscardHandler),
				DangerouslyAllowHTTP: true,
			})
			require.NoError(t, err)
			for name, mount := range everyMount() {
				t.Run(v.ID+" through "+name, func(t *testing.T) {
					t.Parallel()
					var ran atomic.Int32
					server := httptest.NewServer(mount(g, func() { ran.Add(1) }))
					defer server.Close()
					r, err := http.NewRequestWithContext(t.Context(), v.Method, server.URL+"/hooks",
						strings.NewReader(string(v.Body)))
					require.NoError(t, err)
					r.Header = v.header(t)
					res, err := server.Client().Do(r)
					require.NoError(t, err)
					require.NoError(t, res.Body.Close())
					if v.Expect == "valid" {
						require.Equal(t, http.StatusOK, res.StatusCode)
						require.EqualValues(t, 1, ran.Load())
						return
					}
					require.Equal(t, max(e.AuthStatus, http.StatusBadRequest), res.StatusCode)
					require.Zero(t, ran.Load())
				})
			}
		}
	}
}
