package inbound_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/inbound"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

type vector struct {
	ESP, Kind, Name string
	ContentType     string `json:"content_type"`
	Headers         map[string]string
	Body            []byte `json:"body_b64"`
	Fetches         []answer
	Expect          []expected
	WrongEndpoint   bool `json:"wrong_endpoint"`
}

type answer struct {
	URL         string
	Status      int
	ContentType string `json:"content_type"`
	Body        []byte `json:"body_b64"`
}

type expected struct {
	Timestamp *time.Time
	EventID   string `json:"event_id"`
	Message   struct {
		EnvelopeSender    string `json:"envelope_sender"`
		EnvelopeRecipient string `json:"envelope_recipient"`
		From, To, Cc, Bcc []inbound.Address
		Subject, Date     string
		MessageID         string `json:"message_id"`
		Text, HTML        string
		StrippedText      string   `json:"stripped_text"`
		StrippedHTML      string   `json:"stripped_html"`
		SpamDetected      *bool    `json:"spam_detected"`
		SpamScore         *float64 `json:"spam_score"`
		Attachments       []file
		Inlines           []file
		Headers           [][2]string
	}
}

type file struct {
	Filename    string
	ContentType string `json:"content_type"`
	ContentID   string `json:"content_id"`
	Size        int
	SHA256      string
}

func vectors(t testing.TB) []vector {
	data, err := os.ReadFile("../testdata/events.json")
	require.NoError(t, err)
	var all []vector
	require.NoError(t, json.Unmarshal(data, &all))
	return slices.DeleteFunc(all, func(v vector) bool { return v.Kind != "inbound" })
}

// RoundTrip answers as the sender's API does.
func (v *vector) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, a := range v.Fetches {
		if a.URL != r.URL.String() {
			continue
		}
		switch r.URL.Hostname() {
		case "api.brevo.com":
			if r.Header.Get("Api-Key") != "a-key" {
				return nil, errors.New("no key")
			}
		case "api.resend.com":
			if r.Header.Get("Authorization") != "Bearer a-key" {
				return nil, errors.New("no key")
			}
		default:
			if len(r.Header) > 0 {
				return nil, errors.New("a credential for another host")
			}
		}
		return &http.Response{
			StatusCode: a.Status, Header: http.Header{"Content-Type": {a.ContentType}},
			Body: io.NopCloser(bytes.NewReader(a.Body)), Request: r,
		}, nil
	}
	return nil, errors.New("nothing is there: " + r.URL.String())
}

func (v *vector) config() inbound.Config {
	return inbound.Config{
		APIKey: "a-key", Client: &http.Client{Transport: v}, DownloadHosts: []string{"cdn.example.com"},
		Object: func(_ context.Context, bucket, key string) ([]byte, error) {
			for _, a := range v.Fetches {
				if a.URL == "s3://"+bucket+"/"+key {
					return a.Body, nil
				}
			}
			return nil, errors.New("no such object")
		},
	}
}

func (v *vector) provider(t testing.TB) core.Provider {
	if v.ESP == "amazon-ses" {
		return provider.AmazonSES(provider.SNSConfig{Topics: []string{
			"arn:aws:sns:us-east-1:111111111111:SES_Inbound", "arn:aws:sns:us-east-1:123456789012:SES_Events",
		}})
	}
	p, ok := provider.ByName(v.ESP)
	require.True(t, ok)
	return p
}

// signedAt is the time that the body says it was signed at, where it is part of the message.
func (v *vector) signedAt() time.Time {
	text := ""
	if _, rest, ok := strings.Cut(string(v.Body), "name=\"timestamp\"\r\n\r\n"); ok {
		text, _, _ = strings.Cut(rest, "\r\n")
	} else if _, rest, ok := strings.Cut(string(v.Body), "timestamp="); ok {
		text, _, _ = strings.Cut(rest, "&")
	}
	if n, err := json.Number(text).Int64(); err == nil && v.ESP == "mailgun" {
		return time.Unix(n, 0)
	}
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
}

