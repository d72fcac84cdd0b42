package core_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/hostile"
)

// What follows checks requests by the providers' documentation, slowly and without a line of the code under test. It
// may say no where the guard says yes to nothing: the law is that what the guard lets in is genuine.

// oracle says whether a request to an endpoint is genuine, and what its right signature is, so that a fuzzer can sign.
type oracle struct {
	// in the header's own form; "" where there is nothing to sign
	signature func(r *http.Request, body []byte) string
	genuine   func(r *http.Request, body []byte) bool
}

func hmac256(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// only gives a header that came exactly once.
func only(r *http.Request, name string) (string, bool) {
	v := r.Header.Values(name)
	if len(v) != 1 {
		return "", false
	}
	return v[0], true
}

var (
	decimal  = regexp.MustCompile(`^(0|[1-9][0-9]{0,10})$`)
	wordID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	hexToken = regexp.MustCompile(`^[0-9A-Fa-f]{1,128}$`)
)

func recent(text string, past int64) bool {
	if !decimal.MatchString(text) {
		return false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	now := hostile.Now().Unix()
	return err == nil && n >= now-past && n <= now+300
}

func oracles() map[string]oracle {
	e := hostile.Endpoints()
	gitHub := oracle{
		func(_ *http.Request, body []byte) string {
			return "sha256=" + hex.EncodeToString(hmac256(e["github"].Secret, string(body)))
		},
		func(r *http.Request, body []byte) bool {
			sig, ok := only(r, "X-Hub-Signature-256")
			text, prefixed := strings.CutPrefix(sig, "sha256=")
			raw, err := hex.DecodeString(text)
			return ok && prefixed && err == nil && string(raw) == string(hmac256(e["github"].Secret, string(body)))
		},
	}
	basic := func(r *http.Request) bool {
		text, ok := only(r, "Authorization")
		scheme, word, _ := strings.Cut(text, " ")
		return ok && strings.EqualFold(scheme, "Basic") &&
			word == base64.StdEncoding.EncodeToString([]byte(hostile.Pair))
	}
	and := func(o oracle, more func(*http.Request) bool) oracle {
		return oracle{o.signature, func(r *http.Request, body []byte) bool { return o.genuine(r, body) && more(r) }}
	}
	credential := func(fn func(*http.Request) bool) oracle {
		return oracle{func(*http.Request, []byte) string { return "" },
			func(r *http.Request, _ []byte) bool { return fn(r) }}
	}
	stripeTime := func(r *http.Request) (times, signatures []string) {
		text, _ := only(r, "Stripe-Signature")
		for item := range strings.SplitSeq(text, ",") {
			key, value, _ := strings.Cut(strings.Trim(item, " \t"), "=")
			switch key {
			case "t":
				times = append(times, value)
			case "v1":
				signatures = append(signatures, value)
			}
		}
		return times, signatures
	}
	standard := func(r *http.Request, body []byte) []byte {
		return hmac256(e["standard"].Key, r.Header.Get("Webhook-Id")+"."+r.Header.Get("Webhook-Timestamp")+"."+
			string(body))
	}
	return map[string]oracle{
		"github": gitHub,
		"both":   and(gitHub, basic),
		"proxied": and(gitHub, func(r *http.Request) bool {
			// Over plain TCP from an unknown sender nothing proves https; from the proxy, its one word does.
			peer := netip.MustParseAddrPort(r.RemoteAddr).Addr()
			if !peer.IsPrivate() {
				return false
			}
			proto, forwarded := r.Header.Values("X-Forwarded-Proto"),
				strings.ToLower(strings.Join(r.Header.Values("Forwarded"), ","))
			return len(proto) == 1 && strings.EqualFold(proto[0], "https") &&
				!strings.Contains(forwarded, "proto=http,") ||
				len(proto) == 0 && strings.Contains(forwarded, "proto=") && strings.Contains(forwarded, "https")
		}),
		"sources": and(gitHub, func(r *http.Request) bool {
			allowed := func(text string) bool {
				a, err := netip.ParseAddr(strings.Trim(text, " \t"))
				if err != nil {
					ap, err := netip.ParseAddrPort(strings.Trim(text, " \t"))
					if err != nil {
						return strings.Contains(text, "[2001:db8:")
					}
					a = ap.Addr()
				}
				a = a.Unmap().WithZone("")
				return netip.MustParsePrefix("198.51.100.0/24").Contains(a) ||
					netip.MustParsePrefix("2001:db8::/48").Contains(a)
			}
			if allowed(r.RemoteAddr) {
				return true
			}
			// Somewhere in what the proxy says stands an address that is allowed.
			for _, text := range append(r.Header.Values("X-Forwarded-For"), r.Header.Values("Forwarded")...) {
				for hop := range strings.FieldsFuncSeq(strings.ToLower(text),
					func(c rune) bool { return strings.ContainsRune(`,;="`, c) }) {
					if allowed(hop) {
						return true
					}
				}
			}
			return false
		}),
		"stripe": {
			func(r *http.Request, body []byte) string {
				times, _ := stripeTime(r)
				return hex.EncodeToString(hmac256(e["stripe"].Secret, strings.Join(times, "")+"."+string(body)))
			},
			func(r *http.Request, body []byte) bool {
				times, signatures := stripeTime(r)
				if _, once := only(r, "Stripe-Signature"); !once || len(times) != 1 || !recent(times[0], 300) {
					return false
				}
				for _, text := range signatures {
					if strings.EqualFold(text,
						hex.EncodeToString(hmac256(e["stripe"].Secret, times[0]+"."+string(body)))) {
						return true
					}
				}
				return false
			},
		},
		"slack": {
			func(r *http.Request, body []byte) string {
				return "v0=" + hex.EncodeToString(hmac256(e["slack"].Secret, "v0:"+
					r.Header.Get("X-Slack-Request-Timestamp")+":"+string(body)))
			},
			func(r *http.Request, body []byte) bool {
				at, once := only(r, "X-Slack-Request-Timestamp")
				sig, ok := only(r, "X-Slack-Signature")
				return once && ok && recent(at, 300) && strings.HasPrefix(sig, "v0=") &&
					strings.EqualFold(sig, "v0="+
						hex.EncodeToString(hmac256(e["slack"].Secret, "v0:"+at+":"+string(body))))
			},
		},
		"standard": {
			func(r *http.Request, body []byte) string {
				return "v1," + base64.StdEncoding.EncodeToString(standard(r, body))
			},
			func(r *http.Request, body []byte) bool {
				id, once := only(r, "Webhook-Id")
				at, also := only(r, "Webhook-Timestamp")
				sig, ok := only(r, "Webhook-Signature")
				if !once || !also || !ok || !recent(at, 300) || !wordID.MatchString(id) {
					return false
				}
				for one := range strings.SplitSeq(sig, " ") {
					if one == "v1,"+base64.StdEncoding.EncodeToString(standard(r, body)) {
						return true
					}
				}
				return false
			},
		},
		"shopify": {
			func(_ *http.Request, body []byte) string {
				return base64.StdEncoding.EncodeToString(hmac256(e["shopify"].Secret, string(body)))
			},
			func(r *http.Request, body []byte) bool {
				name := "X-Shopify-Hmac-Sha256"
				if len(r.Header.Values("Shopify-Hmac-Sha256")) > 0 {
					name = "Shopify-Hmac-Sha256"
				}
				sig, ok := only(r, name)
				return ok && sig == base64.StdEncoding.EncodeToString(hmac256(e["shopify"].Secret, string(body)))
			},
		},
		"discord": {
			func(*http.Request, []byte) string { return "" }, // the private key stays with the table
			func(r *http.Request, body []byte) bool {
				at, once := only(r, "X-Signature-Timestamp")
				sig, ok := only(r, "X-Signature-Ed25519")
				raw, err := hex.DecodeString(sig)
				return once && ok && err == nil && recent(at, 600) &&
					ed25519.Verify(ed25519.PublicKey(e["discord"].Key), []byte(at+string(body)), raw)
			},
		},
		"mailgun": {
			func(_ *http.Request, body []byte) string {
				fields := mailgunFields(body)
				return hex.EncodeToString(hmac256(e["mailgun"].Secret, fields[0]+fields[1]))
			},
			func(_ *http.Request, body []byte) bool {
				f := mailgunFields(body)
				return recent(f[0], 9*3600) && hexToken.MatchString(f[1]) &&
					strings.EqualFold(f[2], hex.EncodeToString(hmac256(e["mailgun"].Secret, f[0]+f[1])))
			},
		},
		"basic": credential(basic),
		"token": credential(func(r *http.Request) bool {
			text, ok := only(r, "X-Token")
			return ok && text == hostile.Token
		}),
		"bearer": credential(func(r *http.Request) bool {
			text, ok := only(r, "Authorization")
			scheme, token, _ := strings.Cut(text, " ")
			return ok && strings.EqualFold(scheme, "Bearer") && token == hostile.Token
		}),
	}
}

// mailgunFields are timestamp, token and signature, of JSON or of a form.
func mailgunFields(body []byte) (f [3]string) {
	var doc struct {
		Signature struct {
			Timestamp json.RawMessage `json:"timestamp"`
			Token     json.RawMessage `json:"token"`
			Signature json.RawMessage `json:"signature"`
		} `json:"signature"`
	}
	if json.Unmarshal(body, &doc) == nil {
		for i, raw := range []json.RawMessage{doc.Signature.Timestamp, doc.Signature.Token, doc.Signature.Signature} {
			if json.Unmarshal(raw, &f[i]) != nil {
				f[i] = string(raw) // a number is as it is written
			}
		}
		return f
	}
	form, _ := url.ParseQuery(string(body))
	return [3]string{form.Get("timestamp"), form.Get("token"), form.Get("signature")}
}
