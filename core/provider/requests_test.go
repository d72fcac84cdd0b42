package provider_test

import (
	"crypto/ed25519"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// requestVectors are deliveries of the entries whose proof is made of the request's parts or of a token in its body,
// each made here by the documented formula.
func requestVectors() []vector {
	now := int64(ownTime)
	s, ms := fmt.Sprint(now), fmt.Sprint(now*1000)
	const rfc3339, body = "2026-03-01T12:00:00Z", `{"id":"evt_1","type":"a.b","text":"\u00fc ü"}` + "\r\n"
	type set = map[string]string
	own := func(provider, secret, url, body string, headers set) vector {
		return vector{
			Provider: provider, ID: "own-" + provider, Method: http.MethodPost, URL: url, Headers: headers,
			Body:   []byte(body),
			Secret: secret, Now: &now, Expect: "valid",
		}
	}
	sum := md5.Sum([]byte(body))
	sinchKey, err := base64.StdEncoding.DecodeString(ownKey)
	if err != nil {
		panic(err)
	}
	sinch := "POST\n" + base64.StdEncoding.EncodeToString(sum[:]) + "\napplication/json; charset=utf-8\nx-timestamp:" +
		rfc3339 + "\n/hooks/sinch"
	bodySum := sha256.Sum256([]byte(body))
	contentful := strings.Join([]string{
		"POST", "/hooks/a%2520b?q%253D1%2526w%253D2",
		"x-contentful-signed-headers:x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic;" +
			"x-contentful-timestamp:" + ms + ";x-contentful-topic:ContentManagement.Entry.publish",
		body,
	}, "\n")
	all := []vector{
		own("sinch-application", ownKey, "https://example.com/hooks/sinch", body, set{
			"Content-Type": "application/json; charset=utf-8", "X-Timestamp": rfc3339,
			"Authorization": "Application app-key:" + base64.StdEncoding.EncodeToString(ownMAC(sinchKey, sinch)),
		}),
		own("messagebird-legacy", ownSecret, "https://example.com/hooks?b=2&a=x%20y", body, set{
			"MessageBird-Request-Timestamp": s,
			"MessageBird-Signature": base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), s+
				"\na=x+y&b=2\n"+string(bodySum[:]))),
		}),
		own("contentful", ownSecret, "https://example.com/hooks/a%20b?q=1&w=2", body, set{
			"X-Contentful-Timestamp": ms, "X-Contentful-Topic": "ContentManagement.Entry.publish",
			"X-Contentful-Signed-Headers": "x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic",
			"X-Contentful-Signature":      ownHex(contentful),
		}),
		own("recurly", ownSecret, "", body, set{"recurly-signature": ms + "," + ownHex(ms+"."+body)}),
		own("retell", ownSecret, "", body, set{"X-Retell-Signature": "v=" + ms + ",d=" + ownHex(body+ms)}),
		own("websub", ownSecret, "", body, set{"X-Hub-Signature": "sha256=" + ownHex(body)}),
		own("websub-sha1", ownSecret, "", body,
			set{"X-Hub-Signature": "sha1=" + hex.EncodeToString(macOf(sha1.New, []byte(ownSecret), body))}),
		own("cloudevents", ownSecret, "", body, set{"Authorization": "Bearer " + ownSecret}),
		own("figma", ownSecret, "", `{"event_type":"PING","passcode":"`+ownSecret+`"}`, nil),
		own("microsoft-graph", ownSecret, "", `{"value":[{"clientState":"`+ownSecret+`"}]}`, nil),
		own("sharepoint", ownSecret, "", `{"value":[{"clientState":"`+ownSecret+`"}]}`, nil),
	}
	for _, name := range []string{"strava", "azure-event-grid-cloudevents"} {
		all = append(all, own(name, ownSecret, "https://example.com/hooks?token=an-accepted-secret-of-32-bytes%21%21",
			body, nil))
	}
	return all
}

// keyPairVectors are those of them that sign with a key pair.
func keyPairVectors() []vector {
	now := int64(ownTime)
	const body = `{"data":{"id":"evt_1","event_type":"message.received","text":"\u00fc ü"},"meta":{"attempt":1}}` +
		"\r\n"
	telnyx := ed25519.Sign(privateKey(entry.Ed25519, 1).(ed25519.PrivateKey), []byte(fmt.Sprint(now)+"|"+body))
	return []vector{{
		Provider: "telnyx", ID: "own-telnyx", Method: http.MethodPost, Now: &now, Expect: "valid", Body: []byte(body),
		PublicKey: configured(provider.Telnyx(), 1),
		Headers: map[string]string{
			"telnyx-timestamp": fmt.Sprint(now), "telnyx-signature-ed25519": base64.StdEncoding.EncodeToString(telnyx),
		},
	}}
}

