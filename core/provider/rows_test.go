package provider_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"log/slog"
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
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// reasonOf gives the reason of the refusal; empty where the delivery was accepted.
func reasonOf(g *core.Guard, r *http.Request) reason.Reason {
	_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	if reply == nil || reply.Rejection == nil {
		return ""
	}
	return reply.Rejection.Reason
}

func TestEveryOtherFormIsRefused(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","type":"a"}`
	at := fmt.Sprint(ownTime)
	other := func(text string) string { // in another algorithm or under another text
		h := hmac.New(sha512.New, []byte(ownSecret))
		_, _ = h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil))
	}
	weak := hmac.New(sha1.New, []byte(ownSecret))
	_, _ = weak.Write([]byte(body))
	sha1Hex := hex.EncodeToString(weak.Sum(nil))
	github, stripe := ownHex(body), ownHex(at+"."+body)
	slack := func(ts string) string { return "v0=" + ownHex("v0:"+ts+":"+body) }
	stripeAt := func(ts string) string { return "t=" + ts + ",v1=" + ownHex(ts+"."+body) }
	whsec := "v1," + ownWhsecMAC("msg_1", ownTime, body)
	wrong := "v1=" + strings.Repeat("00", 32)

	type set map[string][]string
	one := func(name, value string) set { return set{name: {value}} }
	standard := func(id, ts, sig string) set {
		return set{"Webhook-Id": {id}, "Webhook-Timestamp": {ts}, "Webhook-Signature": {sig}}
	}
	slackSet := func(ts, sig string) set {
		return set{"X-Slack-Request-Timestamp": {ts}, "X-Slack-Signature": {sig}}
	}
	rows := []struct {
		name     string
		provider core.Provider
		headers  set
		want     reason.Reason
	}{
		{"github", provider.GitHub(), one("X-Hub-Signature-256", "sha256="+github), ""},
		{"upper-case digits are the same digits", provider.GitHub(),
			one("X-Hub-Signature-256", "sha256="+strings.ToUpper(github)), ""},
		{"SHA-1 alone, genuine", provider.GitHub(), one("X-Hub-Signature", "sha1="+sha1Hex), reason.MissingSignature},
		{"SHA-1 in the header of SHA-256", provider.GitHub(), one("X-Hub-Signature-256", "sha1="+sha1Hex),
			reason.MalformedSignature},
		{"SHA-1 under the prefix of SHA-256", provider.GitHub(), one("X-Hub-Signature-256", "sha256="+sha1Hex),
			reason.MalformedSignature},
		{"SHA-512 in the header of SHA-256", provider.GitHub(), one("X-Hub-Signature-256", "sha512="+other(body)),
			reason.MalformedSignature},
		{"SHA-512 under the prefix of SHA-256", provider.GitHub(), one("X-Hub-Signature-256", "sha256="+other(body)),
			reason.MalformedSignature},
		{"the prefix in upper case", provider.GitHub(), one("X-Hub-Signature-256", "SHA256="+github),
			reason.MalformedSignature},
		{"no prefix", provider.GitHub(), one("X-Hub-Signature-256", github), reason.MalformedSignature},
		{"no header", provider.GitHub(), nil, reason.MissingSignature},
		{"an empty header", provider.GitHub(), one("X-Hub-Signature-256", ""), reason.MissingSignature},
		{"the prefix alone, as a sender without a secret writes it", provider.GitHub(),
			one("X-Hub-Signature-256", "sha256="), reason.MissingSignature},
		{"the header twice", provider.GitHub(), set{"X-Hub-Signature-256": {"sha256=" + github, "sha256=" + github}},
			reason.RepeatedHeader},
		{"two signatures in one header", provider.GitHub(),
			one("X-Hub-Signature-256", "sha256="+github+",sha256="+github), reason.MalformedSignature},
		{"a space before the signature", provider.GitHub(), one("X-Hub-Signature-256", "sha256= "+github),
			reason.MalformedSignature},

		{"stripe", provider.Stripe(), one("Stripe-Signature", stripeAt(at)), ""},
		{"v0 alone, although it is right", provider.Stripe(), one("Stripe-Signature", "t="+at+",v0="+stripe),
			reason.MissingSignature},
		{"v0 right and v1 wrong", provider.Stripe(), one("Stripe-Signature", "t="+at+",v0="+stripe+","+wrong),
			reason.BadSignature},
		{"v1 right next to what is not ours to check", provider.Stripe(),
			one("Stripe-Signature", "t="+at+",v0=zz,v2=x,v1="+stripe), ""},
		{"spaces around pairs", provider.Stripe(), one("Stripe-Signature", "t="+at+", v1="+stripe), ""},
		{"sixteen signatures, the last is right", provider.Stripe(),
			one("Stripe-Signature", "t="+at+strings.Repeat(","+wrong, 15)+",v1="+stripe), ""},
		{"seventeen signatures", provider.Stripe(),
			one("Stripe-Signature", "t="+at+strings.Repeat(","+wrong, 16)+",v1="+stripe), reason.MalformedSignature},
		{"seventeen signatures, the first is right", provider.Stripe(),
			one("Stripe-Signature", "t="+at+",v1="+stripe+strings.Repeat(","+wrong, 16)), reason.MalformedSignature},
		{"no timestamp", provider.Stripe(), one("Stripe-Signature", "v1="+stripe), reason.MissingTimestamp},
		{"an empty timestamp", provider.Stripe(), one("Stripe-Signature", stripeAt("")), reason.MissingTimestamp},
		{"two timestamps", provider.Stripe(), one("Stripe-Signature", "t="+at+",t="+at+",v1="+stripe),
			reason.MalformedTimestamp},
		{"a signed plus", provider.Stripe(), one("Stripe-Signature", stripeAt("+"+at)), reason.MalformedTimestamp},
		{"a signed minus", provider.Stripe(), one("Stripe-Signature", stripeAt("-"+at)), reason.MalformedTimestamp},
		{"a leading zero, signed", provider.Stripe(), one("Stripe-Signature", stripeAt("0"+at)),
			reason.MalformedTimestamp},
		{"a space, signed", provider.Stripe(), one("Stripe-Signature", stripeAt(" "+at)), reason.MalformedTimestamp},
		{"a fraction, signed", provider.Stripe(), one("Stripe-Signature", stripeAt(at+".0")),
			reason.MalformedTimestamp},
		{"an exponent, signed", provider.Stripe(), one("Stripe-Signature", stripeAt("1772366400e0")),
			reason.MalformedTimestamp},
		{"the last second that can be written, signed", provider.Stripe(),
			one("Stripe-Signature", stripeAt("99999999999")), reason.Early},
		{"the first second, signed", provider.Stripe(), one("Stripe-Signature", stripeAt("0")), reason.Stale},
		{"milliseconds, signed", provider.Stripe(), one("Stripe-Signature", stripeAt(at+"000")),
			reason.MalformedTimestamp},
		{"digits of another script, signed", provider.Stripe(), one("Stripe-Signature", stripeAt("١٧٧٢٣٦٦٤٠٠")),
			reason.MalformedTimestamp},

		{"slack", provider.Slack(), slackSet(at, slack(at)), ""},
		{"slack's version of another sender", provider.Slack(), slackSet(at, "v1="+ownHex("v0:"+at+":"+body)),
			reason.MalformedSignature},
		{"slack without a timestamp", provider.Slack(), one("X-Slack-Signature", slack(at)), reason.MissingTimestamp},
		{"slack's timestamp twice", provider.Slack(),
			set{"X-Slack-Request-Timestamp": {at, at}, "X-Slack-Signature": {slack(at)}}, reason.RepeatedHeader},
		{"a space after slack's timestamp, signed", provider.Slack(), slackSet(at+" ", slack(at+" ")),
			reason.MalformedTimestamp},

		{"standard webhooks", provider.StandardWebhooks(), standard("msg_1", at, whsec), ""},
		{"an id with a dot, signed", provider.StandardWebhooks(),
			standard("msg.1", at, "v1,"+ownWhsecMAC("msg.1", ownTime, body)), reason.MalformedSignature},
		{"an id that takes the timestamp in", provider.StandardWebhooks(), standard("msg_1."+at, at, whsec),
			reason.MalformedSignature},
		{"no id", provider.StandardWebhooks(),
			set{"Webhook-Timestamp": {at}, "Webhook-Signature": {"v1," + ownWhsecMAC("", ownTime, body)}},
			reason.MissingSignature},
		{"an id of 129 characters", provider.StandardWebhooks(),
			standard(strings.Repeat("a", 129), at, "v1,"+ownWhsecMAC(strings.Repeat("a", 129), ownTime, body)),
			reason.MalformedSignature},
		{"the id twice", provider.StandardWebhooks(),
			set{"Webhook-Id": {"msg_1", "msg_1"}, "Webhook-Timestamp": {at}, "Webhook-Signature": {whsec}},
			reason.RepeatedHeader},
		{"another version", provider.StandardWebhooks(), standard("msg_1", at, "v2"+whsec[2:]),
			reason.MissingSignature},
		{"a broken neighbour spoils nothing", provider.StandardWebhooks(),
			standard("msg_1", at, "v1,%% nonsense v1a,x "+whsec), ""},
		{"base64 without its padding", provider.StandardWebhooks(),
			standard("msg_1", at, strings.TrimRight(whsec, "=")), reason.MalformedSignature},
		{"standard webhooks' names at resend", provider.Resend(), standard("msg_1", at, whsec),
			reason.MissingSignature},
		{"svix under the other names", provider.Svix(), standard("msg_1", at, whsec), ""},
		{"svix with its names mixed", provider.Svix(),
			set{"Svix-Signature": {whsec}, "Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {at}},
			reason.MissingSignature},
		{"svix with its names mixed but for the id", provider.Svix(),
			set{"Svix-Signature": {whsec}, "Svix-Id": {"msg_1"}, "Webhook-Timestamp": {at}}, reason.MissingTimestamp},
		{"a signature under svix's name hides one under the other", provider.Svix(),
			set{"Svix-Signature": {"v1,AAAA"}, "Webhook-Signature": {whsec}, "Webhook-Id": {"msg_1"},
				"Webhook-Timestamp": {at}}, reason.MalformedSignature},
		{"gitlab's secret token where the signing token is configured", provider.GitLab(),
			one("X-Gitlab-Token", ownWhsec), reason.MissingSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, row.provider, secretFor(row.provider), time.Unix(ownTime, 0))
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
			for name, values := range row.headers {
				r.Header[name] = values
			}
			require.Equal(t, row.want, reasonOf(g, r))
		})
	}
}

