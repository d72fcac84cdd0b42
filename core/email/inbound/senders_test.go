package inbound_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/inbound"
	"github.com/sallyport-go/sallyport/internal/odddoc"
)

func read(t *testing.T, sender, payload string, c inbound.Config) *inbound.Message {
	t.Helper()
	m, err := inbound.Read(t.Context(), core.Event{Provider: sender, Payload: []byte(payload)}, c)
	require.NoError(t, err)
	return m
}

func TestAhaSendsRoutesAreMessages(t *testing.T) {
	t.Parallel()
	m := read(t, "ahasend",
		`{"type":"message.routing","route_id":"r","timestamp":"2024-05-06T13:15:46.404433272Z","data":{"id":"route-1",`+
			`"from":"Jo <jo@example.com>","reply_to":"jo@example.com","to":"support@example.org","subject":"Help","message_id":"<1@example.com>",`+
			`"size":2048,"spam_score":0.1,"bounce":false,"cc":"","date":"Mon, 06 May 2024 13:15:46 +0000","html_body":"<p>I need help</p>",`+
			`"plain_body":"I need help\n> before","reply_from_plain_body":"I need help","attachments":[`+
			`{"filename":"../logo.png","content_type":"image/png","content_id":"logo-123","disposition":"","data":"aGk="},`+
			`{"filename":"a.txt","content_type":"text/plain","content_id":"","disposition":"form-data","data":"aGk="}],`+
			`"headers":{"X-Mailer":"Gmail","To":"Support <support@example.org>"}}}`, inbound.Config{})
	require.Equal(t, "route-1", m.EventID)
	require.Equal(t, time.Date(2024, 5, 6, 13, 15, 46, 404433000, time.UTC), m.Timestamp)
	require.Equal(t, []inbound.Address{{Name: "Jo", Addr: "jo@example.com"}}, m.From)
	require.Equal(t, []inbound.Address{{Name: "Support", Addr: "support@example.org"}}, m.To)
	require.Equal(t, "support@example.org", m.EnvelopeRecipient)
	require.Equal(t, "Help", m.Subject)
	require.Equal(t, "I need help", m.StrippedText)
	require.Equal(t, "<p>I need help</p>", m.HTML)
	require.InDelta(t, 0.1, *m.SpamScore, 1e-9)
	require.Equal(t, "hi", string(m.ContentIDs()["logo-123"].Content))
	require.Equal(t, "logo.png", m.Inlines[0].Filename)
	require.Len(t, m.Attachments, 1)
	require.Equal(t, "Gmail", m.Header("X-Mailer"))
	require.Equal(t, "<1@example.com>", m.Header("Message-ID"))
	require.Empty(t, m.HeaderValues("Cc"))
}

func TestMailPaceAndSweegoAreMessages(t *testing.T) {
	t.Parallel()
	m := read(t, "mailpace", `{"from":"x","headers":[],"messageId":"<1@example.com>","raw":`+
		strconv.Quote("From: jo@example.com\r\nTo: a@example.com\r\nSubject: Hi\r\n\r\nhello")+`}`, inbound.Config{})
	require.Equal(t, "Hi", m.Subject)
	require.Equal(t, "hello", m.Text)
	require.Equal(t, "jo@example.com", m.From[0].Addr)

	m = read(t, "sweego",
		`{"event_type":"email_inbound","timestamp":"2024-12-19T13:49:28.849638+00:00","from_":{"email":"jo@example.com","name":"Jo, A"},`+
			`"to":[{"email":"a@example.com","name":""},{"email":"b@example.com"}],"cc":[],"headers":{"in-reply-to":"<1@example.com>"},"text":"Receiv","html":null,`+
			`"subject":"test","attachments":[{"uuid":"02b8f2b6-b491","name":"random.pdf","content_type":"application/pdf","size":38408}],"event_id":"10c0"}`,
		inbound.Config{})
	require.Equal(t, "10c0", m.EventID)
	require.Equal(t, []inbound.Address{{Name: "Jo, A", Addr: "jo@example.com"}}, m.From)
	require.Len(t, m.To, 2)
	require.Equal(t, "<1@example.com>", m.Header("In-Reply-To"))
	require.Equal(t, "random.pdf", m.Attachments[0].Filename)
	require.Empty(t, m.Attachments[0].Content)
	require.Equal(t, []string{"the content of a file is at Sweego's API alone: ask it for 02b8f2b6-b491"}, m.Defects)
}

