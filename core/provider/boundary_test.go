package provider_test

import (
	"crypto/hmac"
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
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// touching are senders that sign the URL and the body with nothing between them.
func touching() map[string]func(method, url, body string) (core.Provider, map[string]string) {
	mac := func(p core.Provider, text string) []byte {
		h := hmac.New(sha256.New, []byte(signing(p, 1)))
		_, _ = h.Write([]byte(text))
		return h.Sum(nil)
	}
	at := fmt.Sprint(ownTime)
	b64 := base64.StdEncoding.EncodeToString
	own := func(signed string, fill func(method, url, body string) string) func(
		method, url, body string) (core.Provider, map[string]string) {
		return func(method, url, body string) (core.Provider, map[string]string) {
			c := provider.HMACConfig{Name: "own", Header: "X-Sig", Signed: signed}
			if strings.Contains(signed, "{timestamp}") {
				c.TimestampHeader = "X-Time"
			}
			p := provider.HMAC(c)
			return p, map[string]string{"X-Time": at, "X-Sig": hex.EncodeToString(mac(p, fill(method, url, body)))}
		}
	}
	return map[string]func(method, url, body string) (core.Provider, map[string]string){
		"square": func(_, url, body string) (core.Provider, map[string]string) {
			p := provider.Square()
			return p, map[string]string{"X-Square-Hmacsha256-Signature": b64(mac(p, url+body))}
		},
		"trello": func(_, url, body string) (core.Provider, map[string]string) {
			p := provider.Trello()
			return p, map[string]string{"X-Trello-Webhook": b64(macSHA1([]byte(signing(p, 1)), body+url))}
		},
		"hubspot": func(method, url, body string) (core.Provider, map[string]string) {
			p := provider.HubSpot()
			return p, map[string]string{
				"X-HubSpot-Request-Timestamp": at + "000",
				"X-HubSpot-Signature-v3":      b64(mac(p, method+url+body+at+"000")),
			}
		},
		"hubspot-v2": func(method, url, body string) (core.Provider, map[string]string) {
			p := provider.HubSpotV2()
			sum := sha256.Sum256([]byte(signing(p, 1) + method + url + body))
			return p, map[string]string{
				"X-HubSpot-Signature": hex.EncodeToString(sum[:]), "X-HubSpot-Signature-Version": "v2",
			}
		},
		"{url}{body}":  own("{url}{body}", func(_, url, body string) string { return url + body }),
		"{url}.{body}": own("{url}.{body}", func(_, url, body string) string { return url + "." + body }),
		"{method}{url}{timestamp}{body}": own("{method}{url}{timestamp}{body}", func(method, url, body string) string {
			return method + url + at + body
		}),
		"{timestamp}.{body}{url}": own("{timestamp}.{body}{url}", func(_, url, body string) string {
			return at + "." + body + url
		}),
		"{body}|{method}{url}": own("{body}|{method}{url}", func(method, url, body string) string {
			return body + "|" + method + url
		}),
	}
}

// sent is the request of a target that a server has read from the wire, raw bytes and all.
func sent(method, target, body string, headers map[string]string) *http.Request {
	r := httptest.NewRequest(method, "https://example.com/", strings.NewReader(body))
	r.RequestURI = target
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

const base = "https://example.com"

func TestTheBoundaryOfURLAndBodyCannotMove(t *testing.T) {
	t.Parallel()
	inner := `{"type":"payment.completed","amount":1000000}`
	body := `{"a":` + inner + `,"s":"x {\"y\":[1]} [2] {}.{\"z\":1}","l":[{"b":[]},{}]}`
	for name, sign := range touching() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const target = "/hooks?src=square"
			p, headers := sign("POST", base+target, body)
			g := guardAt(t, p, configured(p, 1), "", time.Unix(ownTime, 0))
			require.Empty(t, reasonOf(g, sent("POST", target, body, headers)))
			_, blanks := sign("POST", base+target, body+"\r\n \t")
			require.Empty(t, reasonOf(g, sent("POST", target, body+"\r\n \t", blanks)), "blanks at the end are JSON")
			refused := func(to, rest string) {
				for _, method := range []string{"POST", "GET"} {
					require.NotEmpty(t, reasonOf(g, sent(method, to, rest, headers)), "%s and %s", to, rest)
					require.NotEmpty(t, reasonOf(g, sent(method, to, rest, blanks)), "%s and %s", to, rest)
				}
			}
			for n := range len(body) + 1 {
				if n > 0 {
					refused(target+body[:n], body[n:])
					refused(target+"."+body[:n], body[n:])
				}
				refused(target+"&", body[n:])
			}
			refused(target+body+"\r\n \t", "")
			refused("/hooks", "?src=square"+body)
			refused("/hooks?src=squar", "e"+body)
		})
	}
}

