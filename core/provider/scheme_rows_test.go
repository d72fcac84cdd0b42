package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const formType = "application/x-www-form-urlencoded"

func macSHA1(key []byte, text string) []byte {
	h := hmac.New(sha1.New, key)
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// send gives the reason of the refusal, or "" where the delivery was proved.
func send(
	t *testing.T, p core.Provider, public, target, contentType, body string, headers map[string]string,
) reason.Reason {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return reasonOf(guardAt(t, p, configured(p, 1), public, time.Unix(ownTime, 0)), r)
}

func TestTwiliosBodyIsBound(t *testing.T) {
	t.Parallel()
	p := provider.Twilio()
	const hook = "https://example.com/hooks"
	const jsonBody = `{"a":1}`
	sum := sha256.Sum256([]byte(jsonBody))
	digest := "?bodySHA256=" + hex.EncodeToString(sum[:])
	sign := func(text string) map[string]string {
		return map[string]string{"X-Twilio-Signature": base64.StdEncoding.EncodeToString(macSHA1([]byte(signing(p, 1)),
			text))}
	}
	const by, of = "AccountSid=AC1", "AccountSidAC1"
	rows := []struct {
		name, public, target, contentType, body, signed string
		want                                            reason.Reason
	}{
		{"a form", "", hook, formType, "b=2&" + by + "&a=1", hook + of + "a1b2", ""},
		{"a form whose port is signed", "", hook, formType, by + "&b=2&a=1",
			"https://example.com:443/hooks" + of + "a1b2", ""},
		{"a port that only the request has", "", "https://example.com:8443/hooks", formType, by + "&a=1",
			hook + of + "a1", ""},
		{"a value twice counts once, others are sorted", "", hook, formType, by + "&a=2&a=1&a=2",
			hook + of + "a1a2", ""},
		{"a form of no account", "", hook, formType, "b=2&a=1", hook + "a1b2", reason.BadSignature},
		{"a form of no account at a registered URL", hook, hook, formType, "b=2&a=1", hook + "a1b2", ""},
		{"an empty form", "", hook, formType, "", hook, ""},
		{"JSON with its digest", "", hook + digest, "application/json", jsonBody, hook + digest, ""},
		{"JSON with its digest, behind a registered URL", hook, "http://inner/x" + digest, "application/json", jsonBody,
			hook + digest, ""},
		{"another JSON under the same URL", "", hook + digest, "application/json", `{"a":2}`, hook + digest,
			reason.BadSignature},
		{"no body under the same URL, as a form", "", hook + digest, formType, "", hook + digest, reason.BadSignature},
		{"JSON without a digest", "", hook, "application/json", jsonBody, hook, reason.MissingSignature},
		{"a form called JSON", "", hook, "application/json", by, hook + of, ""},
		{"a form called JSON, whose fields are not signed", "", hook, "application/json", by, hook,
			reason.BadSignature},
		{"JSON called a form, with its digest", "", hook + digest, formType, jsonBody, hook + digest, ""},
		{"JSON called a form, without a digest", "", hook, formType, jsonBody, hook, reason.MissingSignature},
		{"a multipart form", "", hook, formType, "--X\r\n\r\na=1\r\n--X--", hook, reason.MissingSignature},
		{"two digests", "", hook + digest + "&bodySHA256=x", "application/json", jsonBody, hook + digest +
			"&bodySHA256=x", reason.MalformedSignature},
		{"a malformed form", "", hook, formType, "a=%zz", hook + "a", reason.MalformedSignature},
		{"a thousand and one fields", "", hook, formType, strings.Repeat("a=1&", 1001), hook + "a1",
			reason.MalformedSignature},
		{"a query that is added", hook, "http://inner/x?b=1", formType, "a=1", hook + "a1", reason.BadSignature},
	}
	for _, row := range rows {
		require.Equal(t, row.want, send(t, p, row.public, row.target, row.contentType, row.body, sign(row.signed)),
			row.name)
	}
}

func TestPlivosQueryIsSigned(t *testing.T) {
	t.Parallel()
	p := provider.PlivoV3()
	sign := func(text string) map[string]string {
		h := hmac.New(sha256.New, []byte(signing(p, 1)))
		_, _ = h.Write([]byte(text + ".n1"))
		return map[string]string{"X-Plivo-Signature-V3-Nonce": "n1", "X-Plivo-Signature-V3": "AAAA," +
			base64.StdEncoding.EncodeToString(h.Sum(nil))}
	}
	const hook = "https://example.com/hooks"
	rows := []struct {
		name, target, body, signed string
		want                       reason.Reason
	}{
		{"a form", hook, "b=1&a=2&a=1", hook + "?a1a2b1", ""},
		{"a query and a form", hook + "?y=2&x=1", "a=1", hook + "?x=1&y=2.a1", ""},
		{"a query alone", hook + "?y=2&x=1", "", hook + "?x=1&y=2", ""},
		{"neither", hook, "", hook, ""},
		{"a query that is added", hook + "?x=1", "a=1", hook + "?a1", reason.BadSignature},
		{"a query that cannot be read", hook + "?%zz", "a=1", hook + "?a1", reason.BadSignature},
		{"a query that cannot be read, without a form", hook + "?%zz", "", hook, reason.BadSignature},
	}
	for _, row := range rows {
		require.Equal(t, row.want, send(t, p, "", row.target, formType, row.body, sign(row.signed)), row.name)
	}
	require.Equal(t, reason.MissingSignature, send(t, p, "", hook, "application/json", `{}`, sign(hook)))
}

func TestEveryItemOfAdyenHasToVerify(t *testing.T) {
	t.Parallel()
	p := provider.Adyen()
	key, err := hex.DecodeString(signing(p, 1))
	require.NoError(t, err)
	item := func(reference, merchant, amount, signed string) string {
		return fmt.Sprintf(`{"NotificationRequestItem":{"pspReference":%q,"merchantReference":%q,"amount":%s,"additionalData":{"hmacSignature":%q}}}`,
			reference, merchant, amount, base64.StdEncoding.EncodeToString(ownMAC(key, signed)))
	}
	good := item("p1", "m", `{"value":1}`, "p1:::m:1:::")
	list := func(items ...string) string { return `{"notificationItems":[` + strings.Join(items, ",") + `]}` }
	many := make([]string, 65)
	for i := range many {
		many[i] = good
	}
	rows := []struct {
		name, body string
		want       reason.Reason
	}{
		{"one", list(good), ""},
		{"two", list(good, item("p2", "m", `{"value":1}`, "p2:::m:1:::")), ""},
		{"the second forged", list(good, item("p2", "m", `{"value":1}`, "p2:::m:2:::")), reason.BadSignature},
		{"the first forged", list(item("p2", "m", `{"value":1}`, "x"), good), reason.BadSignature},
		{"the second without a signature", list(good, `{"NotificationRequestItem":{"pspReference":"p1"}}`),
			reason.MissingSignature},
		{"the second no object", list(good, `1`), reason.MissingSignature},
		{"none", list(), reason.MissingSignature},
		{"no list", `{"notificationItems":{}}`, reason.MissingSignature},
		{"the list twice", `{"notificationItems":[],` + list(good)[1:], reason.MalformedSignature},
		{"sixty-five", list(many...), reason.MissingSignature},
		{"a colon in the merchant's own reference", list(item("p1", "m:x", `{"value":1}`, "p1:::m:x:1:::")), ""},
		{"a colon that moves a field", list(item("p1:", "m", `{"value":1}`, "p1::::m:1:::")),
			reason.MalformedSignature},
		{"a signed field twice", list(`{"NotificationRequestItem":{"pspReference":"p1","pspReference":"p1"}}`),
			reason.MalformedSignature},
		{"a signed field that is an object", list(item("p1", "m", `{"value":{}}`, "p1:::m::::")),
			reason.MalformedSignature},
		{"a null is absent", list(item("p1", "m", `{"value":null}`, "p1:::m::::")), ""},
	}
	for _, row := range rows {
		require.Equal(t, row.want, send(t, p, "", "/hooks", "application/json", row.body, nil), row.name)
	}
}

func TestSignedFieldsCannotMove(t *testing.T) {
	t.Parallel()
	mp, drop, mid := provider.MercadoPago(), provider.DropboxSign(), provider.Midtrans()
	at := fmt.Sprint(ownTime)
	manifest := "id:1;request-id:r1;ts:" + at + ";"
	mercado := func(id string) map[string]string {
		return map[string]string{"X-Request-Id": id, "X-Signature": "ts=" + at + ",v1=" +
			hex.EncodeToString(ownMAC([]byte(signing(mp, 1)), manifest))}
	}
	require.Empty(t, send(t, mp, "", "/hooks?data.id=1", "", "", mercado("r1")))
	require.Equal(t, reason.MalformedSignature, send(t, mp, "", "/hooks", "", "", mercado("r1;x")))
	require.Equal(t, reason.MalformedSignature,
		send(t, mp, "", "/hooks?data.id=1%3Brequest-id:r1", "", "", mercado("r1")))
	require.Equal(t, reason.MalformedSignature, send(t, mp, "", "/hooks?data.id=1&data.id=1", "", "", mercado("r1")))
	require.Equal(t, reason.BadSignature, send(t, mp, "", "/hooks", "", "", mercado("r1")))
	require.Equal(t, reason.BadSignature, send(t, mp, "", "/hooks?data.id=2", "", "", mercado("r1")))

	hash := hex.EncodeToString(ownMAC([]byte(signing(drop, 1)), at+"sent"))
	dropbox := func(time, kind string) string {
		return `{"event":{"event_time":"` + time + `","event_type":"` + kind + `","event_hash":"` + hash + `"}}`
	}
	require.Empty(t, send(t, drop, "", "/hooks", "application/json", dropbox(at, "sent"), nil))
	require.Equal(t, reason.MalformedSignature,
		send(t, drop, "", "/hooks", "application/json", dropbox(at[:9], at[9:]+"sent"), nil))

	sum := func(text string) string { return sha512Hex(text + signing(mid, 1)) }
	midtrans := func(order, status, amount, signed string) string {
		return fmt.Sprintf(`{"order_id":%q,"status_code":%q,"gross_amount":%q,"signature_key":%q}`, order, status,
			amount, sum(signed))
	}
	require.Empty(t, send(t, mid, "", "/hooks", "application/json", midtrans("a", "200", "10.00", "a20010.00"), nil))
	require.Equal(t, reason.MalformedSignature,
		send(t, mid, "", "/hooks", "application/json", midtrans("a2", "001", "0.00", "a20010.00"), nil))
	require.Equal(t, reason.MalformedSignature,
		send(t, mid, "", "/hooks", "application/json", midtrans("a", "200", "010.00", "a200010.00"), nil))
	require.Equal(t, reason.MissingSignature,
		send(t, mid, "", "/hooks", "application/json", `{"signature_key":"`+sum("")+`"}`, nil))
}

func TestASignedFieldOfAFormMustNotComeTwice(t *testing.T) {
	t.Parallel()
	mandrill, bt := provider.Mandrill(), provider.Braintree()
	const hook = "https://example.com/hooks"
	sign := func(text string) map[string]string {
		return map[string]string{"X-Mandrill-Signature": base64.StdEncoding.EncodeToString(macSHA1([]byte(signing(mandrill, 1)), hook+text))}
	}
	require.Empty(t, send(t, mandrill, "", hook, formType, "mandrill_events=[1]", sign("mandrill_events[1]")))
	require.Equal(t, reason.MalformedSignature, send(t, mandrill, "", hook, formType,
		"mandrill_events=[1]&mandrill_events=[1]", sign("mandrill_events[1]mandrill_events[1]")))
	require.Equal(t, reason.MissingSignature, send(t, mandrill, "", hook, "application/json", "[]", sign("")))

	key := sha1.Sum([]byte(strings.TrimPrefix(signing(bt, 1), "test-key-1|")))
	form := "bt_payload=ea&bt_signature=" + url.QueryEscape("test-key-1|"+hex.EncodeToString(macSHA1(key[:], "ea")))
	require.Equal(t, reason.MalformedSignature, send(t, bt, "", hook, formType, form, nil),
		"hexadecimal: what challenges are made of")
	form = "bt_payload=eHg&bt_signature=" + url.QueryEscape("test-key-1|"+hex.EncodeToString(macSHA1(key[:], "eHg")))
	require.Empty(t, send(t, bt, "", hook, formType, form, nil))
	require.Equal(t, reason.MalformedSignature, send(t, bt, "", hook, formType, form+"&bt_payload=eHg", nil))
	require.Empty(t, send(t, bt, "", hook, "application/json", form, nil), "the body says that it is a form")
	require.Equal(t, reason.MissingSignature, send(t, bt, "", hook, formType, `{"bt_payload":"eHg"}`, nil))
}

func TestDropboxSignComesAsAMultipartForm(t *testing.T) {
	t.Parallel()
	p := provider.DropboxSign()
	at := fmt.Sprint(ownTime)
	doc := `{"event":{"event_time":"` + at + `","event_type":"sent","event_hash":"` +
		hex.EncodeToString(ownMAC([]byte(signing(p, 1)), at+"sent")) + `"}}`
	part := func(disposition, text string) string {
		return "--XX\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + text + "\r\n"
	}
	const multi = "multipart/form-data; boundary=XX"
	rows := []struct {
		name, contentType, body string
		want                    reason.Reason
	}{
		{"multipart", multi, part(`name="x"`, "1") + part(`name="json"`, doc) + "--XX--\r\n", ""},
		{"multipart under another boundary's name", "multipart/form-data; boundary=YY", part(`name="json"`, doc) +
			"--XX--\r\n", ""},
		{"URL-encoded", formType, url.Values{"json": {doc}}.Encode(), ""},
		{"the field twice", multi, part(`name="json"`, doc) + part(`name="json"`, doc) + "--XX--\r\n",
			reason.MalformedSignature},
		{"a file of that name", multi, part(`name="json"; filename="a"`, doc) + "--XX--\r\n",
			reason.MalformedSignature},
		{"a form that ends early", multi, part(`name="json"`, doc), reason.MalformedSignature},
		{"too many parts", multi, strings.Repeat(part(`name="x"`, ""), 1001) + part(`name="json"`, doc) + "--XX--\r\n",
			reason.MalformedSignature},
		{"no such field", multi, part(`name="x"`, doc) + "--XX--\r\n", reason.MalformedSignature},
	}
	for _, row := range rows {
		require.Equal(t, row.want, send(t, p, "", "/hooks", row.contentType, row.body, nil), row.name)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(rows[0].body))
	r.Header.Set("Content-Type", multi)
	w := httptest.NewRecorder()
	seen := ""
	httpwebhook.Verify(guardOf(t, p, configured(p, 1),
		time.Unix(ownTime, 0)))(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		seen = e.Type
		return nil
	})).ServeHTTP(w, r)
	require.Equal(t, "sent", seen)
	require.Equal(t, "Hello API Event Received", w.Body.String())
}

