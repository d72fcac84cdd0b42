package jws_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/reason"
)

const (
	bad, malformed = reason.BadSignature, reason.MalformedSignature
	missing        = reason.MissingSignature
	kindeHeader    = `{"alg":"RS256","typ":"JWT","kid":"k1"}`
	kindePayload   = `{"event_id":"e1","type":"user.created","timestamp":"2026-09-21T14:13:20Z","data":{}}`
)

// TestHostileTokensInABody is the table of what tokens have been forged by, over the entry of Kinde, whose body is one.
func TestHostileTokensInABody(t *testing.T) {
	t.Parallel()
	key, other := rsaKeys()[0], rsaKeys()[1]
	public := publicPEM(t, key.Public())
	good := compact(t, key, kindeHeader, kindePayload)
	header := func(text string) string { return compact(t, key, text, kindePayload) }
	payload := func(text string) string { return compact(t, key, kindeHeader, text) }
	timed := func(text string) string {
		return payload(strings.Replace(kindePayload, `"2026-09-21T14:13:20Z"`, text, 1))
	}
	parts := strings.Split(good, ".")
	raw := func(second string) string { // the encoded payload as it is given
		input := b64(kindeHeader) + "." + second
		return input + "." + signature(t, key, false, input)
	}
	member := func(text string) string { return header(`{"alg":"RS256","kid":"k1",` + text + `}`) }
	rows := []struct {
		name, body string
		want       reason.Reason
	}{
		{"genuine", good, ""},
		{"members in another order, and one that nobody knows", header(`{"x":[1],"kid":"k1","alg":"RS256"}`), ""},
		{"claims that nobody knows, twice in what is not read", payload(strings.Replace(kindePayload, `{}`,
			`{"Email":1,"email":2,"email":3}`, 1)), ""},

		// Algorithms.
		{"alg none and no signature", b64(`{"alg":"none","kid":"k1"}`) + "." + parts[1] + ".", malformed},
		{"alg none and the right signature", header(`{"alg":"none","kid":"k1"}`), malformed},
		{"alg NONE", header(`{"alg":"NONE","kid":"k1"}`), malformed},
		{"alg rs256", header(`{"alg":"rs256","kid":"k1"}`), malformed},
		{"alg HS256, the public key as a secret", compact(t, public, `{"alg":"HS256","kid":"k1"}`, kindePayload),
			malformed},
		{"alg RS512, signed so", header(`{"alg":"RS512","kid":"k1"}`), malformed},
		{"alg ES256", compact(t, ecKey(t, elliptic.P256()), `{"alg":"ES256","kid":"k1"}`, kindePayload), malformed},
		{"alg RS256, signed with ECDSA", compact(t, ecKey(t, elliptic.P256()), kindeHeader, kindePayload), bad},
		{"no alg", header(`{"kid":"k1"}`), malformed},
		{"alg null", header(`{"alg":null,"kid":"k1"}`), malformed},
		{"alg a list", header(`{"alg":["RS256"],"kid":"k1"}`), malformed},
		{"alg twice", header(`{"alg":"RS256","alg":"RS256","kid":"k1"}`), malformed},
		{"alg and Alg", header(`{"alg":"RS256","Alg":"none","kid":"k1"}`), malformed},

		// Keys of the sender's choice, and other readings.
		{"jwk", member(`"jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}`), malformed},
		{"jku", member(`"jku":"https://evil.example/jwks"`), malformed},
		{"x5u", member(`"x5u":"https://evil.example/cert"`), malformed},
		{"x5c", member(`"x5c":["AAAA","AAAA","AAAA"]`), malformed},
		{"X5C in upper case", member(`"X5C":["AAAA","AAAA","AAAA"]`), malformed},
		{"crit", member(`"crit":["exp"]`), malformed},
		{"b64 false", member(`"b64":false,"crit":["b64"]`), malformed},
		{"b64 true", member(`"b64":true`), malformed},
		{"zip", member(`"zip":"DEF"`), malformed},
		{"a token in a token", member(`"cty":"JWT"`), malformed},
		{"another type", member(`"typ":"at+jwt"`), malformed},
		{"no kid", header(`{"alg":"RS256"}`), malformed},
		{"an empty kid", header(`{"alg":"RS256","kid":""}`), malformed},
		{"a kid that is an object", header(`{"alg":"RS256","kid":{}}`), malformed},
		{"a kid with a line feed", header(`{"alg":"RS256","kid":"a\nb"}`), malformed},
		{"a long kid", header(`{"alg":"RS256","kid":"` + strings.Repeat("k", 300) + `"}`), malformed},

		// The compact form.
		{"nothing", "", missing},
		{"JSON in place of the token", kindePayload, malformed},
		{"two parts", parts[0] + "." + parts[1], malformed},
		{"four parts", good + ".AAAA", malformed},
		{"no signature", parts[0] + "." + parts[1] + ".", bad},
		{"no payload", parts[0] + ".." + parts[2], malformed},
		{"dots", "..", malformed},
		{"a hundred thousand dots", strings.Repeat(".", 100_000), malformed},
		{"a long header", compact(t, key, `{"alg":"RS256","kid":"k1","x":"`+strings.Repeat("x", 30_000)+`"}`,
			kindePayload), malformed},
		{"a long signature", good + strings.Repeat("A", 4000), malformed},
		{"padding", good + "=", malformed},
		{"stray bits", good[:len(good)-1] + string(strays(good[len(good)-1])), malformed},
		{"a line break at the end", good + "\n", malformed},
		{"a line break inside", parts[0] + "." + parts[1][:4] + "\n" + parts[1][4:] + "." + parts[2], bad},
		{"a line break inside, signed", raw(b64(kindePayload)[:4] + "\n" + b64(kindePayload)[4:]), malformed},
		{"padding of the payload, signed", raw(b64(kindePayload) + "=="), malformed},
		{"a payload that is not base64, signed", raw("*"), malformed},
		{"a space after it", good + " ", malformed},
		{"in quotes", `"` + good + `"`, malformed},
		{"a scheme before it", "Bearer " + good, malformed},
		{"JSON after the header", header(kindeHeader + `{}`), malformed},
		{"a header that is a list", header(`["RS256"]`), malformed},

		// Signatures.
		{"another key", compact(t, other, kindeHeader, kindePayload), bad},
		{"the payload of another token", parts[0] + "." + b64(strings.Replace(kindePayload, "e1", "e2", 1)) + "." +
			parts[2], bad},
		{"the header of another token", b64(`{"alg":"RS256","kid":"k2"}`) + "." + parts[1] + "." + parts[2], bad},

		// What is signed.
		{"a payload that is a list", payload(`[]`), reason.MissingTimestamp},
		{"a payload that is no JSON", payload(`x`), malformed},
		{"no time", payload(`{"event_id":"e1"}`), reason.MissingTimestamp},
		{"a time that is a number", timed(fmt.Sprint(now)), reason.MissingTimestamp},
		{"a time of another form", timed(`"yesterday"`), reason.MissingTimestamp},
		{"a time twice", timed(`"2026-09-21T14:13:20Z","timestamp":"2026-09-21T14:13:20Z"`), malformed},
		{"a time in two cases", timed(`"2026-09-21T14:13:20Z","Timestamp":"2026-09-21T14:13:20Z"`), malformed},
		{"a day and a half ago", timed(`"2026-09-20T02:13:20Z"`), ""},
		{"older", timed(`"2026-09-20T02:08:19Z"`), reason.Stale},
		{"from the future", timed(`"2026-09-21T14:18:21Z"`), reason.Early},
		{"expired", timed(fmt.Sprintf(`"2026-09-21T14:13:20Z","exp":%d`, now-31)), reason.Stale},
		{"not yet valid", timed(fmt.Sprintf(`"2026-09-21T14:13:20Z","nbf":%d`, now+31)), reason.Early},
		{"exp a text", timed(fmt.Sprintf(`"2026-09-21T14:13:20Z","exp":"%d"`, now)), malformed},
		{"exp a fraction", timed(fmt.Sprintf(`"2026-09-21T14:13:20Z","exp":%d.5`, now)), malformed},
	}
	g := guardOf(t, jws.Kinde(), []string{public}, nil, now)
	for _, row := range rows {
		require.Equal(t, row.want, reasonOf(g, post("", "", row.body)), row.name)
	}
	require.Greater(t, len(rows), 60)
	rotated := guardOf(t, jws.Kinde(), []string{publicPEM(t, other.Public()), public}, nil, now)
	require.Empty(t, reasonOf(rotated, post("", "", good)), "any key of the list")
	require.Empty(t, reasonOf(rotated, post("", "", compact(t, other, kindeHeader, kindePayload))))
	for i := range good {
		changed := []byte(good)
		changed[i] ^= 1
		require.NotEmpty(t, reasonOf(g, post("", "", string(changed))), "byte %d", i)
	}
}

