package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/inbound"
)

// raw reads a message as Postal passes it on.
func raw(t testing.TB, message string, c inbound.Config) *inbound.Message {
	t.Helper()
	payload := `{"id":1,"rcpt_to":"a@example.com","base64":false,"message":` + strconv.Quote(message) + `}`
	if strings.Contains(payload, `\x`) { // strconv writes bytes that JSON cannot
		payload = `{"id":1,"rcpt_to":"a@example.com","base64":true,"message":"` + base64Of(message) + `"}`
	}
	m, err := inbound.Read(t.Context(), core.Event{Provider: "postal", Payload: []byte(payload)}, c)
	require.NoError(t, err)
	return m
}

func TestCharsetsAreDecoded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ charset, content, want string }{
		{"iso-8859-1", "caf\xe9", "café"}, {"windows-1252", "\x93hi\x94", "“hi”"}, {"KOI8-R", "\xf0\xd2\xc9", "При"},
		{"iso-2022-jp", "\x1b$B$3\x1b(B", "こ"}, {"gb18030", "\xc4\xe3", "你"}, {"shift_jis", "\x82\xb1", "こ"},
		{"utf-8", "caf\xc3\xa9", "café"}, {"utf-8", "caf\xe9", "caf\ufffd"}, {"us-ascii", "caf\xe9", "caf\ufffd"},
		{"", "caf\xc3\xa9", "café"}, {"no-such-charset", "caf\xe9", "caf\ufffd"}, {"no-such-charset", "plain", "plain"},
	} {
		for media, text := range map[string]func(*inbound.Message) string{
			"text/plain": func(m *inbound.Message) string { return m.Text },
			"text/html":  func(m *inbound.Message) string { return m.HTML },
		} {
			m := raw(t, "Content-Type: "+media+"; charset=\""+row.charset+"\"\r\n\r\n"+row.content, inbound.Config{})
			require.Equal(t, row.want, text(m), "%s %s", media, row.charset)
		}
	}
	m := raw(t, "Subject: =?iso-8859-1?q?caf=E9?= =?koi8-r?b?8NLJ?=\r\nFrom: =?gb18030?b?xOM=?= <a@example.com>\r\n\r\n", inbound.Config{})
	require.Equal(t, "caféПри", m.Subject)
	require.Equal(t, []inbound.Address{{Name: "你", Addr: "a@example.com"}}, m.From)
}

func TestBrokenMailIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, message string
		check         func(t *testing.T, m *inbound.Message)
		defects       bool
	}{
		{"nothing", "", func(t *testing.T, m *inbound.Message) { require.Empty(t, m.Headers) }, false},
		{"a header line without a colon", "Subject: a\r\nthis is not one\r\nTo: b@example.com\r\n\r\nhi",
			func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "a", m.Subject)
				require.Len(t, m.To, 1)
				require.Equal(t, "hi", m.Text)
			}, true},
		{"a mailbox's separator", "From a@example.com Thu Jan  1 00:00:00 1970\nSubject: a\n\nhi",
			func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "a", m.Subject)
			}, false},
		{"no body", "Subject: a", func(t *testing.T, m *inbound.Message) { require.Equal(t, "a", m.Subject) }, false},
		{"one bad address among good ones",
			"To: a@example.com, Jo <, \"Two, B\" <b@example.com>, c@example.com\r\n\r\n",
			func(t *testing.T, m *inbound.Message) {
				require.Equal(t, []inbound.Address{{Addr: "a@example.com"}, {Name: "Two, B", Addr: "b@example.com"},
					{Addr: "c@example.com"}}, m.To)
			}, false},
		{"several addresses in From", "From: a@example.com, b@example.com\r\n\r\n",
			func(t *testing.T, m *inbound.Message) {
				require.Len(t, m.From, 2)
			}, false},
		{"a date that is none", "Date: yesterday\r\n\r\n", func(t *testing.T, m *inbound.Message) {
			require.True(t, m.Date.IsZero())
			require.Equal(t, "yesterday", m.Header("date"))
		}, false},
		{"no end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: " +
			"text/html\r\n\r\n<p>two",
			func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "one", m.Text)
				require.Equal(t, "<p>two", m.HTML)
			}, true},
		{"a part with a broken header",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nbroken\nContent-Type: text/html\n\n<p>\n--b--\n",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "<p>", m.HTML) }, true},
		{"no boundary", "Content-Type: multipart/mixed\r\n\r\nhi",
			func(t *testing.T, m *inbound.Message) { require.Empty(t, m.Text) }, false},
		{"a boundary in the middle of a line",
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx --b\r\n--bc\r\ny\r\n--b--\r\n",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "x --b\r\n--bc\r\ny", m.Text) }, false},
		{"a boundary with a prefix of it inside",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; " +
				"boundary=bb\n\n--bb\n\nin\n--bb--\n--b\nContent-Type: text/html\n\nout\n--b--\n",
			func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "in", m.Text)
				require.Equal(t, "out", m.HTML)
			}, false},
		{"a content type that is none", "Content-Type: ;;;\r\n\r\nhi",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "hi", m.Text) }, false},
		{"parameters that package mime refuses", "Content-Type: text/html; charset=utf-8; charset=utf-8\r\n\r\n<p>",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "<p>", m.HTML) }, false},
		{"base64 with rubbish", "Content-Transfer-Encoding: base64\r\n\r\naGV\r\n!s#bG8=\r\n",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "hello", m.Text) }, false},
		{"quoted-printable that is broken", "Content-Transfer-Encoding: quoted-printable\r\n\r\na=E9=",
			func(t *testing.T, m *inbound.Message) { require.Contains(t, m.Text, "a") }, false},
		{"an unknown transfer encoding", "Content-Transfer-Encoding: x-uuencode\r\n\r\nhi",
			func(t *testing.T, m *inbound.Message) { require.Equal(t, "hi", m.Text) }, false},
		{"an attached message gives the text where there is none",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Disposition: " +
				"attachment\n\n" +
				"Subject: inner\n\nfrom within\n--b--\n", func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "from within", m.Text)
				require.Len(t, m.Attachments, 1)
				require.Equal(t, "Subject: inner\n\nfrom within", string(m.Attachments[0].Content))
				require.Empty(t, m.Subject)
			}, false},
		{"a text that is attached is not the text",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\n" +
				"file\n--b\n\ntext\n--b--\n", func(t *testing.T, m *inbound.Message) {
				require.Equal(t, "text", m.Text)
				require.Equal(t, "file", string(m.Attachments[0].Content))
			}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := raw(t, row.message, inbound.Config{})
			row.check(t, m)
			require.Equal(t, row.defects, len(m.Defects) > 0, m.Defects)
		})
	}
}

func TestFileNamesHaveNeitherPathsNorLineBreaks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		`../../etc/passwd`: "passwd", `\\share\\mail\\x.msg`: "x.msg", `..`: "", `.`: "", `a/..`: "", `C:\\x\\`: "",
		` a.txt `:                  "a.txt",
		`=?utf-8?q?a=0D=0Ab.txt?=`: "a b.txt", `=?utf-8?q?=2e=2e=2fa?=`: "a", `a.txt`: "a.txt",
		`=?utf-8?q?a=00b?=`: "ab",
	} {
		m := raw(t, "Content-Type: image/png\r\nContent-Disposition: attachment; filename=\""+name+"\"\r\n\r\n",
			inbound.Config{})
		require.Len(t, m.Attachments, 1, name)
		require.Equal(t, want, m.Attachments[0].Filename, name)
	}
	m := raw(t, "Content-Type: image/png\nContent-Disposition: attachment; filename*=utf-8''a%0D%0A%2e%2e%2fb.txt\n\n",
		inbound.Config{})
	require.Equal(t, "b.txt", m.Attachments[0].Filename)
}