// api answers as Mailtrap's does, and keeps what it was asked.
type api struct {
	asked []string
	keys  []string
}

const mailtrapMessage = `{"id":"1866872391602282496","inbox_id":15,"from":"Jo <jo@example.com>","to":["in@example.org"],"cc":[],"bcc":[],"reply_to":null,` +
	`"subject":"Hello","rfc_message_id":"<2C@example.com>","references":["<1@example.com>","<2@example.com>"],"headers":{"return-path":"jo@example.com","subject":"twice"},` +
	`"text_body":"short","html_body":"<p>short</p>","attachments":[{"filename":"a.txt","content_type":"text/plain","content_id":null,"download_url":"https://files.example.com/a"}],` +
	`"raw_message_url":"https://raw.example.com/raw.eml?X-Amz-Signature=secret"}`

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked, a.keys = append(a.asked, r.URL.String()), append(a.keys, r.Header.Get("Authorization"))
	body := map[string]string{
		"https://mailtrap.io/api/inbound/inboxes/15/messages/1866872391602282496": mailtrapMessage,
		"https://files.example.com/a":                            "a file",
		"https://raw.example.com/raw.eml?X-Amz-Signature=secret": "From: jo@example.com\r\nSubject: raw\r\n\r\nas it came",
	}[r.URL.String()]
	if body == "" {
		return nil, errors.New("nothing is there")
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
		Request: r}, nil
}

func TestMailtrapsMessagesAreFetchedFromItsHostAlone(t *testing.T) {
	t.Parallel()
	const delivery = `{"event":"inbound.message_received","event_id":"e","timestamp":1788113042436,"inbox_id":15,"message_id":"1866872391602282496","from":"Jo"}`
	a := &api{}
	c := inbound.Config{APIKey: "a-key", Client: &http.Client{Transport: a}}
	m := read(t, "mailtrap", delivery, c)
	require.Equal(t, "15/1866872391602282496", m.EventID)
	require.Equal(t, time.UnixMilli(1788113042436).UTC(), m.Timestamp)
	require.Equal(t, "Hello", m.Subject)
	require.Equal(t, []string{"Hello"}, m.HeaderValues("Subject"))
	require.Equal(t, "short", m.Text)
	require.Equal(t, "<1@example.com> <2@example.com>", m.Header("References"))
	require.Equal(t, "a.txt", m.Attachments[0].Filename)
	require.Empty(t, m.Attachments[0].Content)
	require.Len(t, m.Defects, 1)
	require.Equal(t, []string{"https://mailtrap.io/api/inbound/inboxes/15/messages/1866872391602282496"}, a.asked)
	require.Equal(t, []string{"Bearer a-key"}, a.keys)

	a.asked, a.keys, c.DownloadHosts = nil, nil, []string{"files.example.com"}
	m = read(t, "mailtrap", `{"events":[`+delivery+`]}`, c)
	require.Equal(t, "a file", string(m.Attachments[0].Content))
	require.Empty(t, m.Defects)
	require.Equal(t, []string{"Bearer a-key", ""}, a.keys, "the credential is for Mailtrap's API alone")

	c.DownloadHosts = []string{"raw.example.com"}
	m = read(t, "mailtrap", delivery, c)
	require.Equal(t, "raw", m.Subject)
	require.Equal(t, "as it came", m.Text)
	require.NotEmpty(t, m.Raw)

	for _, row := range []struct{ name, payload, want string }{
		{"no key", delivery, "Config.APIKey"},
		{"a test of the webhook", `{"event":"inbound_message_received","inbound_inbox_id":1,"message_id":"x"}`,
			"holds no message"},
		{"a way out of the path", `{"event":"inbound.message_received","inbox_id":"../../accounts","message_id":"x"}`,
			"holds no message"},
		{"a tracking event", `{"event":"delivery","email":"a@example.com"}`,
			"sent a tracking event to an endpoint for inbound messages: in Settings > Webhooks"},
	} {
		_, err := inbound.Read(t.Context(), core.Event{Provider: "mailtrap", Payload: []byte(row.payload)},
			inbound.Config{})
		require.ErrorContains(t, err, row.want, row.name)
	}
}