func TestMailgunsBodyMustCarryOneSignature(t *testing.T) {
	t.Parallel()
	const token = "885894756b6c371a377f5f9516d60a4db497ad27d4931ed215"
	at := fmt.Sprint(ownTime)
	block := func(token, at string) string {
		return fmt.Sprintf(`"signature":{"token":%q,"timestamp":%q,"signature":%q}`, token, at, ownHex(at+token))
	}
	form := "token=" + token + "&timestamp=" + at + "&signature=" + ownHex(at+token)
	rows := []struct {
		name, body string
		form       bool
		want       reason.Reason
	}{
		{"json", "{" + block(token, at) + "}", false, ""},
		{"form", form, true, ""},
		{"the signature twice", "{" + block(token, at) + "," + block(token, at) + "}", false,
			reason.MalformedSignature},
		{"the signature twice, in another case", "{" + block(token, at) + "," +
			strings.Replace(block(token, at), "signature", "Signature", 1) + "}", false, reason.MalformedSignature},
		{"a form's field twice", form + "&token=" + token, true, reason.MalformedSignature},
		{"the token takes the timestamp's last digit", "{" + block(at[len(at)-1:]+token, at[:len(at)-1]) + "}", false,
			reason.Stale},
		{"the timestamp takes the token's first digit", "{" + block(token[1:], at+token[:1]) + "}", false,
			reason.Early},
		{"a token that is no token", "{" + block("zz"+token[2:], at) + "}", false, reason.MalformedSignature},
		{"no token", "{" + block("", at) + "}", false, reason.MissingSignature},
		{"no signature", `{"event-data":{}}`, false, reason.MissingSignature},
		{"not an object", `[]`, false, reason.MissingSignature},
		{"an empty body", "", false, reason.MalformedSignature},
		{"a form where JSON was promised", form, false, ""},
		{"JSON where a form was promised", "{" + block(token, at) + "}", true, ""},
		{"JSON that holds a form, where a form was promised", `{"x":"&` + form + `&"}`, true, reason.MissingSignature},
		{"a form that holds JSON", "x={" + block(token, at) + "}", false, reason.MissingSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, provider.Mailgun(), ownSecret, time.Unix(ownTime, 0))
			r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(row.body))
			r.Header.Set("Content-Type", "application/json")
			if row.form {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			require.Equal(t, row.want, reasonOf(g, r))
		})
	}
}