func TestBoundsHold(t *testing.T) {
	t.Parallel()
	part := "--b\r\nContent-Disposition: attachment\r\n\r\n" + strings.Repeat("x", 100) + "\r\n"
	wide := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat(part, 50_000) + "--b--\r\n"
	deep := ""
	for i := range 20_000 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	attached := strings.Repeat("Content-Type: message/rfc822\n\n", 20_000) + "text"
	long := strings.Repeat("X-Header: "+strings.Repeat("x", 1000)+"\r\n", 5000) + "Subject: late\r\n\r\ntext"
	folded := "Subject: " + strings.Repeat("\r\n x", 200_000) + "\r\n\r\ntext"
	pieces := strings.Builder{}
	for i := range 60_000 {
		fmt.Fprintf(&pieces, "; charset*%d=x", i)
	}
	began := time.Now()
	require.Equal(t, "hi",
		raw(t, "Content-Type: text/plain"+pieces.String()+"\r\n\r\nhi", inbound.Config{MaxHeaderBytes: 4 << 20}).Text)
	require.Less(t, time.Since(began), 5*time.Second, "a parameter in many pieces")
	for _, row := range []struct {
		name, message string
		c             inbound.Config
		check         func(t *testing.T, m *inbound.Message)
	}{
		{"parts", wide, inbound.Config{},
			func(t *testing.T, m *inbound.Message) { require.Len(t, m.Attachments, 999) }},
		{"depth", deep, inbound.Config{}, func(t *testing.T, m *inbound.Message) { require.Empty(t, m.Text) }},
		{"depth of attached messages", attached, inbound.Config{},
			func(t *testing.T, m *inbound.Message) { require.Empty(t, m.Text) }},
		{"header bytes", long, inbound.Config{}, func(t *testing.T, m *inbound.Message) {
			require.Empty(t, m.Subject)
			require.Equal(t, "text", m.Text)
			require.Less(t, len(m.Headers), 1100)
		}},
		{"a folded header", folded, inbound.Config{MaxHeaderBytes: 1000}, func(t *testing.T, m *inbound.Message) {
			require.Less(t, len(m.Subject), 1000)
		}},
		{"bytes", wide, inbound.Config{MaxBytes: 1000},
			func(t *testing.T, m *inbound.Message) { require.Len(t, m.Attachments, 10) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			m := raw(t, row.message, row.c)
			require.Less(t, time.Since(began), 20*time.Second)
			row.check(t, m)
			require.NotEmpty(t, m.Defects)
			require.LessOrEqual(t, len(m.Defects), 20)
		})
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(status int, body string, headers ...string) transport {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r},
			nil
	}
}

func TestContentIsFetchedFromPinnedHostsAlone(t *testing.T) {
	t.Parallel()
	event := core.Event{Provider: "resend", ID: "msg_1",
		Payload: []byte(`{"type":"email.received","data":{"email_id":"../../x"}}`)}
	for _, row := range []struct {
		name, key string
		transport transport
		want      string
	}{
		{"no key", "", answering(200, `{}`), "Config.APIKey"},
		{"a refusal", "k", answering(401, ``), "api.resend.com answered 401; check APIKey"},
		{"a redirect", "k", answering(302, ``, "Location", "https://example.com/"), "answered 302"},
		{"a link to another host", "k", answering(200, `{"raw":{"download_url":"https://169.254.169.254/"}}`),
			`not at a host of the sender: "169.254.169.254"`},
		{"a link without TLS", "k", answering(200, `{"raw":{"download_url":"http://cdn.resend.app/x"}}`),
			"not at a host of the sender"},
		{"a link to a port", "k", answering(200, `{"raw":{"download_url":"https://cdn.resend.app:8443/x"}}`),
			"not at a host of the sender"},
		{"a link with a user", "k", answering(200, `{"raw":{"download_url":"https://a@cdn.resend.app/x"}}`),
			"not at a host of the sender"},
		{"a link that is none", "k", answering(200, `{"raw":{"download_url":"%"}}`), "not at a host of the sender"},
		{"a large answer", "k", answering(200, strings.Repeat("x", 3000)), "larger than MaxBytes"},
	} {
		c := inbound.Config{APIKey: row.key, Client: &http.Client{Transport: row.transport}, MaxBytes: 2000}
		_, err := inbound.Read(t.Context(), event, c)
		require.ErrorContains(t, err, row.want, row.name)
	}
	var asked []string
	c := inbound.Config{APIKey: "secret-key",
		Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String()+" "+r.Header.Get("Authorization"))
			if len(asked) == 1 {
				return answering(200, `{"raw":{"download_url":"https://cdn.resend.app/x?token=secret"}}`)(r)
			}
			return nil, errors.New("down")
		})}}
	_, err := inbound.Read(t.Context(), event, c)
	require.ErrorContains(t, err, "fetching content from cdn.resend.app: down")
	require.NotContains(t, err.Error(), "secret")
	require.Equal(t, []string{
		"https://api.resend.com/emails/receiving/..%2F..%2Fx Bearer secret-key",
		"https://cdn.resend.app/x?token=secret ",
	}, asked)
}

