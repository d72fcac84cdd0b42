package email_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/internal/odddoc"
)

// senders are those whose events are read.
var senders = []string{ //lint:immutable never written
	"ahasend", "amazon-ses", "aws-sns", "brevo", "customer-io", "loops", "mailchimp", "mailersend", "mailgun",
	"mailjet", "mailomat", "mailpace", "mailtrap", "mandrill", "postal", "postmark", "resend",
	"scaleway-tem", "sendgrid", "sparkpost", "sparkpost-relay", "sweego", "unisender-go",
}

// Each of the given deliveries, with each member in turn null, a text, a number, a list, an object or gone, is an
// event.
func TestNoMemberOfAnotherKindIsAnError(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, v := range vectors(t, "tracking") {
		e := core.Event{Provider: v.ESP, Payload: v.Body}
		if v.ESP == "amazon-ses" {
			var sns struct{ Message string }
			require.NoError(t, json.Unmarshal(v.Body, &sns))
			e.ID, e.Payload = "id", []byte(sns.Message)
		}
		var doc any
		if v.WrongEndpoint || json.Unmarshal(e.Payload, &doc) != nil {
			continue
		}
		odddoc.Spoil(doc, func() {
			body, err := json.Marshal(doc)
			require.NoError(t, err)
			e.Payload = body
			got, err := email.Events(e)
			if endpoint := (*email.WrongEndpointError)(nil); !errors.As(err, &endpoint) {
				require.NoError(t, err, "%s: %s", v.name(), body)
			}
			for _, m := range got {
				_, err := json.Marshal(m)
				require.NoError(t, err)
			}
			tried++
		})
	}
	require.Greater(t, tried, 5000)
}

func TestWhatCannotBeReadIsOneEventWithTheRawPayload(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, `null`, `7`, `"text"`, `{`, `{"a":1,}`, `<xml/>`, "\xff\xfe", `{"event":`, strings.Repeat("[", 5000),
		strings.Repeat(`{"a":`, 5000),
		"--b\r\n", "a=b", "=", "--\r\n\r\n", "{}}",
	} {
		for _, sender := range senders {
			got, err := email.Events(core.Event{Provider: sender, ID: "1", Payload: []byte(body)})
			require.NoError(t, err, "%s: %.40q", sender, body)
			require.Len(t, got, 1, "%s: %.40q", sender, body)
			require.Equal(t, email.Event{Type: email.Unknown, Raw: got[0].Raw}, got[0], "%s: %.40q", sender, body)
			require.LessOrEqual(t, len(got[0].Raw), len(body))
		}
	}
}

