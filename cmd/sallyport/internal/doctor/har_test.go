package doctor

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// hook is the URL in the HAR files of these tests; its query is none of anybody's business.
const hook = "https://hooks.example.com/hooks/stripe?token=made-up-in-a-query"

// har is a HAR file of these requests.
func har(t *testing.T, requests ...map[string]any) string {
	t.Helper()
	entries := make([]any, len(requests))
	for i, r := range requests {
		entries[i] = map[string]any{"startedDateTime": "2026-03-01T12:00:00.000Z", "request": r,
			"response": map[string]any{"status": 400}}
	}
	text, err := json.MarshalIndent(map[string]any{"log": map[string]any{"version": "1.2",
		"creator": map[string]any{"name": "x"}, "entries": entries}}, "", "  ")
	require.NoError(t, err)
	return string(text)
}

func archivedPost(postData map[string]any, headers ...string) map[string]any {
	all := []map[string]string{}
	for i := 0; i < len(headers); i += 2 {
		all = append(all, map[string]string{"name": headers[i], "value": headers[i+1]})
	}
	r := map[string]any{"method": "POST", "url": hook, "httpVersion": "HTTP/1.1", "headers": all}
	if postData != nil {
		r["postData"] = postData
	}
	return r
}

func TestRequestsInAHARFile(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	t.Setenv("TWILIO_TOKEN", "0123456789abcdef0123456789abcde0")
	text := func(text string) map[string]any { return map[string]any{"mimeType": "application/json", "text": text} }
	genuine := archivedPost(text(body), "content-type", "application/json", "stripe-signature",
		stripe(secret, at, body), "content-length", strconv.Itoa(len(body)))
	bytes := "{\"id\":\"\xff\xfe\"}"
	get := map[string]any{"method": "GET", "url": "https://hooks.example.com/healthz?x=1#y", "headers": []any{}}
	h2 := archivedPost(text(body), ":method", "POST", ":authority", "hooks.example.com", ":path", "/x",
		"Stripe-Signature", stripe(secret, at, body))
	form := map[string]any{"mimeType": "application/x-www-form-urlencoded", "text": "A=b",
		"params": []any{map[string]string{"name": "A", "value": "b"}}}
	account := map[string]any{"mimeType": "application/x-www-form-urlencoded", "text": "AccountSid=AC1&To=b"}
	withQuery := archivedPost(account, "Content-Type", "application/x-www-form-urlencoded",
		"X-Twilio-Signature", twilio("https://hooks.example.com/hooks/stripe?token=made-up-in-a-queryAccountSidAC1Tob"))
	for _, row := range []struct {
		name    string
		request string
		args    []string
		status  int
		want    string
	}{
		{"the only one", har(t, genuine), nil, accepted, "the secret STRIPE_SECRET matches"},
		{"with a byte order mark", "\ufeff" + har(t, genuine), nil, accepted, "the secret STRIPE_SECRET matches"},
		{"the first", har(t, genuine, get), []string{"--entry", "1"}, accepted, "the secret STRIPE_SECRET matches"},
		{"the second", har(t, get, genuine), []string{"--entry", "2"}, accepted, "the secret STRIPE_SECRET matches"},
		{"the wrong one", har(t, get, genuine), []string{"--entry", "1"}, refused, "GET /healthz, checked by"},
		{"of HTTP/2", har(t, h2), nil, accepted, "the secret STRIPE_SECRET matches"},
		{"in base64", har(t, archivedPost(map[string]any{"text": base64.StdEncoding.EncodeToString([]byte(bytes)),
			"encoding": "base64"}, "Stripe-Signature", stripe(secret, at, bytes))), nil, accepted, "matches"},
		{"joined from chunks",
			har(t, archivedPost(text(body), "Transfer-Encoding", "chunked", "Stripe-Signature",
				stripe(secret, at, body))), nil, accepted, "matches"},
		{"bytes that are no text", har(t, archivedPost(text(bytes), "Stripe-Signature", stripe(secret, at, bytes))),
			nil, refused, "note: the HAR file shows the body as a text"},
		{"fields without their bytes",
			har(t, archivedPost(map[string]any{"params": form["params"]}, "Stripe-Signature",
				stripe(secret, at, "A=b"))), nil, refused, "note: the HAR file shows the fields of the form"},
		{"no body", har(t, archivedPost(nil, "Stripe-Signature", stripe(secret, at, body))), nil, refused,
			"body_empty"},
		{"a body that was not saved whole",
			har(t, archivedPost(text(body[:20]), "Stripe-Signature", stripe(secret, at, body), "Content-Length",
				strconv.Itoa(len(body)))), nil, refused, "not saved whole"},
		{"a body with a line break more",
			har(t, archivedPost(text(body+"\n"), "Stripe-Signature", stripe(secret, at, body))), nil, refused,
			"body_newline"},
		{"no signature", har(t, archivedPost(text(body))), nil, refused, "missing_signature"},
		{"a header twice", har(t,
			archivedPost(text(body), "Stripe-Signature", stripe(secret, at, body), "stripe-signature", "t=1,v1=00")),
			nil, refused, "repeated_header"},
		{"a URL that is signed", har(t, withQuery), []string{"--provider", "twilio", "--secret-env", "TWILIO_TOKEN"},
			accepted, "matches"},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := row.args
			if len(args) == 0 || args[0] != "--provider" {
				args = append([]string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}, args...)
			}
			status, out, errs := doctor(t, row.request, args...)
			require.Equal(t, row.status, status, out+errs)
			require.Empty(t, errs)
			require.Contains(t, out, row.want)
			require.NotContains(t, out, "made-up-in-a-query")
		})
	}
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte(bytes), 0o600))
	status, out, errs := doctor(t, har(t, archivedPost(text(bytes), "Stripe-Signature", stripe(secret, at, bytes))),
		"--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", file)
	require.Equal(t, accepted, status, out+errs)
	require.NotContains(t, out, "note: ")
}

