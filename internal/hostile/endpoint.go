package hostile

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
	signed "github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Pair and Token are the credentials of the endpoints that ask for one.
const (
	Pair  = "hooks:a-password-of-enough-bytes"
	Token = "a-token-of-more-than-16-bytes"
)

// Now is the time at which the whole table plays: 2026-03-01 12:00:00 UTC, 1772366400.
func Now() time.Time { return time.Unix(1772366400, 0) }

// Endpoint is one receiving place that cases name.
type Endpoint struct {
	Secret string                                     // as it is configured
	Old    string                                     // a second secret, valid until an hour before Now
	Key    string                                     // the secret's bytes, where they are not the text's
	fetch  func(keys.Options) (core.KeySource, error) // of keys; nil: none is fetched
	change func(*core.Config)
}

const signing = "a-signing-secret-of-enough-bytes"

// Endpoints are the endpoints by name.
func Endpoints() map[string]*Endpoint {
	standardKey := []byte("a standard webhooks key: 32 byte")
	public := ed25519Key().Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(ecdsaKey().Public())
	if err != nil {
		panic(err) // the key is one of this package
	}
	rsaDER, err := x509.MarshalPKIXPublicKey(&rsaKey().PublicKey)
	if err != nil {
		panic(err) // the key is one of this package
	}
	topics := provider.SNSConfig{Topics: []string{"arn:aws:sns:eu-west-1:123456789012:orders"}}
	certificates := func(o keys.Options) (core.KeySource, error) { return keys.SNSCertificates(topics.Topics, o) }
	google := func(o keys.Options) (core.KeySource, error) { return keys.Google(o) }
	partner := signed.ConstantContact(signed.ConstantContactConfig{APIKeys: []string{"mine"}})
	kinde := func(o keys.Options) (core.KeySource, error) { return keys.Kinde("example.kinde.com", o) }
	pubSub := jwt.GooglePubSub(jwt.GoogleConfig{Audience: "https://hooks.example.com/hooks",
		ServiceAccounts: []string{"push@project.iam.gserviceaccount.com"}})
	text := func(p core.Provider, more ...func(*core.Config)) *Endpoint {
		return &Endpoint{Secret: signing, Old: "the-old-secret-of-enough-bytes!!", change: func(c *core.Config) {
			c.Provider = p
			for _, fn := range more {
				fn(c)
			}
		}}
	}
	asks := func(cred func(secrets.Source) core.Credential, value string) func(*core.Config) {
		return func(c *core.Config) { c.Credentials = []core.Credential{cred(secrets.Static(value))} }
	}
	unsigned := func(p core.Provider, more ...func(*core.Config)) *Endpoint {
		e := text(p, more...)
		e.Secret, e.Old = "", ""
		return e
	}
	header := func(s secrets.Source) core.Credential { return core.HeaderToken("X-Token", s) }
	query := func(s secrets.Source) core.Credential { return core.QueryToken("token", s) }
	rsaPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: rsaDER}))
	is := func(p core.Provider) func(*core.Config) { return func(c *core.Config) { c.Provider = p } }
	perimeter := func(c *core.Config) { c.DangerouslyAllowHTTP, c.TrustedProxies = false, core.PrivateNetworks }
	return map[string]*Endpoint{
		"github":              text(provider.GitHub()),
		"stripe":              text(provider.Stripe()),
		"slack":               text(provider.Slack()),
		"shopify":             text(provider.Shopify()),
		"bitbucket-server":    text(provider.BitbucketServer()),
		"mailersend":          text(provider.MailerSend()),
		"mailersend-awaiting": unsigned(provider.MailerSend(), func(c *core.Config) { c.Setup.AwaitingSecret = true }),
		"intercom":            text(provider.Intercom()),
		"gitea":               text(provider.Gitea()),
		"zendesk":             text(provider.Zendesk()),
		"mailgun":             text(provider.Mailgun()),
		"mercado":             text(provider.MercadoPago()),
		"standard": {Secret: "whsec_" + base64.StdEncoding.EncodeToString(standardKey), Key: string(standardKey),
			change: is(provider.StandardWebhooks())},
		"standard-public": {Secret: "whpk_" + base64.StdEncoding.EncodeToString(public),
			change: is(provider.StandardWebhooks())},
		"adyen":   {Secret: hex.EncodeToString(standardKey), Key: string(standardKey), change: is(provider.Adyen())},
		"discord": {Secret: hex.EncodeToString(public), Key: string(public), change: is(provider.Discord())},
		"ecdsa": {Secret: base64.StdEncoding.EncodeToString(der), Key: string(der),
			change: is(provider.PublicKey(provider.PublicKeyConfig{Name: "own", Header: "X-Sig",
				Algorithm: provider.ECDSAP256SHA256}))},
		"twilio": text(provider.Twilio(), func(c *core.Config) { c.PublicURL = "https://hooks.example.com/hooks" }),
		"trello-url": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig", Signed: "{url}\n{body}"}),
			func(c *core.Config) { c.TrustedProxies, c.DangerouslyAllowHTTP = core.PrivateNetworks, false }),
		"pathed": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig",
			Signed: "{method} {path}\n{body}"})),
		"alipay":  {Secret: base64.StdEncoding.EncodeToString(rsaDER), change: is(provider.Alipay())},
		"bolt":    text(provider.Bolt()),
		"hygraph": text(provider.Hygraph()),
		"queried": text(provider.HMAC(provider.HMACConfig{Name: "own", Parameter: "sig"})),
		"milliseconds": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig",
			Signed: "{timestamp}.{body}", TimestampHeader: "X-Time", TimestampUnit: provider.Milliseconds})),
		"rfc3339": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig",
			Signed: "{timestamp}.{body}", TimestampHeader: "X-Time", TimestampUnit: provider.RFC3339})),
		"batch": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig", Batch: true, EventID: "/id",
			EventType: "/type", IdentityPointer: "/id"})),
		"small": text(provider.HMAC(provider.HMACConfig{Name: "own", Header: "X-Sig", MaxBody: 1024})),
		"meta": text(provider.Meta(),
			func(c *core.Config) { c.Setup.VerifyTokens = secrets.Static("a-verify-token-1") }),
		"sns":            {Secret: base64.StdEncoding.EncodeToString(rsaDER), change: is(provider.AWSSNS(topics))},
		"sns-fetched":    {fetch: certificates, change: is(provider.AWSSNS(topics))},
		"vonage":         text(jwt.Vonage()),
		"fusionauth":     {Secret: rsaPEM, Key: string(rsaDER), change: is(jwt.FusionAuth("RS256"))},
		"pubsub":         {Secret: rsaPEM, Key: string(rsaDER), change: is(pubSub)},
		"kinde":          {Secret: rsaPEM, Key: string(rsaDER), change: is(signed.Kinde())},
		"kinde-fetched":  {fetch: kinde, change: is(signed.Kinde())},
		"constant":       {Secret: rsaPEM, Key: string(rsaDER), change: is(partner)},
		"pubsub-fetched": {fetch: google, change: is(pubSub)},
		"controls":       unsigned(provider.Basic(), asks(core.BasicAuth, "hooks:a-password\x01of-enough-bytes")),
		"basic":          unsigned(provider.Basic(), asks(core.BasicAuth, Pair)),
		"unicode":        unsigned(provider.Basic(), asks(core.BasicAuth, "hooks:un-caf\u00e9-tr\u00e8s-serr\u00e9")),
		"bearer":         unsigned(provider.Bearer(), asks(core.BearerToken, Token)),
		"token":          unsigned(provider.Token("X-Token"), asks(header, Token)),
		"query":          unsigned(provider.Basic(), asks(query, Token)),
		"both":           text(provider.GitHub(), asks(core.BasicAuth, Pair)),
		"proxied":        text(provider.GitHub(), perimeter),
		"sources": text(provider.GitHub(), func(c *core.Config) {
			c.TrustedProxies, c.Sources = "10.0.0.0/8, fd00::/8", core.Networks("198.51.100.0/24, 2001:db8::/48")
		}),
		// Senders with several signatures, each in a place of its own.
		"groups":  {Secret: "wbhsec_a-signing-secret", Old: "wbhsec_the-old-secret", change: is(provider.Persona())},
		"beside":  text(provider.Hookdeck()),
		"repeats": text(provider.Orb()),
		// A header behind the body, and a question that is signed.
		"body-first": text(provider.Klaviyo()),
		"asks":       text(provider.Airship("559384cd-6284-4e3e-9e4e-7c260019a251")),
		// Senders that encrypt.
		"wechat":   {Secret: "PUB_KEY_ID_1|" + rsaPEM, change: is(provider.WeChatPay(weChatPay()))},
		"feishu":   text(provider.Feishu(), verifies("a-verify-token-1")),
		"dingtalk": {Secret: callbackToken, change: is(provider.DingTalk(dingTalk()))},
		"wecom":    {Secret: callbackToken, change: is(provider.WeCom(weCom()))},
		// Signatures in a structure of their own, and challenges whose answer is computed.
		"keygen": {Secret: hex.EncodeToString(public), Key: string(public), change: is(provider.Keygen())},
		"ebay": {Secret: base64.StdEncoding.EncodeToString(der), change: func(c *core.Config) {
			c.Provider, c.PublicURL = provider.EBay(), "https://hooks.example.com/hooks"
			c.Setup.VerifyTokens = secrets.Static("a-verification-token-of-32-letters")
		}},
		"linkedin": text(provider.LinkedIn()),
		"apple":    {change: is(signed.AppleAppStore(apple()))},
	}
}

