package receiver

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// host is where the public URLs of these tests lead.
const host = "hooks.example.com"

// served is a sender, what it sends, and one that sends the same under other keys.
type served struct {
	catalogue.Entry
	sender, stranger *webhooktest.Sender
	sample           webhooktest.Sample
	events           int
}

// TestEveryEntryIsServed starts one receiver for each router with every sender there is, and sends it what each would.
func TestEveryEntryIsServed(t *testing.T) {
	t.Parallel()
	var all []served
	var endpoints []any
	for _, e := range catalogue.All() {
		s := served{Entry: e, sender: senderOf(e), stranger: senderOf(e), sample: sampleOf(e)}
		s.events = events(t, s)
		all = append(all, s)
		endpoints = append(endpoints, endpointOf(t, s))
	}
	for _, router := range Routers() {
		t.Run(router, func(t *testing.T) {
			t.Parallel()
			configuration, err := yaml.Marshal(map[string]any{"listen": "127.0.0.1:0", "router": router,
				"endpoints": endpoints})
			require.NoError(t, err)
			r := start(t, string(configuration))
			for _, s := range all {
				status, body := r.deliver(s.sender.Request("/"+s.Name, s.sample))
				require.Less(t, status, 300, "%s: %s", s.Name, body)
				var line struct{ Signal signalLine }
				require.NoError(t, json.Unmarshal([]byte(r.line()), &line))
				require.Equal(t, []string{"/" + s.Name, s.Name, "ok"},
					[]string{line.Signal.Endpoint, line.Signal.Provider, line.Signal.Attempt})
				if s.sample.Type != "" {
					require.Equal(t, s.sample.Type, line.Signal.Type, s.Name)
				}
				for range s.events - 1 {
					require.Contains(t, r.line(), `{"signal":{"endpoint":"/`+s.Name+`"`)
				}

				// Another's signature does nothing but be told.
				status, _ = r.deliver(s.stranger.Request("/"+s.Name, s.sample))
				require.GreaterOrEqual(t, status, 400, s.Name)
				require.Contains(t, r.line(), `{"answered":{"endpoint":"/`+s.Name+`"`)
			}
			require.Equal(t, 0, r.end())
		})
	}
}

func senderOf(e catalogue.Entry) *webhooktest.Sender {
	s := webhooktest.NewSender(e.Sample())
	s.Host = host
	return s
}

// endpointOf is the configuration of a sender's endpoint: its parameters, and its secret or the file with its key.
func endpointOf(t *testing.T, s served) map[string]any {
	t.Helper()
	endpoint := map[string]any{
		"path": "/" + s.Name, "provider": s.Name, "dangerously_allow_http": true,
		"replay": map[string]any{"store": "none"},
	}
	for _, p := range s.Parameters {
		switch {
		case p.Name == catalogue.AwaitSecret || p.Name == catalogue.SecretSinkFile:
			// Here the secret is there.
		case p.Name == catalogue.PublicURL:
			endpoint[p.Name] = "https://" + host + "/" + s.Name
		case p.List:
			endpoint[p.Name] = p.Sample
		default:
			endpoint[p.Name] = p.Sample[0]
		}
	}
	if publicKey(s.sender.Secret()) != nil && verifiesWithKeys(s.Sample()) {
		endpoint["keys"] = []string{publicKeyFile(t, s.sender.Secret())}
	} else {
		endpoint["secrets"] = []string{s.sender.Secret()}
	}
	return endpoint
}

// sampleOf is a delivery of the entry's sender.
func sampleOf(e catalogue.Entry) webhooktest.Sample {
	if samples := webhooktest.Samples(e.Sample()); len(samples) > 0 {
		return samples[0]
	}
	if e.Name == "travis-ci" { // it signs for everybody, and the payload says whose build it was
		return webhooktest.Sample{Body: []byte(`{"repository":{"owner_name":"acme","name":"app"}}`)}
	}
	return webhooktest.Sample{Body: []byte(`{"id":"evt_1"}`)}
}

// events is how many events a guard of its own reads in the sample.
func events(t *testing.T, s served) int {
	t.Helper()
	g, err := core.New(core.Config{
		Endpoint: "count", Provider: s.Sample(), Secrets: secrets.Static(s.sender.Secret()),
		Replay:       core.DangerouslyNoReplay,
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
		PublicURL: "https://" + host + "/" + s.Name,
	})
	require.NoError(t, err)
	d, reply := g.Receive(httptest.NewRecorder(), s.sender.Request("/"+s.Name, s.sample), adapter.Inbound{})
	require.Nil(t, reply, s.Name)
	return len(d.Events())
}

// deliver sends a request that was made for the public URL to the receiver.
func (r *receiver) deliver(made *http.Request) (status int, answer string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), made.Method, r.url+made.URL.RequestURI(), made.Body)
	require.NoError(r.t, err)
	req.Header, req.ContentLength = made.Header, made.ContentLength
	if made.ContentLength == 0 { // or the client sends a body of no declared length
		req.Body = http.NoBody
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res.StatusCode, string(body)
}