// TestTheBoundaryOfHostAndPathCannotMove has hosts as HTTP/2 servers let them through: with slashes and all else. An
// escape comes through HTTP/1 as well.
func TestTheBoundaryOfHostAndPathCannotMove(t *testing.T) {
	t.Parallel()
	const body = `{"id":"1"}`
	for name, sign := range touching() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const target = "/hooks/square?next=/admin?a=1"
			p, headers := sign("POST", base+target, body)
			g := guardAt(t, p, configured(p, 1), "", time.Unix(ownTime, 0))
			require.Empty(t, reasonOf(g, sent("POST", target, body, headers)))
			whole := strings.TrimPrefix(base, "https://") + target
			for at := range len(whole) {
				if whole[at] != '/' || at < len("example.com/") {
					continue
				}
				for _, host := range []string{
					whole[:at], strings.ReplaceAll(whole[:at], "/", "%2F"),
					strings.NewReplacer("/", "%2f", "?", "%3f").Replace(whole[:at]),
				} {
					r := sent("POST", whole[at:], body, headers)
					r.Host = host
					require.Equal(t, reason.BadSignature, reasonOf(g, r), host)
				}
			}
			for _, host := range []string{"user@example.com", "example.com#", "example.com ", "example.com\\"} {
				_, headers := sign("POST", "https://"+host+target, body)
				r := sent("POST", target, body, headers)
				r.Host = host
				require.Equal(t, reason.BadSignature, reasonOf(g, r), host)
			}
			for _, host := range []string{"EXAMPLE.com", "example.com.", "example.com:8443", "[2001:db8::1]:443",
				"a_b.example", "bücher.example"} {
				_, headers := sign("POST", "https://"+host+target, body)
				r := sent("POST", target, body, headers)
				r.Host = host
				require.Empty(t, reasonOf(g, r), host)
			}
		})
	}
}

func TestABodyThatIsNotOneJSONTextNeedsThePublicURL(t *testing.T) {
	t.Parallel()
	const target = "/hooks"
	for name, sign := range touching() {
		for _, body := range []string{
			`{"a":1}x`, `{"a":1}{"b":2}`, `{"a":1`, `"text"`, `12`, ` {"a":1}`, "\ufeff{}", `a=b`,
			`{'a':1}`, `[1]]`, `[{]`,
		} {
			p, headers := sign("POST", base+target, body)
			now := time.Unix(ownTime, 0)
			why := reasonOf(guardAt(t, p, configured(p, 1), "", now), sent("POST", target, body, headers))
			require.Equal(t, reason.BadSignature, why, "%s: %s", name, body)
			pinned := guardAt(t, p, configured(p, 1), base+target, now)
			why = reasonOf(pinned, sent("POST", target, body, headers))
			require.Empty(t, why, "%s: %s: the URL is configured", name, body)
		}
	}
}

func TestAnEmptyBodyIsNotTheEndOfAURL(t *testing.T) {
	t.Parallel()
	sign := touching()["hubspot-v2"]
	p, headers := sign("GET", base+"/hooks?a=1", "")
	g := guardAt(t, p, configured(p, 1), "", time.Unix(ownTime, 0))
	require.Empty(t, reasonOf(g, sent("GET", "/hooks?a=1", "", headers)))
	for _, target := range []string{`/hooks?a={"b":1}`, `/hooks?a=[1] `} {
		p, headers := sign("GET", base+target, "")
		require.Equal(t, reason.BadSignature, reasonOf(g, sent("GET", target, "", headers)), target)
		pinned := guardAt(t, p, configured(p, 1), base+target, time.Unix(ownTime, 0))
		require.Empty(t, reasonOf(pinned, sent("GET", target, "", headers)), target)
	}
}