// These still crash the reference implementation.
func TestOddPayloadsThatSendersReallySend(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, sender, body, want string
	}{
		{"a custom header that is not JSON", "brevo", `{"event":"delivered","X-Mailin-custom":"order 12"}`,
			`{"event_type":"delivered"}`},
		{"no type in data", "mailersend", `{"type":"activity.sent","data":{}}`, `{"event_type":"sent"}`},
		{"no data", "mailersend", `{"type":"activity.sent"}`, `{"event_type":"sent"}`},
		{"a null morph", "mailersend", `{"type":"activity.clicked","data":{"morph":null}}`, `{"event_type":"clicked"}`},
		{"no event", "mailgun", `{"event-data":{"recipient":"a@example.com"}}`,
			`{"event_type":"unknown","recipient":"a@example.com"}`},
		{"an event without its envelope, as documented", "mailgun",
			`{"event":"failed","severity":"permanent","recipient":"a@example.com"}`,
			`{"event_type":"bounced","recipient":"a@example.com"}`},
		{"an event whose envelope is none", "mailgun", `{"event":"failed","event-data":[]}`,
			`{"event_type":"unknown"}`},
		{"a null delivery status", "mailgun", `{"event-data":{"event":"delivered","delivery-status":null}}`,
			`{"event_type":"delivered"}`},
		{"user variables in a list", "mailgun", `{"event-data":{"event":"opened","user-variables":[]}}`,
			`{"event_type":"opened"}`},
		{"null metadata", "postmark", `{"RecordType":"Open","Metadata":null,"Tag":null}`, `{"event_type":"opened"}`},
		{"an event of contacts", "resend", `{"type":"contact.created","data":{"email":"a@example.com"}}`,
			`{"event_type":"unknown"}`},
		{"an id beyond a float64", "mailjet", `{"event":"open","MessageID":9007199254740993}`,
			`{"event_type":"opened","message_id":"9007199254740993"}`},
		{"metadata beyond a float64", "mailtrap",
			`{"event":"open","custom_variables":{"a":9007199254740993,"b":1.50,"c":7}}`,
			`{"event_type":"opened","metadata":{"a":9007199254740993,"b":1.5,"c":7}}`},
		{"a time beyond what JSON can say", "sendgrid", `{"event":"open","timestamp":99999999999999999999}`,
			`{"event_type":"opened"}`},
		{"a time before 1970", "sendgrid", `{"event":"open","timestamp":-1}`, `{"event_type":"opened"}`},
		{"a time in the year 10000", "resend", `{"type":"email.opened","created_at":"9999-12-31T23:59:59-01:00"}`,
			`{"event_type":"opened"}`},
		{"several classes", "sparkpost", `{"msys":{"a":{"type":"open"},"b":{"type":"open"}}}`,
			`{"event_type":"unknown"}`},
		{"a recipient with a name", "resend", `{"type":"email.sent","data":{"to":["Jo <jo@example.com>"]}}`,
			`{"event_type":"sent","recipient":"jo@example.com"}`},
		{"a recipient that is not an address", "resend", `{"type":"email.sent","data":{"to":[" jo "]}}`,
			`{"event_type":"sent","recipient":"jo"}`},
		{"no mail", "amazon-ses", `{"eventType":"Send","mail":null}`, `{"event_type":"sent"}`},
		{"recipients in an object", "amazon-ses", `{"eventType":"Send","mail":{"destination":{}}}`,
			`{"event_type":"sent"}`},
		{"neither status nor message", "postal", `{"event":"MessageSent","payload":[]}`, `{"event_type":"unknown"}`},
	} {
		got, err := email.Events(core.Event{Provider: row.sender, ID: "", Payload: []byte(row.body)})
		require.NoError(t, err, row.name)
		require.Len(t, got, 1, row.name)
		data, err := json.Marshal(got[0])
		require.NoError(t, err, row.name)
		var is, want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(data, &is))
		for name, value := range is {
			if text := string(value); text == "null" || text == "[]" || text == "{}" {
				delete(is, name)
			}
		}
		require.NoError(t, json.Unmarshal([]byte(row.want), &want))
		require.Equal(t, want, is, row.name)
	}
}

// Each of the documented examples, with each member in turn of another kind or gone, is an event.
func TestNoMemberOfAnotherKindIsAnErrorInWhatIsDocumented(t *testing.T) {
	t.Parallel()
	tried, last := 0, ""
	for _, d := range documentedOnes(t) {
		if last == d.Sender {
			continue // the first example of each
		}
		last = d.Sender
		var doc any
		require.NoError(t, json.Unmarshal(d.Body, &doc))
		odddoc.Spoil(doc, func() {
			body, err := json.Marshal(doc)
			require.NoError(t, err)
			_, err = email.Events(core.Event{Provider: d.Sender, ID: "id", Payload: body})
			if endpoint := (*email.WrongEndpointError)(nil); !errors.As(err, &endpoint) {
				require.NoError(t, err, "%s: %s", d.Sender, body)
			}
			tried++
		})
	}
	require.Greater(t, tried, 1000)
}

func TestMailchimpsAudiencesAreForms(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		want       []email.Event
	}{
		{"a bounce", "type=cleaned&fired_at=2009-03-26+22%3A01%3A00&data%5Breason%5D=hard&data%5Bemail%5D=jo%40example.com",
			[]email.Event{{Type: email.Bounced, RejectReason: email.ReasonBounced, Recipient: "jo@example.com",
				Description: "hard"}}},
		{"a complaint", "type=cleaned&data[reason]=abuse&data[email]=jo%40example.com",
			[]email.Event{{Type: email.Complained, RejectReason: email.ReasonSpam, Recipient: "jo@example.com",
				Description: "abuse"}}},
		{"an unsubscription", "type=unsubscribe&data[email]=jo%40example.com",
			[]email.Event{{Type: email.Unsubscribed, RejectReason: email.ReasonUnsubscribed,
				Recipient: "jo@example.com"}}},
		{"a subscription", "type=subscribe&data[email]=jo%40example.com",
			[]email.Event{{Type: email.Subscribed, Recipient: "jo@example.com"}}},
		{"a profile", "type=profile&data[email]=jo%40example.com", nil},
		{"a new type", "type=new", []email.Event{{Type: email.Unknown}}},
		{"no type", "data[email]=jo%40example.com", []email.Event{{Type: email.Unknown}}},
	} {
		got, err := email.Events(core.Event{Provider: "mailchimp", Payload: []byte(row.body)})
		require.NoError(t, err, row.name)
		for i := range got {
			require.Equal(t, row.body, string(got[i].Raw))
			got[i].Raw = nil
		}
		require.Equal(t, row.want, got, row.name)
	}
}