func TestHandshakesOfTheSchemes(t *testing.T) {
	t.Parallel()
	discord := provider.Discord()
	at := fmt.Sprint(ownTime)
	ping := func(body, sig string) *core.Reply {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("X-Signature-Timestamp", at)
		r.Header.Set("X-Signature-Ed25519", sig)
		_, reply := guardOf(t, discord, configured(discord, 1), time.Unix(ownTime, 0)).Receive(httptest.NewRecorder(),
			r, adapter.Inbound{})
		return reply
	}
	signed := func(body string) string {
		sig, err := privateKey(entry.Ed25519, 1).Sign(nil, []byte(at+body), noHash)
		require.NoError(t, err)
		return hex.EncodeToString(sig)
	}
	reply := ping(`{"type":1}`, signed(`{"type":1}`))
	require.Equal(t, []any{200, `{"type":1}`, "application/json"},
		[]any{reply.Status, string(reply.Body), reply.Header().Get("Content-Type")})
	reply = ping(`{"type":0}`, signed(`{"type":0}`))
	require.Equal(t, []any{204, ""}, []any{reply.Status, string(reply.Body)})
	require.Equal(t, 401, ping(`{"type":1}`, strings.Repeat("0", 128)).Status, "Discord sends such on purpose")

	// Mandrill's probe is signed with a key that everybody knows.
	probe := func(secrets secrets.Source, awaiting bool, body string) int {
		g, err := core.New(core.Config{
			Endpoint: "m", Provider: provider.Mandrill(), Secrets: secrets,
			Setup: core.Setup{AwaitingSecret: awaiting}, PublicURL: "http://localhost/",
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		r.Header.Set("X-Mandrill-Signature", "QANhYzyeonX51wyzKImgnLZ27CE=")
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Nil(t, d)
		return reply.Status
	}
	require.Equal(t, 200, probe(nil, true, "mandrill_events=%5B%5D"))
	require.Equal(t, 503, probe(nil, true, "mandrill_events=%5B%7B%7D%5D"))
	require.Equal(t, 400, probe(secrets.Static("a-key-of-enough-bytes"), false, "mandrill_events=%5B%5D"))
}

func TestHubSpotsVersionIsNotTheRequestsChoice(t *testing.T) {
	t.Parallel()
	v1, v2 := provider.HubSpotV1(), provider.HubSpotV2()
	const hook, body = "https://example.com/hooks", `[]`
	sum1 := sha256.Sum256([]byte(signing(v1, 1) + body))
	sum2 := sha256.Sum256([]byte(signing(v2, 1) + "POST" + hook + body))
	headers := func(sum [32]byte, version string) map[string]string {
		h := map[string]string{"X-HubSpot-Signature": hex.EncodeToString(sum[:])}
		if version != "" {
			h["X-HubSpot-Signature-Version"] = version
		}
		return h
	}
	require.Empty(t, send(t, v1, "", hook, "", body, headers(sum1, "v1")))
	require.Empty(t, send(t, v2, "", hook, "", body, headers(sum2, "v2")))
	require.Equal(t, reason.MissingSignature, send(t, v1, "", hook, "", body, headers(sum1, "v2")))
	require.Equal(t, reason.MissingSignature, send(t, v1, "", hook, "", body, headers(sum1, "")))
	require.Equal(t, reason.MissingSignature, send(t, v2, "", hook, "", body, headers(sum1, "v1")))
	require.Equal(t, reason.BadSignature, send(t, v2, "", hook, "", body, headers(sum1, "v2")))
}