func TestARequestsQueryNeverJoinsAConfiguredURL(t *testing.T) {
	t.Parallel()
	const body = `{"a":{"b":1}}`
	for name, sign := range touching() {
		p, headers := sign("POST", base+"/hooks", body)
		g := guardAt(t, p, configured(p, 1), base+"/hooks", time.Unix(ownTime, 0))
		require.Empty(t, reasonOf(g, sent("POST", "/inner", body, headers)), name)
		require.Equal(t, reason.BadSignature, reasonOf(g, sent("POST", "/inner?a=1", body, headers)),
			"%s: a query that nobody signed", name)
		_, headers = sign("POST", base+"/hooks?a=1", body)
		require.Equal(t, reason.BadSignature, reasonOf(g, sent("POST", "/inner?a=1", body, headers)),
			"%s: a query that is not the configured URL's", name)
		_, headers = sign("POST", base+`/hooks?{"a":`, `{"b":1}}`)
		require.Equal(t, reason.BadSignature, reasonOf(g, sent("POST", `/inner?{"a":`, `{"b":1}}`, headers)), name)
	}
}

func TestWhatNothingClosesNeedsAPublicURL(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]core.Provider{
		"plivo": provider.Plivo(),
		"{url}{id}.{body}": provider.HMAC(provider.HMACConfig{
			Name: "own", Header: "X-Sig", Signed: "{url}{id}.{body}", IDHeader: "X-Id",
		}),
		"{url}{header:X-Kind}": provider.HMAC(provider.HMACConfig{
			Name: "own", Header: "X-Sig", Signed: "{url}{header:X-Kind}\n{body}",
		}),
		"{url}{body}{url}": provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig",
			Signed: "{url}{body}{url}"}),
	} {
		c := core.Config{
			Endpoint: "e", Provider: p, Secrets: secrets.Static(configured(p, 1)), Replay: core.DangerouslyNoReplay,
			Logger: slog.New(slog.DiscardHandler), DangerouslyAllowWeakSecrets: true,
		}
		_, err := core.New(c)
		require.Len(t, core.ConfigErrors(err), 1, name)
		require.Equal(t, "PublicURL", core.ConfigErrors(err)[0].Field, name)
		c.PublicURL = "https://example.com/hooks"
		_, err = core.New(c)
		require.NoError(t, err, name)
	}
}

// formed signs a URL and a form as Twilio and Mandrill do.
func formed(p core.Provider, text string) map[string]string {
	sum := base64.StdEncoding.EncodeToString(macSHA1([]byte(signing(p, 1)), text))
	return map[string]string{"Content-Type": formType, "X-Twilio-Signature": sum, "X-Mandrill-Signature": sum}
}

func TestMandrillsFormIsItsOneField(t *testing.T) {
	t.Parallel()
	p := provider.Mandrill()
	const target, events = "/hooks?a=1", `[{"event":"send","_id":"1","msg":{"x":"[{}]","l":[[]]}}]`
	text := base + target + "mandrill_events" + events
	g := guardAt(t, p, configured(p, 1), "", time.Unix(ownTime, 0))
	pinned := guardAt(t, p, configured(p, 1), base+target, time.Unix(ownTime, 0))
	require.Empty(t, reasonOf(g, sent("POST", target, "mandrill_events="+url.QueryEscape(events), formed(p, text))))
	signed := text[len(base):]
	for at := len("/hooks"); at <= len(signed); at++ {
		for name := at; name <= len(signed); name++ {
			form := url.QueryEscape(signed[at:name]) + "=" + url.QueryEscape(signed[name:])
			if signed[at:name] == "mandrill_events" {
				continue
			}
			require.NotEmpty(t, reasonOf(g, sent("POST", signed[:at], form, formed(p, text))), form)
			if signed[:at] == target {
				require.NotEmpty(t, reasonOf(pinned, sent("POST", target, form, formed(p, text))), form)
			}
		}
	}
	split := "mandrill_event=s" + url.QueryEscape(events[:1]) + "&mandrill_eventt=" + url.QueryEscape(events[1:])
	for form, text := range map[string]string{
		split:                        base + target + "mandrill_events[mandrill_eventt" + events[1:],
		"m=andrill_events%5B%5D":     base + target + "mandrill_events[]",
		"mandrill_events=%5B%5D&z=1": base + target + "mandrill_events[]z1",
		"mandrill_events=%5B%5D&mandrill_events=%5B%5D": base + target + "mandrill_events[]mandrill_events[]",
		"mandrill_events=%7B%7D":                        base + target + "mandrill_events{}",
		"mandrill_events=%5B%5D+x":                      base + target + "mandrill_events[] x",
		"mandrill_events=":                              base + target + "mandrill_events",
		"":                                              base + target,
	} {
		require.NotEmpty(t, reasonOf(g, sent("POST", target, form, formed(p, text))), form)
		require.NotEmpty(t, reasonOf(pinned, sent("POST", target, form, formed(p, text))), form)
	}
}

