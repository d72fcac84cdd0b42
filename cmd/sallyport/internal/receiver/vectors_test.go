package receiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// vector is one recorded delivery.
type vector struct {
	Provider, ID, Method, Secret, URL, Expect string

	PublicKey string `json:"public_key"`
	KeyID     string `json:"public_key_id"`
	Headers   map[string]string
	Body      []byte `json:"body_b64"`
	Now       *int64
	CertPEM   string            `json:"cert_pem"`
	CertID    string            `json:"keyid"`
	Config    map[string]string // what is configured beside the secret
	Response  *struct {
		Status       int
		Body         string
		Acknowledged bool
	}
}

// TestRecordedDeliveriesGetTheirVerdict sends every recorded delivery to a receiver whose clock stands where it was
// recorded. Each clock is one receiver, and each delivery an endpoint of it.
func TestRecordedDeliveriesGetTheirVerdict(t *testing.T) {
	t.Parallel()
	byClock := map[string][]vector{}
	for _, v := range recorded(t) {
		byClock[v.clock()] = append(byClock[v.clock()], v)
	}
	turn := 0
	for clock, vectors := range byClock {
		router := Routers()[turn%len(Routers())]
		turn++
		t.Run(router+" at "+clock, func(t *testing.T) {
			t.Parallel()
			var endpoints []any
			for i, v := range vectors {
				endpoints = append(endpoints, v.endpoint(t, i))
			}
			configuration, err := yaml.Marshal(map[string]any{"listen": "127.0.0.1:0", "router": router, "clock": clock,
				"endpoints": endpoints})
			require.NoError(t, err)
			r := start(t, string(configuration))
			for i, v := range vectors {
				v.judge(t, r, i)
			}
			r.stop()
		})
	}
}

func recorded(t *testing.T) []vector {
	t.Helper()
	files, err := filepath.Glob("../../../../core/provider/testdata/vectors/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []vector
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var some []vector
		require.NoError(t, json.Unmarshal(data, &some))
		all = append(all, some...)
	}
	return all
}

// clock is where the receiver's stands. A delivery that was recorded without one is judged at its own time.
func (v *vector) clock() string {
	at := time.Unix(1_800_000_000, 0)
	if v.Now != nil {
		at = time.Unix(*v.Now, 0)
	} else if milli, err := strconv.ParseInt(strings.TrimPrefix(strings.Split(v.Headers["sanity-webhook-signature"],
		",")[0], "t="), 10, 64); err == nil {
		at = time.UnixMilli(milli)
	}
	return at.UTC().Format(time.RFC3339)
}

func (v *vector) endpoint(t *testing.T, i int) map[string]any {
	t.Helper()
	endpoint := map[string]any{
		"path": fmt.Sprintf("/%d", i), "provider": v.Provider, "replay": map[string]any{"store": "none"},
		"dangerously_allow_http": true, "dangerously_allow_weak_secrets": true,
	}
	if known, ok := catalogue.ByName(v.Provider); ok {
		for _, p := range known.Parameters {
			switch value, given := v.Config[strings.TrimSuffix(p.Name, "s")]; {
			case given:
				endpoint[p.Name] = []string{value}
			case p.Name == catalogue.VerifyToken && v.Config["verification_token"] != "":
				endpoint[p.Name] = v.Config["verification_token"]
			case p.Required && p.Field == "": // what the recording was made with
				endpoint[p.Name] = p.Sample
			}
		}
	}
	switch {
	case v.CertPEM != "" && v.CertID != "":
		endpoint["keys"] = []string{write(t, "public.pem", v.CertID+"|"+v.CertPEM)}
	case v.Secret == "":
		endpoint["keys"] = []string{write(t, "public.pem", v.PublicKey)}
	case v.KeyID != "":
		endpoint["secrets"] = []string{v.KeyID + "|" + v.Secret}
	default:
		endpoint["secrets"] = []string{v.Secret}
	}
	if v.URL != "" {
		endpoint["public_url"] = v.URL
	}
	if window := catalogue.RecordedWindow(v.ID); window > 0 {
		endpoint["tolerance"] = window.String()
	}
	return endpoint
}

// judge sends the delivery, and reads its lines of the output.
func (v *vector) judge(t *testing.T, r *receiver, i int) {
	t.Helper()
	target := fmt.Sprintf("%s/%d", r.url, i)
	if _, query, ok := strings.Cut(v.URL, "?"); ok {
		target += "?" + query
	}
	req, err := http.NewRequestWithContext(t.Context(), v.Method, target, bytes.NewReader(v.Body))
	require.NoError(t, err)
	for name, value := range v.Headers {
		req.Header.Set(name, value)
	}
	status, answer := r.deliver(req)
	sender, ok := catalogue.ByName(v.Provider)
	require.True(t, ok, v.Provider)
	data, err := entry.Of(sender.Sample())
	require.NoError(t, err)
	switch {
	case v.Response != nil && v.Provider != "dropbox-sign": // a handshake
		require.Equal(t, v.Response.Status, status, v.ID)
		if !v.Response.Acknowledged { // which is encrypted, and different each time
			require.Equal(t, v.Response.Body, answer, v.ID)
		}
		require.Contains(t, r.line(),
			fmt.Sprintf(`{"answered":{"endpoint":"/%d","provider":"%s","reason":"handshake"`, i, v.Provider), v.ID)
	case v.Expect == "valid":
		require.Equal(t, http.StatusOK, status, "%s: %s", v.ID, answer)
	default:
		require.Equal(t, max(data.AuthStatus, http.StatusBadRequest), status, v.ID)
		require.Contains(t, r.line(), fmt.Sprintf(`{"answered":{"endpoint":"/%d"`, i), v.ID)
		return
	}
	for len(r.stdout) > 0 { // one for each event, printed before the answer
		require.Contains(t, <-r.stdout, fmt.Sprintf(`"endpoint":"/%d"`, i), v.ID)
	}
}