func (v *vector) through(t *testing.T) (messages []*inbound.Message, wrong *email.WrongEndpointError) {
	p := v.provider(t)
	now := v.signedAt
	sender := webhooktest.NewSender(p)
	sender.Now = now
	var mistake error
	guard, err := core.New(core.Config{
		Endpoint: "mail", Provider: p, Secrets: secrets.Static(sender.Secret()), Replay: core.DangerouslyNoReplay,
		Now:    now,
		Logger: slog.New(slog.DiscardHandler),
		Observers: []core.Observer{core.ObserverFunc(func(_ context.Context, r core.Record) {
			mistake = r.Err
		})},
	})
	require.NoError(t, err)
	signals := core.NewSignals()
	inbound.On(signals, func(_ context.Context, _ core.Event, m *inbound.Message) error {
		messages = append(messages, m)
		return nil
	}, v.config())
	mux := http.NewServeMux()
	httpwebhook.Handle(mux, "/mail", guard, signals)
	header := http.Header{"Content-Type": {v.ContentType}}
	for name, value := range v.Headers {
		header.Set(name, value)
	}
	w := sender.Send(mux, "/mail", webhooktest.Sample{Header: header, Body: v.Body})
	require.NoError(t, guard.Flush(t.Context()))
	require.Equal(t, http.StatusOK, w.Code, "%s %v", w.Body, mistake)
	require.NoError(t, guard.Shutdown(t.Context()))
	errors.As(mistake, &wrong)
	return messages, wrong
}

func TestEveryInboundDeliveryMeansWhatItShould(t *testing.T) {
	t.Parallel()
	all := vectors(t)
	require.Len(t, all, 39)
	for _, v := range all {
		t.Run(v.ESP+" "+v.Name, func(t *testing.T) {
			t.Parallel()
			got, wrong := v.through(t)
			require.Equal(t, v.WrongEndpoint, wrong != nil)
			require.Len(t, got, len(v.Expect))
			for i, m := range got {
				v.compare(t, m, v.Expect[i])
			}
		})
	}
}

func (v *vector) compare(t *testing.T, m *inbound.Message, e expected) {
	want := e.Message
	require.Equal(t, e.EventID, m.EventID)
	require.Equal(t, e.Timestamp == nil, m.Timestamp.IsZero())
	if e.Timestamp != nil {
		require.True(t, e.Timestamp.Equal(m.Timestamp), m.Timestamp)
	}
	require.Equal(t, want.EnvelopeSender, m.EnvelopeSender)
	require.Equal(t, want.EnvelopeRecipient, m.EnvelopeRecipient)
	for _, pair := range [][2][]inbound.Address{{want.From, m.From}, {want.To, m.To}, {want.Cc, m.Cc},
		{want.Bcc, m.Bcc}} {
		require.ElementsMatch(t, pair[0], pair[1])
	}
	require.Equal(t, want.Subject, m.Subject)
	if want.Date == "" {
		require.True(t, m.Date.IsZero())
	} else {
		at, err := time.Parse(time.RFC3339, want.Date)
		require.NoError(t, err)
		require.Equal(t, at.Format(time.RFC1123Z), m.Date.Format(time.RFC1123Z))
	}
	require.Equal(t, want.MessageID, m.Header("Message-ID"))
	require.Equal(t, want.Text, m.Text)
	require.Equal(t, want.HTML, m.HTML)
	require.Equal(t, want.StrippedText, m.StrippedText)
	require.Equal(t, want.StrippedHTML, m.StrippedHTML)
	require.Equal(t, want.SpamDetected, m.SpamDetected)
	require.Equal(t, want.SpamScore, m.SpamScore)
	compareFiles(t, want.Attachments, m.Attachments)
	compareFiles(t, want.Inlines, m.Inlines)
	headers := [][2]string{}
	for _, h := range m.Headers {
		switch strings.ToLower(h.Name) {
		case "mime-version", "content-type", "content-transfer-encoding":
		default:
			headers = append(headers, [2]string{h.Name, h.Value})
		}
	}
	require.Equal(t, want.Headers, headers)
	require.Empty(t, m.Defects)
}

func compareFiles(t *testing.T, want []file, got []inbound.Part) {
	require.Len(t, got, len(want))
	for i, p := range got {
		sum := sha256.Sum256(p.Content)
		is := file{p.Filename, p.ContentType, p.ContentID, len(p.Content), hex.EncodeToString(sum[:])}
		if p.ContentType == "message/rfc822" {
			require.NotEmpty(t, p.Content)
			is.Size, is.SHA256 = 0, ""
		}
		require.Equal(t, want[i], is)
	}
}