func TestTrackingEventsOfNewSendersAreNamedAtInboundEndpoints(t *testing.T) {
	t.Parallel()
	for sender, body := range map[string]string{
		"ahasend": `{"type":"message.bounced"}`, "mailpace": `{"event":"email.bounced","payload":{}}`,
		"sweego":          `{"event_type":"hard_bounce"}`,
		"sparkpost-relay": `{"msys":{"message_event":{"type":"bounce"}}}`,
	} {
		_, err := inbound.Read(t.Context(), core.Event{Provider: sender, Payload: []byte(body)}, inbound.Config{})
		wrong := (*email.WrongEndpointError)(nil)
		require.ErrorAs(t, err, &wrong, sender)
		require.NotContains(t, err.Error(), "the settings of", sender)
	}
}

// Each member of another kind, or gone, is still a message, a mistake in the set-up, or none.
func TestNoMemberOfAnotherKindIsARetryAtNewSenders(t *testing.T) {
	t.Parallel()
	tried := 0
	for sender, body := range newSendersMessages() {
		var doc any
		require.NoError(t, json.Unmarshal([]byte(body), &doc))
		odddoc.Spoil(doc, func() {
			payload, err := json.Marshal(doc)
			require.NoError(t, err)
			c := inbound.Config{APIKey: "k", Client: &http.Client{Transport: answering(200, mailtrapMessage)}}
			_, err = inbound.Read(t.Context(), core.Event{Provider: sender, Payload: payload}, c)
			wrong := (*email.WrongEndpointError)(nil)
			require.True(t, err == nil || errors.Is(err, inbound.ErrNoMessage) || errors.As(err, &wrong), "%s: %s: %v",
				sender, payload, err)
			tried++
		})
	}
	require.Greater(t, tried, 300)
}

func newSendersMessages() map[string]string {
	return map[string]string{
		"ahasend":  `{"type":"message.routing","timestamp":"t","data":{"id":"1","from":"a","to":"b","attachments":[{"filename":"f","content_id":"c","data":"aGk="}],"headers":{"a":"b"}}}`,
		"mailpace": `{"from":"a","headers":["a: b"],"raw":"Subject: x\n\ny"}`,
		"sweego":   `{"event_type":"email_inbound","from_":{"email":"a","name":"b"},"to":[{"email":"a"}],"headers":{"a":"b"},"attachments":[{"uuid":"u","name":"n"}]}`,
		"mailtrap": `{"event":"inbound.message_received","inbox_id":2,"message_id":"3","timestamp":4}`,
	}
}

// TestWhatSendersDocumentIsAMessage: the examples of the senders' own documentation.
func TestWhatSendersDocumentIsAMessage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../testdata/documented.json")
	require.NoError(t, err)
	var all []struct {
		Sender, Source string
		Body           json.RawMessage
		Inbound        bool
	}
	require.NoError(t, json.Unmarshal(data, &all))
	want := map[string][3]string{ // subject, the first address of From, text
		"postal":    {"Re: Welcome to AwesomeApp", "test@example.com", "Hello there!"},
		"mailjet":   {"Hey! It's Friday!", "pilot@example.com", "Hi,"},
		"sparkpost": {"", "me@example.com", ""},
		"ahasend":   {"Help with my account", "customer@example.com", "I need help with my account settings."},
		"sweego":    {"test", "my@example.com", "Receiv"},
	}
	for _, d := range all {
		if !d.Inbound || d.Sender == "resend" { // which has to be asked for the message
			continue
		}
		m := read(t, d.Sender, string(d.Body), inbound.Config{})
		w, known := want[d.Sender]
		require.True(t, known, d.Sender)
		delete(want, d.Sender)
		require.Equal(t, w[1], m.From[0].Addr, d.Source)
		if w[0] != "" {
			require.Equal(t, w[0], m.Subject, d.Source)
		}
		require.True(t, strings.HasPrefix(m.Text, w[2]), m.Text)
		if d.Sender == "postal" {
			require.Equal(t, "Hello world!", string(m.Attachments[0].Content))
			require.False(t, *m.SpamDetected)
			require.Equal(t, "sales@example.com", m.EnvelopeRecipient)
		}
	}
	require.Empty(t, want)
	_, err = inbound.Read(t.Context(),
		core.Event{Provider: "postal", Payload: []byte("rcpt_to=a%40example.com&message=x")}, inbound.Config{})
	require.ErrorContains(t, err, "choose JSON at the HTTP endpoint")
}
