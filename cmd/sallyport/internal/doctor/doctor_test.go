package doctor

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" // Twilio's
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

const (
	secret = "whsec_made-up-for-tests-0123456789"
	body   = `{"id":"evt_1","type":"invoice.paid","url":"https:\/\/x.example"}`
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mac(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, text)
	return hex.EncodeToString(h.Sum(nil))
}

func stripe(key string, when time.Time, text string) string {
	t := fmt.Sprint(when.Unix())
	return "t=" + t + ",v1=" + mac(key, t+"."+text)
}

// raw is a request as it goes over the wire.
func raw(text string, headers ...string) string {
	var b strings.Builder
	b.WriteString("POST /hooks/stripe HTTP/1.1\r\nHost: hooks.example.com\r\n")
	for i := 0; i < len(headers); i += 2 {
		b.WriteString(headers[i] + ": " + headers[i+1] + "\r\n")
	}
	return b.String() + "\r\n" + text
}

func signed(was, arrives string) string {
	return raw(arrives, "Content-Type", "application/json", "Stripe-Signature", stripe(secret, at, was))
}

// twilio signs the text of a URL and a form as Twilio does.
func twilio(text string) string {
	h := hmac.New(sha1.New, []byte("0123456789abcdef0123456789abcde0"))
	_, _ = io.WriteString(h, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Exit statuses of the command.
const (
	accepted = iota
	refused
	unjudged
)

// run examines a request by flags, of which the last is the file, and returns the exit status of the command.
func run(args []string, stdin string, stdout, stderr io.Writer) int {
	var o Options
	flags := pflag.NewFlagSet("doctor", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o.Flags(flags)
	err := flags.Parse(args)
	if err == nil {
		err = o.Check(flags)
	}
	var r Report
	if err == nil {
		r, err = Diagnose(&o, flags.Arg(0), strings.NewReader(stdin))
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return unjudged
	}
	_, _ = io.WriteString(stdout, r.String())
	if r.Good() {
		return accepted
	}
	return refused
}

// doctor runs the command on a request.
func doctor(t *testing.T, request string, args ...string) (status int, out, errs string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "refused.http")
	require.NoError(t, os.WriteFile(file, []byte(request), 0o600))
	var stdout, stderr bytes.Buffer
	status = run(append(args, file), "", &stdout, &stderr)
	require.NotContains(t, stdout.String()+stderr.String(), secret[6:], "the secret never shows")
	return status, stdout.String(), stderr.String()
}

func TestBrokenRequests(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	t.Setenv("OTHER_SECRET", "whsec_another-made-up-0123456789")
	t.Setenv("API_KEY", "sk_live_made-up-0123456789abcdef")
	t.Setenv("BARE_SECRET", secret[6:])
	t.Setenv("QUOTED_SECRET", `"`+secret+`"`)
	t.Setenv("LOGIN", "hooks:made-up-for-tests-0123456789")
	byStripe := []string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}
	with := func(args ...string) []string { return append(append([]string(nil), byStripe...), args...) }
	using := func(env string) []string { return []string{"--provider", "stripe", "--secret-env", env} }
	for _, row := range []struct {
		name    string
		request string
		args    []string
		status  int
		want    []string
	}{
		{"a genuine delivery", signed(body, body), byStripe, accepted,
			[]string{"would be accepted: the secret STRIPE_SECRET matches"}},
		{"as an editor saved it, with LF and a line break more",
			strings.ReplaceAll(strings.Replace(signed(body, body+"\n"), "Content-Type", "Content-Length: "+
				strconv.Itoa(len(body))+"\r\nContent-Type", 1), "\r\n", "\n"), byStripe, accepted,
			[]string{"would be accepted"}},
		{"as tcpdump shows it", "E..d..@.@...\x00\x01" + signed(body, body), byStripe, accepted,
			[]string{"would be accepted"}},
		{"in chunks", strings.Replace(signed(body, fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)),
			"Content-Type", "Transfer-Encoding: chunked\r\nContent-Type", 1), byStripe, accepted,
			[]string{"would be accepted"}},

		{"no signature", raw(body, "Content-Type", "application/json"), byStripe, refused,
			[]string{"wrong: missing_signature", "found: other_sender", "fix: "}},
		{"a signature that a gateway renamed", raw(body, "Stripe_Signature", stripe(secret, at, body)), byStripe,
			refused, []string{"header_renamed", "Stripe_signature"}},
		{"a delivery of somebody else", raw(body, "X-Hub-Signature-256", "sha256="+mac(secret, body)), byStripe,
			refused, []string{"the signature header of", "github"}},
		{"the wrong secret", signed(body, body), using("OTHER_SECRET"), refused,
			[]string{"bad_signature", "secret_unknown"}},
		{"an API key in place of the secret", signed(body, body), using("API_KEY"), refused,
			[]string{"secret_kind", "sk_live_", "API_KEY"}},
		{"a secret without its beginning", signed(body, body), using("BARE_SECRET"), refused,
			[]string{"does not begin with whsec_", "secret_spelling", "with whsec_ before it"}},
		{"a secret with quotes", signed(body, body), using("QUOTED_SECRET"), refused,
			[]string{"secret_spelling", "without the quotes"}},
		{"a body with a line break more", signed(body, body+"\n"), byStripe, refused,
			[]string{"body_newline", "--data-binary"}},
		{"a body with CRLF", signed("{\n}", "{\r\n}"), byStripe, refused, []string{"body_line_ends"}},
		{"a body whose slashes were unescaped", signed(body, strings.ReplaceAll(body, `\/`, "/")), byStripe, refused,
			[]string{"body_slashes"}},
		{"a body that was parsed and indented", signed(`{"a":1,"b":[2]}`, "{\n  \"a\": 1,\n  \"b\": [2]\n}"), byStripe,
			refused, []string{"body_reserialised", "without white space"}},
		{"no body", signed(body, ""), byStripe, refused, []string{"body_empty"}},
		{"a body that is cut short",
			strings.Replace(signed(body, body[:20]), "Content-Type", "Content-Length: "+strconv.Itoa(len(body))+
				"\r\nContent-Type", 1), byStripe, refused,
			[]string{"note: the Content-Length is", "not saved whole", "bad_signature"}},
		{"a changed body", signed(body, strings.Replace(body, "evt_1", "evt_2", 1)), byStripe, refused,
			[]string{"secret_unknown", "forgery"}},
		{"an hour late", signed(body, body), with("--at", fmt.Sprint(at.Add(time.Hour).Unix())), refused,
			[]string{"wrong: stale", "3600 seconds behind", "its signature is right"}},
		{"ahead of a slow clock", signed(body, body), with("--at", at.Add(-time.Hour).Format(time.RFC3339)), refused,
			[]string{"wrong: early", "3600 seconds ahead"}},
		{"in time", signed(body, body), with("--at", at.Add(time.Minute).Format(time.RFC3339)), accepted,
			[]string{"would be accepted"}},
		{"milliseconds for seconds",
			raw(body, "Stripe-Signature", "t="+fmt.Sprint(at.UnixMilli())+",v1="+
				mac(secret, fmt.Sprint(at.UnixMilli())+"."+body)), byStripe, refused, []string{"malformed_timestamp"}},
		{"over plain HTTP", signed(body, body), with("--peer", "203.0.113.9"), refused,
			[]string{"plain_http", "no proxy configured"}},
		{"behind a proxy that says http",
			strings.Replace(signed(body, body), "Content-Type", "X-Forwarded-Proto: http\r\nContent-Type", 1),
			with("--peer", "10.0.0.7", "--trusted-proxies", "10.0.0.0/8"), refused, []string{"the proxy said http"}},
		{"behind a proxy that is trusted",
			strings.Replace(signed(body, body), "Content-Type", "X-Forwarded-Proto: https\r\nContent-Type", 1),
			with("--peer", "10.0.0.7", "--trusted-proxies", "10.0.0.0/8"), accepted, []string{"would be accepted"}},
		{"a wrong method", strings.Replace(signed(body, body), "POST ", "PUT ", 1), byStripe, refused,
			[]string{"wrong: method"}},
		{"a compressed body", strings.Replace(signed(body, body), "Content-Type",
			"Content-Encoding: gzip\r\nContent-Type", 1), byStripe, refused, []string{"wrong: encoding"}},
		{"two signatures' headers", strings.Replace(signed(body, body), "Content-Type",
			"Stripe-Signature: t=1,v1=00\r\nContent-Type", 1), byStripe, refused, []string{"repeated_header"}},
		{"no credential", raw(body), []string{"--provider", "postmark", "--secret-env", "LOGIN"}, refused,
			[]string{"missing_credential"}},
		{"a wrong credential", raw(body, "Authorization", "Basic dXNlcjpwYXNz"),
			[]string{"--provider", "postmark", "--secret-env", "LOGIN"}, refused, []string{"bad_credential"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, out, errs := doctor(t, row.request, row.args...)
			require.Equal(t, row.status, status, out+errs)
			require.Empty(t, errs)
			for _, want := range row.want {
				require.Contains(t, out, want)
			}
			verdict := map[int]string{accepted: "It would be accepted", refused: "It would be refused."}[status]
			require.Contains(t, out, verdict)
		})
	}
}