func TestResendsAttachmentsAreFetchedOneByOne(t *testing.T) {
	t.Parallel()
	const message = "https://api.resend.com/emails/receiving/e1"
	answers := map[string]string{
		message: `{"from":"a@example.com","text":"hi","attachments":[{"id":"a1","filename":"x.png","content_type":"image/png","content_id":"c1"},` +
			`{"filename":"../y.txt","content_type":"text/plain; charset=utf-8","download_url":"https://inbound-cdn.resend.com/y"}]}`,
		message + "/attachments/a1":        `{"download_url":"https://inbound-cdn.resend.com/x"}`,
		"https://inbound-cdn.resend.com/x": "png",
		"https://inbound-cdn.resend.com/y": "text",
	}
	c := inbound.Config{APIKey: "k",
		Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			require.Equal(t, r.URL.Hostname() == "api.resend.com", r.Header.Get("Authorization") == "Bearer k", r.URL)
			return answering(200, answers[r.URL.String()])(r)
		})}}
	e := core.Event{Provider: "resend", Payload: []byte(`{"type":"email.received","data":{"email_id":"e1"}}`)}
	m, err := inbound.Read(t.Context(), e, c)
	require.NoError(t, err)
	require.Equal(t, []inbound.Part{{Filename: "y.txt", ContentType: "text/plain", Charset: "utf-8",
		Content: []byte("text")}}, m.Attachments)
	require.Equal(t, map[string]inbound.Part{
		"c1": {Filename: "x.png", ContentType: "image/png", ContentID: "<c1>", Content: []byte("png")},
	}, m.ContentIDs())
}

func TestAReturnPathFurtherDownIsNotPostmarks(t *testing.T) {
	t.Parallel()
	read := func(headers string) *inbound.Message {
		m, err := inbound.Read(t.Context(),
			core.Event{Provider: "postmark", Payload: []byte(`{"FromFull":{},"Headers":[` + headers + `]}`)},
			inbound.Config{})
		require.NoError(t, err)
		return m
	}
	const returnPath, other = `{"Name":"Return-Path","Value":"<a@example.com>"}`, `{"Name":"X-Other","Value":"x"}`
	require.Equal(t, "a@example.com", read(returnPath+","+other).EnvelopeSender)
	require.Empty(t, read(other+","+returnPath).EnvelopeSender)
}

