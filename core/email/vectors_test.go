package email_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// vector is one delivery of a sender, without its proof, and what it means.
type vector struct {
	ESP, Kind, Name string
	ContentType     string `json:"content_type"`
	Headers         map[string]string
	Body            []byte `json:"body_b64"`
	Expect          []json.RawMessage
	WrongEndpoint   bool `json:"wrong_endpoint"`
}

//go:embed testdata/events.json
var vectorFile []byte //lint:immutable never written

func vectors(t testing.TB, kind string) []vector {
	var all []vector
	require.NoError(t, json.Unmarshal(vectorFile, &all))
	return slices.DeleteFunc(all, func(v vector) bool { return v.Kind != kind })
}

func (v *vector) name() string { return v.ESP + " " + v.Kind + " " + v.Name }

// providerOf returns the sender's entry, for every topic that the vectors name.
func providerOf(t testing.TB, esp string) core.Provider {
	switch esp {
	case "amazon-ses":
		return provider.AmazonSES(provider.SNSConfig{Topics: []string{
			"arn:aws:sns:us-east-1:123456789012:SES_Events", "arn:aws:sns:us-east-1:111111111111:SES_Inbound",
			"arn:aws:sns:us-west-2:123456789012:SES_Notifications",
		}})
	case "unisender-go":
		return provider.UnisenderGo()
	}
	p, ok := provider.ByName(esp)
	require.True(t, ok, esp)
	return p
}

// signedAt is the time that a body says it was signed at; now where it says none.
func (v *vector) signedAt() (at time.Time, inBody bool) {
	var doc struct {
		Timestamp json.RawMessage
		Signature struct{ Timestamp json.Number }
	}
	_ = json.Unmarshal(v.Body, &doc)
	if n, err := doc.Signature.Timestamp.Int64(); err == nil {
		return time.Unix(n, 0), true
	}
	if v.ESP == "amazon-ses" {
		at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(doc.Timestamp))
		return at, err == nil
	}
	if v.ESP == "mailgun" {
		if _, rest, ok := strings.Cut(string(v.Body), "name=\"timestamp\"\r\n\r\n"); ok {
			text, _, _ := strings.Cut(rest, "\r\n")
			if n, err := json.Number(text).Int64(); err == nil {
				return time.Unix(n, 0), true
			}
		}
	}
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), false
}

// through sends the delivery through a real guard and a router, and returns the verified events.
func (v *vector) through(t *testing.T) (events []core.Event) {
	p := providerOf(t, v.ESP)
	at, _ := v.signedAt()
	now := func() time.Time { return at }
	sender := webhooktest.NewSender(p)
	sender.Now = now
	guard, err := core.New(core.Config{
		Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: core.DangerouslyNoReplay,
		Now:    now,
		Logger: quiet(),
	})
	require.NoError(t, err)
	signals := core.NewSignals()
	signals.On("*", func(_ context.Context, e core.Event) error {
		events = append(events, e)
		return nil
	})
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/mail", guard, signals)
	header := http.Header{"Content-Type": {v.ContentType}}
	for name, value := range v.Headers {
		header.Set(name, value)
	}
	w := sender.Send(mux, "/mail", webhooktest.Sample{Header: header, Body: v.Body})
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	return events
}

// differs lists where an expected value cannot be had, or should not, with the reason.
var differs = map[string]string{ //lint:immutable never written
	"brevo tracking unique_proxy_open_event": `{"tags":["transactionalTag"]}`, // tags are texts: not a list in a list
}

// unsigned are deliveries that a guard refuses, because they hold a signed field twice. They are read without one.
var unsigned = []string{"mailgun tracking legacy_metadata_key_conflicts"} //lint:immutable never written

func TestEveryTrackingDeliveryMeansWhatItShould(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, v := range vectors(t, "tracking") {
		seen++
		t.Run(v.name(), func(t *testing.T) {
			t.Parallel()
			events := []core.Event{{Provider: v.ESP, Payload: v.Body}}
			if !slices.Contains(unsigned, v.name()) {
				events = v.through(t)
			}
			var got []email.Event
			wrong := false
			for _, e := range events {
				some, err := email.Events(e)
				if endpoint := (*email.WrongEndpointError)(nil); errors.As(err, &endpoint) {
					require.Contains(t, endpoint.Error(),
						"sent an inbound message to an endpoint for tracking events: in ")
					wrong, err = true, nil
				}
				require.NoError(t, err)
				got = append(got, some...)
			}
			require.Equal(t, v.WrongEndpoint, wrong)
			require.Len(t, got, len(v.Expect))
			for i := range got {
				v.compare(t, got[i], v.Expect[i])
				require.NotEmpty(t, got[i].Raw)
			}
		})
	}
	require.Equal(t, 185, seen)
}

// The body alone is enough, but for what a sender writes in headers.
func TestABodyWithoutAGuardMeansTheSame(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t, "tracking") {
		e := core.Event{Provider: v.ESP, Payload: v.Body, ID: v.Headers["Svix-Id"] + v.Headers["svix-id"]}
		got, err := email.Events(e)
		require.Equal(t, v.WrongEndpoint, err != nil, v.name())
		require.Len(t, got, len(v.Expect), v.name())
		for i := range got {
			v.compare(t, got[i], v.Expect[i])
		}
	}
}

// compare compares every field.
func (v *vector) compare(t *testing.T, got email.Event, expect json.RawMessage) {
	data, err := json.Marshal(got)
	require.NoError(t, err)
	var is, want map[string]any
	require.NoError(t, json.Unmarshal(data, &is))
	require.NoError(t, json.Unmarshal(expect, &want))
	if other, ok := differs[v.name()]; ok {
		require.NoError(t, json.Unmarshal([]byte(other), &want))
	}
	if _, inBody := v.signedAt(); v.ESP == "amazon-ses" && !inBody {
		delete(is, "timestamp") // SNS always sends it, and signs it
		delete(want, "timestamp")
	}
	require.Equal(t, want, is)
}