func TestAURLThatDiffers(t *testing.T) {
	t.Setenv("TWILIO_TOKEN", "0123456789abcdef0123456789abcde0")
	const flags = "--provider twilio --secret-env TWILIO_TOKEN --public-url https://hooks.example.com/twilio"
	// The SHA-1 of Twilio's scheme over the URL with a trailing slash, and the form's field.
	request := raw("A=b", "Content-Type", "application/x-www-form-urlencoded", "X-Twilio-Signature",
		twilio("https://hooks.example.com/twilio/Ab"))
	status, out, _ := doctor(t, request, strings.Fields(flags)...)
	require.Equal(t, refused, status)
	require.Contains(t, out,
		"found: url: another URL is signed, which differs in its trailing slash: https://hooks.example.com/twilio/")
	require.Contains(t, out, "set PublicURL")
}

func TestAConfigurationOfTheReceiver(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	config := filepath.Join(t.TempDir(), "receiver.yaml")
	require.NoError(t, os.WriteFile(config, []byte(`
endpoints:
  - path: /hooks/stripe
    provider: stripe
    secrets: [{env: STRIPE_SECRET, label: mine}]
    credentials: {header: {name: X-Token, values: [made-up-for-tests-0123456789]}}
  - path: /hooks/github
    provider: github
    secrets: [made-up-for-tests-0123456789]
`), 0o600))
	status, out, _ := doctor(t, signed(body, body+"\n"), "--config", config)
	require.Equal(t, refused, status)
	for _, want := range []string{"the endpoint /hooks/stripe of stripe", "missing_credential", "bad_signature",
		"body_newline", "(secret mine)"} {
		require.Contains(t, out, want, "every check that fails is told, not the first alone")
	}
	status, out, _ = doctor(t, signed(body, body), "--config", config, "--endpoint", "/hooks/github")
	require.Equal(t, refused, status)
	require.Contains(t, out, "the endpoint /hooks/github")
	status, _, errs := doctor(t, strings.Replace(signed(body, body), "/hooks/stripe", "/elsewhere", 1), "--config",
		config)
	require.Equal(t, unjudged, status)
	require.Contains(t, errs, "--endpoint: /hooks/stripe, /hooks/github")
}