// TestATokenInTheBodyIsComparedWhole is the law of headers where the proof is a member of the body, or of each of its
// items.
func TestATokenInTheBodyIsComparedWhole(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		if e.Credential.Kind != entry.BodyToken {
			continue
		}
		checked++
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
			name := strings.TrimPrefix(e.Credential.Name, "/")
			member := func(token string) string { return fmt.Sprintf(`{"a":1,%q:%q}`, name, token) }
			whole := func(items ...string) string {
				if e.Credential.Items == "" {
					return items[0]
				}
				return `{"` + strings.TrimPrefix(e.Credential.Items, "/") + `":[` + strings.Join(items, ",") + `]}`
			}
			post := func(body string) reason.Reason {
				return reasonOf(g, httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body)))
			}
			right := member(ownSecret)
			require.Empty(t, post(whole(right)))
			for why, body := range map[string]string{
				"nothing": ``, "no object": `"` + ownSecret + `"`, "no token": whole(`{"a":1}`),
				"an empty token":          whole(member("")),
				"a token that is no text": whole(fmt.Sprintf(`{%q:1}`, name)),
				"a token in upper case":   whole(member(strings.ToUpper(ownSecret))),
				"another member":          whole(strings.Replace(right, name, "x"+name, 1)),
				"a shorter token":         whole(member(ownSecret[1:])),
				"a longer token":          whole(member(ownSecret + "a")),
				"the member twice":        whole(strings.Replace(right, `"a":1`, fmt.Sprintf(`%q:"x"`, name), 1)),
				"another depth":           whole(`{"b":` + right + `}`),
			} {
				require.NotEmpty(t, post(body), why)
			}
			for i := range ownSecret {
				flipped := []byte(ownSecret)
				flipped[i] ^= 1
				require.Equal(t, reason.BadCredential, post(whole(member(string(flipped)))), "byte %d", i)
			}
			if e.Credential.Items == "" {
				return
			}
			require.Empty(t, post(whole(right, right)))
			require.NotEmpty(t, post(whole(right, `{"a":1}`)), "a forged item next to a genuine one")
			require.NotEmpty(t, post(whole(member("x"), right)))
			require.NotEmpty(t, post(whole()), "no item at all")
			require.NotEmpty(t, post(`{"value":`+right+`}`), "no list")
		})
	}
	require.Equal(t, 4, checked)
}

func TestContentfulsListOfSignedHeadersHasToHold(t *testing.T) {
	t.Parallel()
	ms := fmt.Sprint(int64(ownTime) * 1000)
	const list, at = "x-contentful-signed-headers", "x-contentful-timestamp"
	// Each is rightly signed over the text that its list makes.
	sign := func(names string, values map[string]string) map[string]string {
		var pairs []string
		for name := range strings.SplitSeq(names, ",") {
			value := values[name]
			if name == list {
				value = names
			}
			pairs = append(pairs, name+":"+value)
		}
		h := map[string]string{list: names, at: ms}
		for name, value := range values {
			h[name] = value
		}
		h["x-contentful-signature"] = ownHex("POST\n/hooks\n" + strings.Join(pairs, ";") + "\n{}")
		return h
	}
	g := guardOf(t, provider.Contentful(), ownSecret, time.Unix(ownTime, 0))
	post := func(target string, headers map[string]string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader("{}"))
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		return reasonOf(g, r)
	}
	both := list + "," + at
	require.Empty(t, post("/hooks", sign(both, map[string]string{at: ms})))
	require.Empty(t, post("/hooks", sign("a,"+both, map[string]string{at: ms, "a": "1"})))
	require.Empty(t, post("/hooks", sign("host,"+both, map[string]string{at: ms, "host": "example.com"})),
		"which net/http keeps elsewhere")
	for why, h := range map[string]map[string]string{
		"the time is not signed":      sign(list, nil),
		"the list is not signed":      sign(at, map[string]string{at: ms}),
		"a listed header is missing":  sign("a,"+both, map[string]string{at: ms}),
		"a header is listed twice":    sign("a,a,"+both, map[string]string{at: ms, "a": "1"}),
		"the list is not sorted":      sign(both+",a", map[string]string{at: ms, "a": "1"}),
		"a name in upper case":        sign("A,"+both, map[string]string{at: ms, "A": "1"}),
		"an empty name":               sign(","+both, map[string]string{at: ms}),
		"a name that is none":         sign("a b,"+both, map[string]string{at: ms, "a b": "1"}),
		"more headers than there are": sign(strings.Repeat("a,", 40)+both, map[string]string{at: ms, "a": "1"}),
		"no list":                     {"x-contentful-signature": ownHex("POST\n/hooks\n\n{}"), at: ms},
	} {
		require.NotEmpty(t, post("/hooks", h), why)
	}
	require.Equal(t, reason.BadSignature, post("/hooks?a=b", sign(both, map[string]string{at: ms})),
		"a query that was not signed")
	require.Equal(t, reason.BadSignature, post("/other", sign(both, map[string]string{at: ms})), "another path")
	stale := guardOf(t, provider.Contentful(), ownSecret, time.Unix(ownTime, 0).Add(24*time.Hour+time.Second))
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}"))
	for name, value := range sign(both, map[string]string{at: ms}) {
		r.Header.Set(name, value)
	}
	require.Equal(t, reason.Stale, reasonOf(stale, r))
	// What stands behind a second question mark is not signed by Contentful, and refused.
	h := sign(both, map[string]string{at: ms})
	h["x-contentful-signature"] = ownHex("POST\n/hooks?a\n" + list + ":" + both + ";" + at + ":" + ms + "\n{}")
	require.Equal(t, reason.BadSignature, post("/hooks?a?b", h))
}