func TestTheWrongEndpointAndTheWrongSetUpAreErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ sender, body, want string }{
		{"postmark", `{"RecordType":"Bounce"}`,
			"email: Postmark sent a tracking event to an endpoint for inbound messages: in "},
		{"brevo", `{"event":"delivered"}`, "Brevo sent a tracking event"},
		{"mailjet", `{"event":"open"}`, "Mailjet sent a tracking event"},
		{"mailersend", `{"type":"activity.sent"}`, "MailerSend sent a tracking event"},
		{"postal", `{"status":"Held"}`, "Postal sent a tracking event"},
		{"resend", `{"type":"email.sent"}`, "Resend sent a tracking event"},
		{"sendgrid", `{"event":"open"}`, "SendGrid sent a tracking event"},
		{"sparkpost", `{"msys":{"message_event":{}}}`, "SparkPost sent a tracking event"},
		{"amazon-ses", `{"eventType":"Bounce"}`, "Amazon SES sent a tracking event"},
		{"mailgun", `{"event-data":{}}`, "Mailgun sent a tracking event"},
		{"mailgun", `attachments=%5B%5D&sender=a`, "give the route the action forward and not store"},
		{"amazon-ses", `{"notificationType":"Received","receipt":{"action":{"type":"Lambda"}}}`,
			"use the action SNS, or S3 with a topic"},
		{"amazon-ses", `{"notificationType":"Received","receipt":{"action":{"type":"S3"}}}`, "Config.Object"},
		{"sendgrid", `from=a`, "neither headers nor email"}, {"github", `{}`, "github is not an email sender"},
	} {
		_, err := inbound.Read(t.Context(), core.Event{Provider: row.sender, Payload: []byte(row.body)},
			inbound.Config{})
		require.ErrorContains(t, err, row.want)
	}
	m, err := inbound.Read(t.Context(), core.Event{Provider: "basic", Payload: []byte("headers=Subject%3A+x&text=hi")},
		inbound.Config{Sender: "sendgrid"})
	require.NoError(t, err)
	require.Equal(t, "x hi", m.Subject+" "+m.Text)
	m, err = inbound.Read(t.Context(),
		core.Event{Provider: "sendgrid-inbound", Payload: []byte("headers=Subject%3A+x&text=hi")}, inbound.Config{})
	require.NoError(t, err)
	require.Equal(t, "x hi", m.Subject+" "+m.Text)
	for sender, body := range map[string]string{"mandrill": `{"event":"send"}`, "sparkpost": `[{"msys":{}}]`,
		"mailersend": `{"type":"webhook.test"}`, "brevo": `{"items":[]}`} {
		_, err := inbound.Read(t.Context(), core.Event{Provider: sender, Payload: []byte(body)}, inbound.Config{})
		require.ErrorIs(t, err, inbound.ErrNoMessage, sender)
	}
}

// FuzzRead: no body panics, passes its bounds, or is lost.
func FuzzRead(f *testing.F) {
	for _, v := range vectors(f) {
		if len(v.Body) < 5000 {
			f.Add(v.ESP, v.Body)
		}
	}
	for sender, body := range newSendersMessages() {
		f.Add(sender, []byte(body))
	}
	f.Add("mailtrap", []byte(mailtrapMessage))
	f.Fuzz(func(t *testing.T, sender string, body []byte) {
		c := inbound.Config{
			APIKey: "k", Client: &http.Client{Transport: answering(200, string(body))}, MaxParts: 50, MaxDepth: 5,
			MaxBytes: 1 << 20,
			Object:   func(context.Context, string, string) ([]byte, error) { return body, nil },
		}
		m, err := inbound.Read(t.Context(), core.Event{Provider: sender, Payload: body}, c)
		require.Equal(t, err == nil, m != nil)
		if err == nil {
			require.LessOrEqual(t, len(m.Attachments)+len(m.Inlines), 100)
			for _, p := range append(m.Attachments, m.Inlines...) {
				require.False(t, strings.ContainsAny(p.Filename, "/\\\r\n"), p.Filename)
			}
		}
		_ = errors.Is(err, email.ErrUnknownSender)
	})
}

// FuzzMIME: the same for a raw message.
func FuzzMIME(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: " +
		"=?utf-8?q?x?=\n\nhi\n--b--\n"))
	f.Add([]byte("To: a@example.com, \"x, y\" <b@example.com\nDate: x\nContent-Type: text/html; charset=gb18030\n\n\xff"))
	f.Fuzz(func(t *testing.T, message []byte) {
		m := raw(t, string(message), inbound.Config{MaxParts: 50, MaxDepth: 5})
		require.LessOrEqual(t, len(m.Attachments)+len(m.Inlines), 50)
		require.LessOrEqual(t, len(m.Text)+len(m.HTML), 6*len(message)+6)
	})
}