// The type is signed and the body is not: another body makes no bounce of an open.
func TestMailomatsSignedTypeCounts(t *testing.T) {
	t.Parallel()
	got, err := email.Events(core.Event{Provider: "mailomat", Type: "opened",
		Payload: []byte(`{"eventType":"failure_perm","recipient":"a@example.com"}`)})
	require.NoError(t, err)
	require.Equal(t, email.Opened, got[0].Type)
	require.Empty(t, got[0].RejectReason)
	got, err = email.Events(core.Event{Provider: "mailomat", Type: "new",
		Payload: []byte(`{"eventType":"failure_perm"}`)})
	require.NoError(t, err)
	require.Equal(t, email.Unknown, got[0].Type)
}

func TestPingsAndTestsAreNoEvent(t *testing.T) {
	t.Parallel()
	for sender, body := range map[string]string{
		"mailersend": `{"type":"webhook.test"}`, "sparkpost": `[{"msys":{}}]`, "mailjet": `[]`,
		"amazon-ses":   "Successfully validated SNS topic for Amazon SES event publishing.",
		"unisender-go": `{"event_name":"transactional_spam_block"}`,
		"postal":       `{"payload":{"message":{"direction":"incoming"},"status":"Held"}}`,
	} {
		got, err := email.Events(core.Event{Provider: sender, ID: "1", Payload: []byte(body)})
		require.NoError(t, err, sender)
		require.Empty(t, got, sender)
	}
}

func TestAFirstOpenAtSparkPostIsAnOpenOnRequest(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][2]email.Type{
		"initial_open": {email.Unknown, email.Opened}, "amp_initial_open": {email.Unknown, email.Opened},
		"open":  {email.Opened, email.Opened},
		"click": {email.Clicked, email.Clicked},
	} {
		e := core.Event{Provider: "sparkpost", Payload: []byte(`{"msys":{"track_event":{"type":"` + kind + `"}}}`)}
		for i, o := range []email.Options{{}, {InitialOpenAsOpened: true}} {
			got, err := o.Events(e)
			require.NoError(t, err)
			require.Equal(t, want[i], got[0].Type, kind)
		}
		called := 0
		err := email.ReceiverWith(email.Options{InitialOpenAsOpened: true},
			func(context.Context, core.Event, email.Event) error {
				called++
				return nil
			}, email.Opened)(t.Context(), e)
		require.Equal(t, want[1] == email.Opened, called == 1)
		require.Equal(t, want[1] == email.Opened, err == nil)
	}
}

func TestAnEventSurvivesJSON(t *testing.T) {
	t.Parallel()
	want := email.Event{
		Type: email.Bounced, Timestamp: time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC), EventID: "1",
		MessageID: "2",
		Recipient: "a@example.com", Tags: []string{"x"}, Metadata: map[string]any{"a": math.Pi},
		RejectReason: email.ReasonSpam,
		Description:  "d", MTAResponse: "550", UserAgent: "UA", ClickURL: "https://example.com/",
	}
	data, err := json.Marshal(want)
	require.NoError(t, err)
	var got email.Event
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, want, got)
	data, err = json.Marshal(email.Event{})
	require.NoError(t, err)
	require.JSONEq(t, `{"event_type":"","timestamp":null,"event_id":null,"message_id":null,"recipient":null,"tags":[],"metadata":{},`+
		`"reject_reason":null,"description":null,"mta_response":null,"user_agent":null,"click_url":null}`, string(data))
}

// FuzzEvents: no payload panics, loops or is lost.
func FuzzEvents(f *testing.F) {
	for _, v := range vectors(f, "tracking") {
		f.Add(v.ESP, v.Body)
	}
	for _, v := range vectors(f, "inbound") {
		if len(v.Body) < 5000 {
			f.Add(v.ESP, v.Body)
		}
	}
	for _, d := range documentedOnes(f) {
		f.Add(d.Sender, []byte(d.Body))
	}
	f.Fuzz(func(t *testing.T, sender string, body []byte) {
		got, err := email.Events(core.Event{Provider: sender, ID: fmt.Sprint(len(body) % 2), Payload: body})
		if err != nil {
			endpoint := (*email.WrongEndpointError)(nil)
			require.True(t, errors.As(err, &endpoint) || errors.Is(err, email.ErrUnknownSender), err)
			return
		}
		require.LessOrEqual(t, len(got), len(body)+1)
		for _, m := range got {
			require.NotEmpty(t, m.Type)
			_, err := json.Marshal(m)
			require.NoError(t, err)
		}
	})
}