func TestWhatCurlShows(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	saved := "* Connected to 127.0.0.1\n> POST /hooks/stripe HTTP/1.1\n> Host: 127.0.0.1:8080\n> Stripe-Signature: " +
		stripe(secret, at, body) +
		"\n> Content-Length: " + strconv.Itoa(len(body)) + "\n>\n} [64 bytes data]\n< HTTP/1.1 400 Bad Request\n< " +
		"Date: x\n<\nBad Request\n"
	args := []string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}
	status, out, errs := doctor(t, saved, args...)
	require.Equal(t, refused, status, errs)
	require.Contains(t, out, "curl -v shows no body")
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte(body), 0o600))
	status, out, _ = doctor(t, saved, append(args, "--body", file)...)
	require.Equal(t, accepted, status, out)
}

func TestWhatCannotBeChecked(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	byStripe := []string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}
	for _, row := range []struct {
		name    string
		request string
		args    []string
		want    string
	}{
		{"no request", "hello", byStripe, "no request line"},
		{"no empty line", "POST / HTTP/1.1\nHost: x\n{\"id\": 1}\n", byStripe, "line 3 is no header"},
		{"an unknown provider", signed(body, body), []string{"--provider", "strip", "--secret-env", "STRIPE_SECRET"},
			"no provider is called"},
		{"no secret", signed(body, body), []string{"--provider", "stripe", "--secret-env", "DOCTOR_TEST_UNSET"},
			"DOCTOR_TEST_UNSET is not set"},
		{"a file and flags", signed(body, body), append([]string{"--config", "x.yaml"}, byStripe...),
			"--config goes without"},
		{"a config that is not there", signed(body, body), []string{"--config", "none.yaml"}, "none.yaml"},
		{"a time that is none", signed(body, body), append([]string{"--at", "soon"}, byStripe...), "invalid argument"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, out, errs := doctor(t, row.request, row.args...)
			require.Equal(t, unjudged, status)
			require.Empty(t, out)
			require.Contains(t, errs, row.want)
		})
	}
	var stdout, stderr bytes.Buffer
	require.Equal(t, unjudged, run(append(byStripe, "none.http"), "", &stdout, &stderr))
	stdout.Reset()
	require.Equal(t, accepted, run(append(byStripe, "-"), signed(body, body), &stdout, &stderr), stderr.String())
}