func TestTheEdgesOfEachWindowAreInside(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	checked := 0
	for _, p := range provider.All() {
		e, err := entry.Of(p)
		require.NoError(t, err)
		if e.Scheme == nil || !signsTime(e.Scheme) {
			continue
		}
		checked++
		past, future := 5*time.Minute, 5*time.Minute
		if longer := e.Scheme.Timestamp.Past; longer > 0 {
			past = longer
		}
		switch p.Name() {
		case "linear":
			future = time.Minute
		case "workos", "calendly":
			future = 3 * time.Minute
		case "box":
			future = 10 * time.Minute
		case "twitch":
			past, future = 10*time.Minute, 10*time.Minute
		}
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g := guardOf(t, p, secretFor(p), now)
			at := func(d time.Duration) reason.Reason {
				return reasonOf(g, webhooktest.NewRequest(p, signerFor(p), "https://example.com/hooks", `{}`,
					now.Add(d)))
			}
			require.Empty(t, at(-past))
			require.Equal(t, reason.Stale, at(-past-time.Second))
			require.Empty(t, at(future))
			require.Equal(t, reason.Early, at(future+time.Second))
		})
	}
}

func signsTime(s *entry.Scheme) bool {
	for _, p := range s.Signed {
		if p.Kind == entry.PartTimestamp {
			return true
		}
	}
	return s.Timestamp.JSON != ""
}