func TestTwiliosAccountClosesItsForm(t *testing.T) {
	t.Parallel()
	p := provider.Twilio()
	now := time.Unix(ownTime, 0)
	g := guardAt(t, p, configured(p, 1), "", now)
	const account = "AC0123456789abcdef0123456789abcdef"
	const target = "/hooks?message=17&to=a"
	// What somebody may write in a message that is captured.
	said := "&bodySHA256=" + hex.EncodeToString(sha256.New().Sum(nil)) + "&AccountSid=" + account
	text := base + target + "AccountSid" + account + "ApiVersion2010-04-01Body" + said + "MessageSidSM1"
	form := url.Values{"AccountSid": {account}, "ApiVersion": {"2010-04-01"}, "Body": {said}, "MessageSid": {"SM1"}}
	require.Empty(t, reasonOf(g, sent("POST", target, form.Encode(), formed(p, text))), "a query of each message's own")

	signed := text[len(base):]
	boundary := len(target)
	for at := len("/hooks"); at <= len(signed); at++ {
		headers := formed(p, text)
		for _, method := range []string{"POST", "GET"} {
			require.NotEmpty(t, reasonOf(g, sent(method, signed[:at], "", headers)), "%s: all is the URL", method)
		}
		rest := signed[at:]
		for _, name := range []string{"AccountSid", "A", rest[:min(1, len(rest))]} {
			value, ok := strings.CutPrefix(rest, name)
			if !ok || at == boundary && name == "AccountSid" {
				continue
			}
			body := url.QueryEscape(name) + "=" + url.QueryEscape(value)
			require.NotEmpty(t, reasonOf(g, sent("POST", signed[:at], body, headers)), body)
		}
		if at < boundary {
			body := url.QueryEscape(signed[at:boundary]) + "=&" + form.Encode()
			require.NotEmpty(t, reasonOf(g, sent("POST", signed[:at], body, headers)), body)
		}
		headers["Content-Type"] = "application/json"
		require.NotEmpty(t, reasonOf(g, sent("POST", signed[:at], "{}", headers)), "JSON by a written digest")
	}

	get := target + "&AccountSid=" + account
	require.Empty(t, reasonOf(g, sent("GET", get, "", formed(p, base+get))))
	cut := "AccountSid=" + url.QueryEscape("="+account)
	require.NotEmpty(t, reasonOf(g, sent("POST", target+"&", cut, formed(p, base+get))))
	for form, more := range map[string]string{
		"From=1":                        "From1",
		"AccountSid=x":                  "AccountSidx",
		"AccountSid=AC1&A=1":            "A1AccountSidAC1",
		"AccountSid=AC1&AccountSid=AC2": "AccountSidAC1AccountSidAC2",
	} {
		r := sent("POST", target, form, formed(p, base+target+more))
		require.Equal(t, reason.BadSignature, reasonOf(g, r), form)
	}
	// A URL that is configured is the boundary.
	pinned := guardAt(t, p, configured(p, 1), base+"/hooks", now)
	require.Empty(t, reasonOf(pinned, sent("POST", "/inner", "From=1", formed(p, base+"/hooksFrom1"))))
	require.NotEmpty(t, reasonOf(pinned, sent("POST", "/inner?a=1", "From=1", formed(p, base+"/hooks?a=1From1"))))
	digest := "?bodySHA256=" + hex.EncodeToString(sha256.New().Sum(nil))
	headers := formed(p, base+"/hooks"+digest)
	asForm := sent("POST", "/inner", url.QueryEscape(digest)+"=", headers)
	require.NotEmpty(t, reasonOf(pinned, asForm), "the digest as a form")
	sum := sha256.Sum256([]byte("{}"))
	named := "bodySHA256=" + hex.EncodeToString(sum[:])
	for registered, signedURL := range map[string]string{
		base + "/hooks":     base + "/hooks?" + named,
		base + "/hooks?a=1": base + "/hooks?a=1&" + named,
	} {
		g := guardAt(t, p, configured(p, 1), registered, now)
		headers := formed(p, signedURL)
		headers["Content-Type"] = "application/json"
		require.Empty(t, reasonOf(g, sent("POST", "/inner?"+named, "{}", headers)), registered)
	}
}