func TestRecurlySignsWithEveryKeyThatIsValid(t *testing.T) {
	t.Parallel()
	g := guardOf(t, provider.Recurly(), ownSecret, time.Unix(ownTime, 0))
	ms := fmt.Sprint(int64(ownTime) * 1000)
	other, right := strings.Repeat("0", 64), ownHex(ms+".{}")
	post := func(header string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader("{}"))
		r.Header.Set("recurly-signature", header)
		return reasonOf(g, r)
	}
	require.Empty(t, post(ms+","+other+","+right))
	require.Empty(t, post(ms+","+right+","+other))
	for why, header := range map[string]string{
		"no time": right, "no signature": ms, "the time last": right + "," + ms, "seconds": ms[:10] + "," +
			ownHex(ms[:10]+".{}"),
		"another key's only": ms + "," + other,
	} {
		require.NotEmpty(t, post(header), why)
	}
}

func TestSinchsApplicationIsWrittenInOneWay(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString(ownKey)
	require.NoError(t, err)
	g := guardOf(t, provider.SinchApplication(), ownKey, time.Unix(ownTime, 0))
	const at = "2026-03-01T12:00:00Z"
	sign := func(method, md5, contentType, path string) string {
		return base64.StdEncoding.EncodeToString(ownMAC(key, method+"\n"+md5+"\n"+contentType+"\nx-timestamp:"+at+"\n"+
			path))
	}
	post := func(authorization, contentType, body string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Timestamp", at)
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
		return reasonOf(g, r)
	}
	empty := sign("POST", "", "application/json", "/hooks")
	require.Empty(t, post("Application key-1:"+empty, "application/json", ""), "without a body there is no MD5")
	require.Empty(t, post("application key-1:"+empty, "application/json", ""), "as the documentation writes it")
	require.Equal(t, reason.BadSignature, post("application key-1:"+empty, "application/json", "{}"))
	require.Equal(t, reason.BadSignature, post("application key-1:"+empty, "text/plain", ""))
	for why, text := range map[string]string{
		"another scheme": "Basic key-1:" + empty, "no key": "Application :" + empty, "no colon": "Application " + empty,
		"no scheme": "key-1:" + empty, "two keys": "Application a:b:" + empty,
		"an empty signature": "Application key-1:",
	} {
		require.NotEmpty(t, post(text, "application/json", ""), why)
	}
}

func TestMessageBirdsQueryIsPartOfTheProof(t *testing.T) {
	t.Parallel()
	p := provider.MessageBirdLegacy()
	g := guardOf(t, p, ownSecret, time.Unix(ownTime, 0))
	at := fmt.Sprint(ownTime)
	none := sha256.Sum256(nil)
	get := func(target, signed string) (*core.Delivery, *core.Reply) {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("MessageBird-Request-Timestamp", at)
		r.Header.Set("MessageBird-Signature",
			base64.StdEncoding.EncodeToString(ownMAC([]byte(ownSecret), at+"\n"+signed+"\n"+string(none[:]))))
		return g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	}
	first, reply := get("/hooks?id=1&status=sent", "id=1&status=sent")
	require.Nil(t, reply)
	again, reply := get("/hooks?status=sent&id=1", "id=1&status=sent")
	require.Nil(t, reply, "the order is not signed")
	require.Equal(t, first.Events()[0].Identity, again.Events()[0].Identity)
	other, reply := get("/hooks?id=2&status=sent", "id=2&status=sent")
	require.Nil(t, reply)
	require.NotEqual(t, first.Events()[0].Identity, other.Events()[0].Identity,
		"a report without a body is known by its query")
	for target, signed := range map[string]string{
		"/hooks?id=2": "id=1", "/hooks?id=1&x=2": "id=1", "/hooks": "id=1", "/hooks?id=1;x=2": "", "/hooks?id=%zz": "",
	} {
		_, reply := get(target, signed)
		require.NotNil(t, reply, target)
	}
}