func TestAnySecretOfTheListLetsADeliveryInAndIsNamed(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	for _, p := range provider.All() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			g, err := core.New(core.Config{
				Endpoint: "rotation", Provider: p, Replay: core.DangerouslyNoReplay,
				Logger:  slog.New(slog.DiscardHandler),
				Secrets: secrets.Labeled(secrets.New("old", configured(p, 1)), secrets.New("new", configured(p, 2))),
				Now:     func() time.Time { return now }, DangerouslyAllowHTTP: true, PublicURL: publicOf(p),
			})
			require.NoError(t, err)
			for label, secret := range map[string]string{"old": signing(p, 1), "new": signing(p, 2)} {
				d, reply := g.Receive(httptest.NewRecorder(),
					webhooktest.NewRequest(p, secret, "https://example.com/hooks", `{}`, now), adapter.Inbound{})
				require.Nil(t, reply, label)
				require.Contains(t, append(d.Credentials(), d.Secret()), label)
			}
			require.NotEmpty(t, reasonOf(g,
				webhooktest.NewRequest(p, signing(p, 3), "https://example.com/hooks", `{}`, now)))
		})
	}
}

func TestThePrefixOfAStandardSecretIsOptional(t *testing.T) {
	t.Parallel()
	now := time.Unix(ownTime, 0)
	bare := strings.TrimPrefix(ownWhsec, "whsec_")
	for _, p := range []core.Provider{provider.StandardWebhooks(), provider.Svix(), provider.Resend(),
		provider.GitLab()} {
		require.True(t, accepts(guardOf(t, p, bare, now), webhooktest.NewRequest(p, ownWhsec, "/hooks", `{}`, now)),
			p.Name())
		require.True(t, accepts(guardOf(t, p, ownWhsec, now), webhooktest.NewRequest(p, bare, "/hooks", `{}`, now)),
			p.Name())
	}
	// Stripe's begins alike and is the key as it is.
	p := provider.Stripe()
	require.False(t, accepts(guardOf(t, p, bare, now), webhooktest.NewRequest(p, ownWhsec, "/hooks", `{}`, now)))
}

// TestACapturedMailgunDeliveryCannotBeDividedOtherwise: timestamp and token are signed without anything between them,
// so that only the window keeps a digit from moving over, which would make another token of the one that was used.
func TestACapturedMailgunDeliveryCannotBeDividedOtherwise(t *testing.T) {
	t.Parallel()
	const token = "885894756b6c371a377f5f9516d60a4db497ad27d4931ed215"
	at := fmt.Sprint(ownTime)
	all := at + token
	g := guardOf(t, provider.Mailgun(), ownSecret, time.Unix(ownTime, 0))
	for cut := range len(all) + 1 {
		body := fmt.Sprintf(`{"signature":{"timestamp":%q,"token":%q,"signature":%q}}`, all[:cut], all[cut:],
			ownHex(all))
		reason := reasonOf(g, httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body)))
		require.Equal(t, cut == len(at), reason == "", "%s | %s", all[:cut], all[cut:])
	}
}