func TestPlivosQueryAndFormAreApart(t *testing.T) {
	t.Parallel()
	p := provider.PlivoV3()
	g := guardAt(t, p, configured(p, 1), "", time.Unix(ownTime, 0))
	headers := func(text string) map[string]string {
		h := hmac.New(sha256.New, []byte(signing(p, 1)))
		_, _ = h.Write([]byte(text + ".n1"))
		return map[string]string{
			"Content-Type": formType, "X-Plivo-Signature-V3-Nonce": "n1",
			"X-Plivo-Signature-V3": base64.StdEncoding.EncodeToString(h.Sum(nil)),
		}
	}
	type division struct{ target, form string }
	for text, divisions := range map[string][]division{
		"/hooks?a=1.b2": {{"/hooks?a=1", "b=2"}, {"/hooks", "a=%3D1.b2"}, {"/hooks?a=1.b2", ""}},
		"/hooks?CallUUIDxTexta=b.c": {
			{"/hooks", "CallUUID=x&Text=a%3Db.c"}, {"/hooks?CallUUIDxTexta=b", "c="}, {"/hooks?CallUUIDxTexta=b.c", ""},
		},
		"/hooks?a=1.b=2.c3": {{"/hooks?a=1", "b=%3D2.c3"}, {"/hooks?a=1.b%3D2", "c=3"}},
		"/hooks?a=1&b=2.c3": {{"/hooks?a=1&b=2", "c=3"}, {"/hooks?a=1%26b%3D2", "c=3"}},
	} {
		accepted := 0
		for _, d := range divisions {
			if reasonOf(g, sent("POST", d.target, d.form, headers(base+text))) == "" {
				accepted++
			}
		}
		require.LessOrEqual(t, accepted, 1, text)
	}
	require.Empty(t, reasonOf(g, sent("POST", "/hooks?a=1", "b=2", headers(base+"/hooks?a=1.b2"))))
	pinned := guardAt(t, p, configured(p, 1), base+"/hooks", time.Unix(ownTime, 0))
	form := "CallUUID=x&Text=a%3Db.c"
	require.Empty(t, reasonOf(pinned, sent("POST", "/hooks", form, headers(base+"/hooks?CallUUIDxTexta=b.c"))))
}

func TestMandrillsURLHoldsTheVerifiedCredential(t *testing.T) {
	t.Parallel()
	p := provider.Mandrill()
	const pair = "hooks:a-password-of-enough-bytes"
	for _, public := range []string{"", base + "/hooks", "https://" + pair + "@example.com/hooks"} {
		g, err := core.New(core.Config{
			Endpoint: "m", Provider: p, Secrets: secrets.Static(configured(p, 1)), Replay: core.DangerouslyNoReplay,
			Credentials: []core.Credential{core.BasicAuth(secrets.Static(pair))}, PublicURL: public,
			Logger: slog.New(slog.DiscardHandler), DangerouslyAllowWeakSecrets: true,
		})
		require.NoError(t, err)
		deliver := func(credential, user string) reason.Reason {
			h := formed(p, "https://"+user+"example.com/hooksmandrill_events[]")
			h["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(credential))
			return reasonOf(g, sent("POST", "/hooks", "mandrill_events=%5B%5D", h))
		}
		require.Empty(t, deliver(pair, pair+"@"), public)
		require.Equal(t, reason.BadSignature, deliver(pair, ""), public)
		require.Equal(t, reason.BadCredential, deliver("hooks:another-password-of-bytes", pair+"@"), public)
	}
}