func TestHARFilesThatCannotBeChecked(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	one := archivedPost(nil)
	with := func(member string, value any) map[string]any {
		r := archivedPost(nil)
		r[member] = value
		return r
	}
	for _, row := range []struct {
		name, request string
		entry         string
		want          string
	}{
		{"no JSON", `{"log": made-up-in-a-query`, "", "is not one"},
		{"another shape", `{"log": "made-up-in-a-query"}`, "", "is not one"},
		{"a number for a URL", har(t, with("url", 17)), "", "is not one"},
		{"JSON of something else", `{"made-up-in-a-query": 1}`, "", "holds no request"},
		{"no request", har(t), "", "holds no request"},
		{"one behind the last", har(t, one), "2", "holds 1 requests"},
		{"a number below 1", har(t, one), "-1", "from 1"},
		{"a raw request", signed(body, body), "1", "--entry goes with a HAR file"},
		{"several", har(t, one, with("method", "G\x1b[2J"), with("url", "made-up-in-a-query")), "",
			"holds 3 requests; choose one by --entry: 1: POST /hooks/stripe; 2: ? /hooks/stripe; 3: POST a URL that " +
				"cannot be read\n"},
		{"a URL without a host", har(t, with("url", "/hooks?token=made-up-in-a-query")), "", "not one such as https://"},
		{"a URL that cannot be read", har(t, with("url", "https://h/%zz?token=made-up-in-a-query")), "",
			"not one such as https://"},
		{"a method with a space", har(t, with("method", "POST /x")), "", "method"},
		{"a header's name with a space", har(t, archivedPost(nil, "a b", "x")), "", "header 1"},
		{"a header with a line break", har(t, archivedPost(nil, "a", "b", "c", "x\r\ny: z")), "", "header 2"},
		{"a body that is no base64",
			har(t, archivedPost(map[string]any{"text": "made-up-in-a-query", "encoding": "base64"})), "", "not base64"},
		{"a body in an unknown encoding",
			har(t, archivedPost(map[string]any{"text": "x", "encoding": "made-up-in-a-query"})), "",
			"is unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := []string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}
			if row.entry != "" {
				args = append(args, "--entry", row.entry)
			}
			status, out, errs := doctor(t, row.request, args...)
			require.Equal(t, unjudged, status, out)
			require.Empty(t, out)
			require.Contains(t, errs, row.want)
			require.NotContains(t, errs, "made-up-in-a-query")
			require.False(t, strings.ContainsFunc(strings.ReplaceAll(errs, "\n", ""),
				func(r rune) bool { return !unicode.IsPrint(r) }), "%q", errs)
		})
	}
}

func TestAListOfRequestsIsBounded(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	requests := make([]map[string]any, 1000)
	for i := range requests {
		requests[i] = archivedPost(nil)
		requests[i]["url"] = fmt.Sprintf("https://hooks.example.com/%d/%s", i, strings.Repeat("a", 1000))
	}
	status, _, errs := doctor(t, har(t, requests...), "--provider", "stripe", "--secret-env", "STRIPE_SECRET")
	require.Equal(t, unjudged, status)
	require.Contains(t, errs, "holds 1000 requests")
	require.Less(t, len(errs), 20_000)
}