// requestEventRows are what the events of these entries say.
func requestEventRows() []eventRow {
	type headers = map[string]string
	moment := time.Unix(ownTime, 0).UTC()
	all := core.Authenticated{ID: true, Type: true, Time: true}
	binary := headers{
		"Ce-Id": "7", "Ce-Source": "/s", "Ce-Type": "a.created", "Ce-Time": "2026-03-01T12:00:00Z",
		"Content-Type": "application/json",
	}
	const structured = `{"specversion":"1.0","id":"8","source":"/s","type":"a.deleted","time":"2026-03-01T12:00:00Z","data":{"a":1}}`
	return []eventRow{
		{
			"a structured cloud event", provider.CloudEvents(), structured,
			headers{"Content-Type": "application/cloudevents+json"},
			core.Event{ID: "8", Type: "a.deleted", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all}, false,
		},
		{
			"a binary cloud event is its data, whatever members that has", provider.CloudEvents(),
			`{"id":"x","type":"y","data":1}`, binary,
			core.Event{ID: "7", Type: "a.created", Time: moment, Data: []byte(`{"id":"x","type":"y","data":1}`),
				Authenticated: all}, false,
		},
		{
			"a binary cloud event whose data is a list", provider.CloudEvents(), `[{"id":"x"},{"id":"y"}]`, binary,
			core.Event{ID: "7", Type: "a.created", Time: moment, Payload: []byte(`[{"id":"x"},{"id":"y"}]`),
				Authenticated: all}, false,
		},
		{
			"event grid's cloud event", provider.AzureEventGridCloudEvents(), structured,
			headers{"Content-Type": "application/cloudevents+json"},
			core.Event{ID: "8", Type: "a.deleted", Time: moment, Data: []byte(`{"a":1}`), Authenticated: all}, false,
		},
		{
			"figma", provider.Figma(),
			`{"event_type":"FILE_UPDATE","timestamp":"2026-03-01T12:00:00Z","webhook_id":"22"}`, nil,
			core.Event{Type: "FILE_UPDATE", Time: moment, Authenticated: core.Authenticated{Type: true, Time: true}},
			false,
		},
		{
			"recurly", provider.Recurly(),
			`{"id":"rjxw","object_type":"account","event_type":"created","event_time":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{Type: "account", Action: "created", Time: moment,
				Authenticated: core.Authenticated{Type: true, Time: true}}, false,
		},
		{
			"telnyx", provider.Telnyx(),
			`{"data":{"id":"0ccc","event_type":"call.initiated","occurred_at":"2026-03-01T12:00:00.000000Z","payload":{"a":1}},"meta":{"attempt":2}}`, nil,
			core.Event{ID: "0ccc", Type: "call.initiated", Time: moment, Attempt: 2, Data: []byte(`{"a":1}`),
				Authenticated: all}, false,
		},
		{
			"strava", provider.Strava(),
			`{"aspect_type":"update","event_time":1772366400,"object_id":1,"object_type":"activity"}`, nil,
			core.Event{Type: "activity", Action: "update", Time: moment,
				Authenticated: core.Authenticated{Type: true, Time: true}}, false,
		},
		{
			"contentful", provider.Contentful(), `{"sys":{"updatedAt":"2026-03-01T12:00:00.000Z"}}`,
			headers{"X-Contentful-Topic": "ContentManagement.Entry.save"},
			core.Event{Type: "ContentManagement.Entry.save", Time: moment,
				Authenticated: core.Authenticated{Time: true}}, false,
		},
		{
			"sinch's voice", provider.SinchApplication(),
			`{"event":"ace","callid":"822a","timestamp":"2026-03-01T12:00:00Z"}`, nil,
			core.Event{ID: "822a", Type: "ace", Time: moment, Authenticated: all}, true,
		},
		{
			"a websub hub's feed", provider.WebSub(), `{"items":[]}`, nil,
			core.Event{Payload: []byte(`{"items":[]}`)}, false,
		},
	}
}

func TestBinaryCloudEventsAreDistinguishedByTheirHeaders(t *testing.T) {
	t.Parallel()
	p := provider.CloudEvents()
	g := guardOf(t, p, secretFor(p), time.Unix(ownTime, 0))
	identity := func(source, id string) core.Identity {
		d, reply := g.Receive(httptest.NewRecorder(),
			signedRequest(t, p, `{"id":"1"}`, map[string]string{"Ce-Source": source, "Ce-Id": id}), adapter.Inbound{})
		require.Nil(t, reply)
		return d.Events()[0].Identity
	}
	require.Equal(t, identity("/a", "1"), identity("/a", "1"))
	require.NotEqual(t, identity("/a", "1"), identity("/a", "2"), "the id in the data is not the event's")
	require.NotEqual(t, identity("/a", "1"), identity("/b", "1"))
}