// strays changes the bits of a base64 character that decode to nothing.
func strays(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

// TestHostileDetachedSignatures is the same for a signature in a header, over those of Fireblocks (the body encoded)
// and Constant Contact (the body as it is).
func TestHostileDetachedSignatures(t *testing.T) {
	t.Parallel()
	key, other := rsaKeys()[0], rsaKeys()[1]
	const fire, contact = "Fireblocks-Webhook-Signature", "X-CTCT-WEBHOOK-SIG"
	const event = `{"id":"f1","eventType":"a","workspaceId":"w1"}`
	const notice = `{"event_type":"tier.increase","api_key":"mine"}`
	fireOf := func(header, body string) string {
		text := compact(t, key, header, body)
		return text[:strings.IndexByte(text, '.')] + "." + text[strings.LastIndexByte(text, '.'):]
	}
	plain := func(k any, header, body string) string {
		return b64(header) + ".." + signature(t, k, false, b64(header)+"."+body)
	}
	const fireHeader = `{"alg":"RS512","kid":"k1"}`
	contactHeader := fmt.Sprintf(`{"alg":"RS256","ts":%d,"b64":false,"crit":["b64"]}`, now)
	with := func(old, replacement string) string {
		return plain(key, strings.Replace(contactHeader, old, replacement, 1), notice)
	}
	public := publicPEM(t, key.Public())
	fireblocks := guardOf(t, jws.Fireblocks("w0", "w1"), []string{public}, nil, now)
	constant := guardOf(t, jws.ConstantContact(jws.ConstantContactConfig{APIKeys: []string{"mine"}}),
		[]string{public}, nil, now)
	for _, row := range []struct {
		name, header, value, body string
		want                      reason.Reason
	}{
		{"genuine", fire, fireOf(fireHeader, event), event, ""},
		{"another body", fire, fireOf(fireHeader, event), event + " ", bad},
		{"the payload inside", fire, compact(t, key, fireHeader, event), event, malformed},
		{"one dot", fire, strings.Replace(fireOf(fireHeader, event), "..", ".", 1), event, malformed},
		{"three dots", fire, strings.Replace(fireOf(fireHeader, event), "..", "...", 1), event, malformed},
		{"nothing", fire, "", event, missing},
		{"alg none", fire, b64(`{"alg":"none","kid":"k1"}`) + "..", event, malformed},
		{"RS256", fire, fireOf(`{"alg":"RS256","kid":"k1"}`, event), event, malformed},
		{"no kid", fire, fireOf(`{"alg":"RS512"}`, event), event, malformed},
		{"an unencoded payload", fire, fireOf(`{"alg":"RS512","kid":"k1","b64":false,"crit":["b64"]}`, event), event,
			malformed},
		{"jku", fire, fireOf(`{"alg":"RS512","kid":"k1","jku":"https://evil.example"}`, event), event, malformed},
		{"nine kilobytes", fire, fireOf(`{"alg":"RS512","kid":"k1","x":"`+strings.Repeat("x", 9000)+`"}`, event), event,
			malformed},
		{"another workspace", fire, fireOf(fireHeader, strings.Replace(event, "w1", "w2", 1)),
			strings.Replace(event, "w1", "w2", 1), reason.WrongRecipient},
		{"no workspace", fire, fireOf(fireHeader, `{"id":"f1"}`), `{"id":"f1"}`, reason.WrongRecipient},

		{"genuine", contact, plain(key, contactHeader, notice), notice, ""},
		{"another body", contact, plain(key, contactHeader, notice), notice + "\n", bad},
		{"another key", contact, plain(other, contactHeader, notice), notice, bad},
		{"the payload encoded", contact, fireOf(strings.Replace(contactHeader, "RS256", "RS512", 1), notice), notice,
			malformed},
		{"no b64", contact, with(`"b64":false,`, ""), notice, malformed},
		{"b64 true", contact, with(`"b64":false`, `"b64":true`), notice, malformed},
		{"b64 a text", contact, with(`"b64":false`, `"b64":"false"`), notice, malformed},
		{"no crit", contact, with(`,"crit":["b64"]`, ""), notice, malformed},
		{"crit with more", contact, with(`["b64"]`, `["b64","exp"]`), notice, malformed},
		{"crit empty", contact, with(`["b64"]`, `[]`), notice, malformed},
		{"no time", contact, with(fmt.Sprintf(`"ts":%d,`, now), ""), notice, reason.MissingTimestamp},
		{"a time in text", contact, with(fmt.Sprint(now), fmt.Sprintf(`"%d"`, now)), notice, malformed},
		{"the last retry", contact, with(fmt.Sprint(now), fmt.Sprint(now-72*3600)), notice, ""},
		{"older", contact, with(fmt.Sprint(now), fmt.Sprint(now-72*3600-301)), notice, reason.Stale},
		{"another partner's", contact, plain(key, contactHeader, strings.Replace(notice, "mine", "theirs", 1)),
			strings.Replace(notice, "mine", "theirs", 1), reason.WrongRecipient},
		{"nobody's", contact, plain(key, contactHeader, `{}`), `{}`, reason.WrongRecipient},
	} {
		g := fireblocks
		if row.header == contact {
			g = constant
		}
		require.Equal(t, row.want, reasonOf(g, post(row.header, row.value, row.body)), "%s: %s", row.header, row.name)
	}
	twice := post(fire, fireOf(fireHeader, event), event)
	twice.Header.Add(fire, twice.Header.Get(fire))
	require.Equal(t, reason.RepeatedHeader, reasonOf(fireblocks, twice))
}

// TestHostileTrueLayer: what the signature covers, and which key it may name.
func TestHostileTrueLayer(t *testing.T) {
	t.Parallel()
	key := ecKey(t, elliptic.P521())
	const body = `{"event_id":"t1","type":"payment_executed"}`
	const production = "https://webhooks.truelayer.com/.well-known/jwks"
	const stamp = "2026-09-21T14:13:20Z"
	header := func(alg, version, listed, jku string) string {
		return fmt.Sprintf(`{"alg":%q,"kid":"k1","tl_version":%q,"tl_headers":%q,"jku":%q}`, alg, version, listed, jku)
	}
	const listed = "X-Tl-Webhook-Timestamp,X-Other"
	sign := func(head, path, lines, body string) string {
		text := compact(t, key, head, "POST "+path+"\n"+lines+body)
		return text[:strings.IndexByte(text, '.')] + "." + text[strings.LastIndexByte(text, '.'):]
	}
	usual := header("ES512", "2", listed, production)
	const lines = "X-Tl-Webhook-Timestamp: " + stamp + "\nX-Other: o\n"
	good := sign(usual, "/hooks", lines, body)
	raw, err := base64.RawURLEncoding.DecodeString(good[strings.LastIndexByte(good, '.')+1:])
	require.NoError(t, err)
	require.Len(t, raw, 132)
	g := guardOf(t, jws.TrueLayer(), []string{publicPEM(t, key.Public())}, nil, now)
	for _, row := range []struct {
		name, value, timestamp, url, body string
		want                              reason.Reason
	}{
		{"genuine", good, stamp, hook, body, ""},
		{"names in another case", sign(header("ES512", "2", "x-tl-webhook-timestamp", production), "/hooks",
			"x-tl-webhook-timestamp: "+stamp+"\n", body), stamp, hook, body, ""},
		{"the sandbox's keys", sign(header("ES512", "2", listed,
			"https://webhooks.truelayer-sandbox.com/.well-known/jwks"), "/hooks", lines, body), stamp, hook, body, ""},
		{"a slash more at the end", sign(usual, "/hooks/", lines, body), stamp, hook, body, ""},
		{"a slash less", good, stamp, hook + "/", body, ""},
		{"a query", sign(usual, "/hooks?a=b", lines, body), stamp, hook + "?a=b", body, ""},
		{"another query", sign(usual, "/hooks?a=b", lines, body), stamp, hook + "?a=c", body, bad},
		{"a query more", good, stamp, hook + "?a=b", body, bad},
		{"another path", good, stamp, "https://example.com/other", body, bad},
		{"another body", good, stamp, hook, body + " ", bad},
		{"another time", good, "2026-09-21T14:13:21Z", hook, body, bad},
		{"the body signed alone", sign(header("ES512", "1", listed, production), "/hooks", lines, body), stamp, hook,
			body, malformed},
		{"no version", sign(header("ES512", "", listed, production), "/hooks", lines, body), stamp, hook, body,
			malformed},
		{"nothing listed", sign(header("ES512", "2", "", production), "/hooks", "", body), stamp, hook, body, malformed},
		{"the time not listed", sign(header("ES512", "2", "X-Other", production), "/hooks", "X-Other: o\n", body), stamp,
			hook, body, reason.MissingTimestamp},
		{"a header listed twice", sign(header("ES512", "2", listed+",x-other", production), "/hooks",
			lines+"x-other: o\n", body), stamp, hook, body, malformed},
		{"a header that is not there", sign(header("ES512", "2", listed+",X-Absent", production), "/hooks",
			lines+"X-Absent: \n", body), stamp, hook, body, bad},
		{"a hundred headers", sign(header("ES512", "2", listed+strings.Repeat(",X", 100), production), "/hooks", lines,
			body), stamp, hook, body, malformed},
		{"a jku of somebody's", sign(header("ES512", "2", listed, "https://evil.example/jwks"), "/hooks", lines, body),
			stamp, hook, body, malformed},
		{"a jku that begins right", sign(header("ES512", "2", listed, production+"/../x"), "/hooks", lines, body), stamp,
			hook, body, malformed},
		{"a jku over plain HTTP", sign(header("ES512", "2", listed, strings.Replace(production, "https", "http", 1)),
			"/hooks", lines, body), stamp, hook, body, malformed},
		{"no jku", sign(strings.Replace(usual, `,"jku":"`+production+`"`, "", 1), "/hooks", lines, body), stamp, hook,
			body, malformed},
		{"ES256", sign(header("ES256", "2", listed, production), "/hooks", lines, body), stamp, hook, body, malformed},
		{"alg none", b64(header("none", "2", listed, production)) + "..", stamp, hook, body, malformed},
		{"r and s of 0", good[:strings.LastIndexByte(good, '.')+1] + b64(strings.Repeat("\x00", 132)), stamp, hook, body,
			bad},
		{"a byte less", good[:strings.LastIndexByte(good, '.')+1] + b64(string(raw[:131])), stamp, hook, body, bad},
		{"a byte more", good[:strings.LastIndexByte(good, '.')+1] + b64("\x00"+string(raw)), stamp, hook, body, bad},
	} {
		r := post("Tl-Signature", row.value, row.body)
		u := strings.TrimPrefix(row.url, "https://example.com")
		r.RequestURI = u
		r.URL, err = r.URL.Parse(row.url)
		require.NoError(t, err)
		r.Header.Set("X-Tl-Webhook-Timestamp", row.timestamp)
		r.Header.Set("X-Other", "o")
		require.Equal(t, row.want, reasonOf(g, r), row.name)
	}
	older := strings.Replace(lines, "21T14:13:20", "18T14:08:19", 1)
	old := post("Tl-Signature", sign(usual, "/hooks", older, body), body)
	old.Header.Set("X-Tl-Webhook-Timestamp", "2026-09-18T14:08:19Z")
	old.Header.Set("X-Other", "o")
	require.Equal(t, reason.Stale, reasonOf(g, old), "older than the last retry")
	twice := post("Tl-Signature", good, body)
	twice.Header["X-Tl-Webhook-Timestamp"] = []string{stamp, stamp}
	twice.Header.Set("X-Other", "o")
	require.Equal(t, reason.RepeatedHeader, reasonOf(g, twice), "a signed header twice")
	other := guardOf(t, jws.TrueLayer(), []string{publicPEM(t, ecKey(t, elliptic.P521()).Public())}, nil, now)
	one := post("Tl-Signature", good, body)
	one.Header.Set("X-Tl-Webhook-Timestamp", stamp)
	one.Header.Set("X-Other", "o")
	require.Equal(t, bad, reasonOf(other, one), "another key")
}