func verifies(token string) func(*core.Config) {
	return func(c *core.Config) { c.Setup.VerifyTokens = secrets.Static(token) }
}

// callbackToken is the secret of the endpoints dingtalk and wecom.
const callbackToken = "aTokenOfThisTableAndNothingElse"

func weChatPay() provider.WeChatPayConfig {
	return provider.WeChatPayConfig{APIv3Keys: secrets.Static(apiV3Key)}
}

func dingTalk() provider.DingTalkConfig {
	return provider.DingTalkConfig{OwnerKeys: []string{"ding1"}, EncodingAESKeys: secrets.Static(aesKey)}
}

func weCom() provider.WeComConfig {
	return provider.WeComConfig{ReceiveIDs: []string{"ww1"}, EncodingAESKeys: secrets.Static(aesKey)}
}

func apple() signed.AppleConfig {
	_, root := chains()
	return signed.AppleConfig{Roots: [][]byte{root.Raw}, BundleID: "com.example", AppAppleID: 1234,
		Environment: signed.AppleProduction}
}

// onAsking hides the Prefetch method of a source: what is counted are the fetches that requests cause, and none that
// New begins.
type onAsking struct{ core.KeySource }

// Made is an endpoint's guard and what it is watched by.
type Made struct {
	Guard *core.Guard
	Store *Store
	Seen  *Records
	// Outgoing counts the requests that are made for keys.
	Outgoing *Outgoing
}

// New makes the endpoint's guard. change, where it is not nil, changes its config.
func (e *Endpoint) New(change func(*core.Config)) (*Made, error) {
	m := &Made{Store: NewStore(), Seen: &Records{}, Outgoing: &Outgoing{}}
	c := core.Config{
		Endpoint: "hostile", Replay: m.Store, StoreFailure: core.RefuseDelivery, Observers: []core.Observer{m.Seen},
		Logger: slog.New(slog.DiscardHandler), Now: Now, DangerouslyAllowHTTP: true,
	}
	switch {
	case e.Old != "":
		c.Secrets = secrets.Labeled(secrets.New("new", e.Secret),
			secrets.New("old", e.Old).ValidUntil(Now().Add(-time.Hour)))
	case e.Secret != "":
		c.Secrets = secrets.Static(e.Secret)
	}
	if e.fetch != nil {
		source, err := e.fetch(keys.Options{RoundTripper: m.Outgoing, Now: Now})
		if err != nil {
			return nil, err
		}
		c.Keys = onAsking{source}
	}
	e.change(&c)
	if change != nil {
		change(&c)
	}
	g, err := core.New(c)
	m.Guard = g
	return m, err
}
