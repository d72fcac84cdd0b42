package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jws"
	"github.com/sallyport-go/sallyport/core/reason"
)

// authority is a certificate and its key.
type authority struct {
	cert *x509.Certificate
	der  []byte
	key  *ecdsa.PrivateKey
}

// Apple's marks of what a certificate is for.
func leafMark() pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 11, 1}, Value: []byte{5, 0}}
}

func interMark() pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 2, 1}, Value: []byte{5, 0}}
}

// issue makes a certificate that by signs; nil: it signs itself. change makes it wrong.
func issue(
	t testing.TB, name string, by *authority, ca bool, mark *pkix.Extension, change func(*x509.Certificate),
) *authority {
	t.Helper()
	curve := elliptic.P256()
	if ca {
		curve = elliptic.P384() // as Apple's
	}
	a := &authority{key: ecKey(t, curve)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Unix(now, 0).Add(-time.Hour), NotAfter: time.Unix(now, 0).Add(240 * time.Hour),
		BasicConstraintsValid: true, IsCA: ca, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ca {
		template.KeyUsage = x509.KeyUsageCertSign
	}
	if mark != nil {
		template.ExtraExtensions = []pkix.Extension{*mark}
	}
	if change != nil {
		change(template)
	}
	var public crypto.PublicKey = a.key.Public()
	if template.PublicKey != nil {
		public = template.PublicKey
	}
	parent, signer := template, a.key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	var err error
	a.der, err = x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	require.NoError(t, err)
	a.cert, err = x509.ParseCertificate(a.der)
	require.NoError(t, err)
	return a
}

// appleChain is a root, an intermediate and a leaf as Apple has them.
func appleChain(t testing.TB) (root, inter, leaf *authority) {
	t.Helper()
	leafOID, interOID := leafMark(), interMark()
	root = issue(t, "root", nil, true, nil, nil)
	inter = issue(t, "intermediate", root, true, &interOID, nil)
	return root, inter, issue(t, "leaf", inter, false, &leafOID, nil)
}

// x5cOf is the header of a JWS with these certificates.
func x5cOf(alg string, certs ...[]byte) string {
	list := []string{}
	for _, der := range certs {
		list = append(list, base64.StdEncoding.EncodeToString(der))
	}
	text, _ := json.Marshal(map[string]any{"alg": alg, "x5c": list})
	return string(text)
}

func notification(changes ...string) string {
	text := fmt.Sprintf(`{"notificationType":"TEST","notificationUUID":"u1","signedDate":%d000,`+
		`"data":{"appAppleId":1234,"bundleId":"com.example","environment":"Production"}}`, now)
	return strings.NewReplacer(changes...).Replace(text)
}

func wrapped(token string) string { return `{"signedPayload":"` + token + `"}` }

func appleOf(environment string, roots ...*authority) core.Provider {
	c := jws.AppleConfig{BundleID: "com.example", Environment: environment, AppAppleID: 1234}
	for _, root := range roots {
		c.Roots = append(c.Roots, root.der)
	}
	return jws.AppleAppStore(c)
}

// TestHostileChains is the table of attacks on a chain of certificates in a signature's header.
func TestHostileChains(t *testing.T) {
	t.Parallel()
	leafOID, interOID := leafMark(), interMark()
	root, inter, leaf := appleChain(t)
	foreignRoot, foreignInter, foreignLeaf := appleChain(t)
	issued := func(by *authority, mark *pkix.Extension, change func(*x509.Certificate)) *authority {
		return issue(t, "leaf", by, false, mark, change)
	}
	second := func(by *authority, mark *pkix.Extension, change func(*x509.Certificate)) (*authority, *authority) {
		i := issue(t, "intermediate", by, true, mark, change)
		return i, issued(i, &leafOID, nil)
	}
	dates := func(from, to time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Unix(now, 0).Add(from), time.Unix(now, 0).Add(to)
		}
	}
	expiredInter, underExpired := second(root, &interOID, dates(-time.Hour, -time.Second))
	noMarkInter, underNoMark := second(root, nil, nil)
	leafMarkInter, underLeafMark := second(root, &leafOID, nil)
	noCertSign, underNoCertSign := second(root, &interOID, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature
	})
	notCA := issue(t, "intermediate", root, false, &interOID, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageCertSign
	})
	underNotCA := issued(notCA, &leafOID, nil)
	deeper := issue(t, "deeper", inter, true, &interOID, nil)
	underDeeper := issued(deeper, &leafOID, nil)
	byRoot := issued(root, &leafOID, nil)
	selfSigned := issue(t, "leaf", nil, false, &leafOID, nil)
	expired := issued(inter, &leafOID, dates(-time.Hour, -time.Second))
	early := issued(inter, &leafOID, dates(time.Minute, time.Hour))
	authorityKey := ecKey(t, elliptic.P256())
	authorityLeaf := issued(inter, &leafOID, func(c *x509.Certificate) { // which is all that is wrong with it
		c.IsCA, c.PublicKey, c.KeyUsage = true, authorityKey.Public(), c.KeyUsage|x509.KeyUsageCertSign
	})
	noSignatures := issued(inter, &leafOID, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	unmarked := issued(inter, nil, nil)
	otherMark := issued(inter, &interOID, nil)
	p384 := ecKey(t, elliptic.P384())
	otherCurve := issued(inter, &leafOID, func(c *x509.Certificate) { c.PublicKey = p384.Public() })
	ofRSA := issued(inter, &leafOID, func(c *x509.Certificate) { c.PublicKey = rsaKeys()[0].Public() })
	critical := issued(inter, &leafOID, func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true,
			Value: []byte{5, 0}})
	})
	token := func(key any, certs ...[]byte) string {
		return compact(t, key, x5cOf("ES256", certs...), notification())
	}
	good := token(leaf.key, leaf.der, inter.der, root.der)
	public, err := x509.MarshalPKIXPublicKey(leaf.key.Public())
	require.NoError(t, err)
	long := make([]byte, 5000)
	for _, row := range []struct {
		name, token string
		want        reason.Reason
	}{
		{"genuine", good, ""},
		{"the sender's root is not looked at", token(leaf.key, leaf.der, inter.der, foreignRoot.der), ""},

		{"a foreign root", token(foreignLeaf.key, foreignLeaf.der, foreignInter.der, foreignRoot.der), bad},
		{"a foreign root that calls itself ours", token(foreignLeaf.key, foreignLeaf.der, foreignInter.der, root.der), bad},
		{"a foreign leaf under our intermediate", token(foreignLeaf.key, foreignLeaf.der, inter.der, root.der), bad},
		{"self-signed", token(selfSigned.key, selfSigned.der, selfSigned.der, selfSigned.der), bad},
		{"a self-signed leaf under our intermediate", token(selfSigned.key, selfSigned.der, inter.der, root.der), bad},
		{"the leaf issued by the root", token(byRoot.key, byRoot.der, root.der, root.der), bad},
		{"the leaf issued by the root, with an intermediate next to it", token(byRoot.key, byRoot.der, inter.der, root.der),
			bad},
		{"a second intermediate", token(underDeeper.key, underDeeper.der, deeper.der, inter.der), bad},
		{"an expired leaf", token(expired.key, expired.der, inter.der, root.der), bad},
		{"a leaf that is not valid yet", token(early.key, early.der, inter.der, root.der), bad},
		{"an expired intermediate", token(underExpired.key, underExpired.der, expiredInter.der, root.der), bad},
		{"a leaf without its mark", token(unmarked.key, unmarked.der, inter.der, root.der), bad},
		{"a leaf with the intermediate's mark", token(otherMark.key, otherMark.der, inter.der, root.der), bad},
		{"an intermediate without its mark", token(underNoMark.key, underNoMark.der, noMarkInter.der, root.der), bad},
		{"an intermediate with the leaf's mark", token(underLeafMark.key, underLeafMark.der, leafMarkInter.der, root.der),
			bad},
		{"an intermediate that is no authority", token(underNotCA.key, underNotCA.der, notCA.der, root.der), bad},
		{"an intermediate that may not issue", token(underNoCertSign.key, underNoCertSign.der, noCertSign.der, root.der),
			bad},
		{"an authority as the leaf", token(authorityKey, authorityLeaf.der, inter.der, root.der), bad},
		{"a leaf that is not for signatures", token(noSignatures.key, noSignatures.der, inter.der, root.der), bad},
		{"a critical extension that nobody knows", token(critical.key, critical.der, inter.der, root.der), bad},
		{"a leaf on another curve", token(p384, otherCurve.der, inter.der, root.der), bad},
		{"a leaf of RSA", token(rsaKeys()[0], ofRSA.der, inter.der, root.der), bad},
		{"swapped: intermediate and leaf", token(leaf.key, inter.der, leaf.der, root.der), bad},
		{"swapped: signed by the intermediate", token(inter.key, inter.der, leaf.der, root.der), bad},
		{"swapped: root and intermediate", token(leaf.key, leaf.der, root.der, inter.der), bad},
		{"backwards", token(leaf.key, root.der, inter.der, leaf.der), bad},
		{"the leaf thrice", token(leaf.key, leaf.der, leaf.der, leaf.der), bad},
		{"signed by a key other than the leaf's", token(foreignLeaf.key, leaf.der, inter.der, root.der), bad},
		{"signed by the intermediate's key", token(inter.key, leaf.der, inter.der, root.der), bad},

		{"no chain", compact(t, leaf.key, `{"alg":"ES256"}`, notification()), malformed},
		{"an empty chain", token(leaf.key), malformed},
		{"one certificate", token(leaf.key, leaf.der), malformed},
		{"two certificates", token(leaf.key, leaf.der, inter.der), malformed},
		{"four certificates", token(leaf.key, leaf.der, inter.der, root.der, root.der), malformed},
		{"a certificate that is too long", token(leaf.key, leaf.der, inter.der, long), malformed},
		{"an empty certificate", token(leaf.key, leaf.der, nil, root.der), malformed},
		{"a certificate that is none", token(leaf.key, []byte("x"), inter.der, root.der), bad},
		{"a key in its place", token(leaf.key, public, inter.der, root.der), bad},
		{"bytes after the leaf", token(leaf.key, append(append([]byte{}, leaf.der...), 0), inter.der, root.der), bad},
		{"a chain that is a text", compact(t, leaf.key, `{"alg":"ES256","x5c":"AAAA"}`, notification()), malformed},
		{"a chain of numbers", compact(t, leaf.key, `{"alg":"ES256","x5c":[1,2,3]}`, notification()), malformed},
		{"a chain twice", compact(t, leaf.key, strings.Replace(x5cOf("ES256", leaf.der, inter.der, root.der), `"x5c"`,
			`"x5c":[],"x5c"`, 1), notification()), malformed},
		{"base64url", compact(t, leaf.key, strings.NewReplacer("+", "-", "/", "_").Replace(x5cOf("ES256", leaf.der,
			inter.der, root.der)), notification()), malformed},
		{"a line break in a certificate", compact(t, leaf.key, strings.Replace(x5cOf("ES256", leaf.der, inter.der,
			root.der), `["MII`, `["MI\nI`, 1), notification()), malformed},
		{"PEM", compact(t, leaf.key, strings.Replace(x5cOf("ES256", leaf.der, inter.der, root.der), `["`,
			`["-----BEGIN CERTIFICATE-----`, 1), notification()), malformed},

		{"alg none", b64(x5cOf("none", leaf.der, inter.der, root.der)) + "." + b64(notification()) + ".", malformed},
		{"alg HS256 with the leaf's key as a secret", compact(t, string(public), x5cOf("HS256", leaf.der, inter.der,
			root.der), notification()), malformed},
		{"alg RS256", compact(t, rsaKeys()[0], x5cOf("RS256", ofRSA.der, inter.der, root.der), notification()),
			malformed},
		{"alg ES384", compact(t, p384, x5cOf("ES384", otherCurve.der, inter.der, root.der), notification()), malformed},
		{"jwk next to the chain", compact(t, leaf.key, strings.Replace(x5cOf("ES256", leaf.der, inter.der, root.der),
			`{`, `{"jwk":{"kty":"EC"},`, 1), notification()), malformed},
		{"x5u next to the chain", compact(t, leaf.key, strings.Replace(x5cOf("ES256", leaf.der, inter.der, root.der),
			`{`, `{"x5u":"https://evil.example",`, 1), notification()), malformed},
	} {
		// A guard of its own: a chain that was verified is kept.
		g := guardOf(t, appleOf(jws.AppleProduction, root), nil, nil, now)
		require.Equal(t, row.want, reasonOf(g, post("", "", wrapped(row.token))), row.name)
		require.Empty(t, reasonOf(g, post("", "", wrapped(good))), "a genuine one after %s", row.name)
		require.Equal(t, row.want, reasonOf(g, post("", "", wrapped(row.token))), "%s after a genuine one", row.name)
	}
	// The key of an intermediate that no root issued verifies nothing: somebody may have chosen it for its cost.
	g := guardOf(t, appleOf(jws.AppleProduction, root), nil, nil, now)
	_, reply := g.Receive(httptest.NewRecorder(), post("", "", wrapped(token(foreignLeaf.key, foreignLeaf.der,
		foreignInter.der, root.der))), adapter.Inbound{})
	require.Contains(t, reply.Rejection.Detail(), "did not issue its second certificate")
	require.Empty(t, reasonOf(guardOf(t, appleOf(jws.AppleProduction, foreignRoot, root), nil, nil, now),
		post("", "", wrapped(good))), "any root of the list")
}

// TestAKeptChainEndsWithItsDates: a chain that was verified is not trusted beyond the dates of any of its certificates.
func TestAKeptChainEndsWithItsDates(t *testing.T) {
	t.Parallel()
	leafOID, interOID := leafMark(), interMark()
	root := issue(t, "root", nil, true, nil, nil)
	inter := issue(t, "intermediate", root, true, &interOID, func(c *x509.Certificate) {
		c.NotAfter = time.Unix(now, 0).Add(time.Minute)
	})
	leaf := issue(t, "leaf", inter, false, &leafOID, nil)
	at := time.Unix(now, 0)
	g, err := core.New(core.Config{
		Endpoint: "jws", Provider: appleOf(jws.AppleProduction, root), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at },
	})
	require.NoError(t, err)
	body := wrapped(compact(t, leaf.key, x5cOf("ES256", leaf.der, inter.der, root.der), notification()))
	require.Empty(t, reasonOf(g, post("", "", body)))
	at = at.Add(time.Minute)
	require.Empty(t, reasonOf(g, post("", "", body)))
	at = at.Add(time.Second)
	require.Equal(t, bad, reasonOf(g, post("", "", body)), "the intermediate has expired")
}

// TestAppleNotificationsAreForOneApp: the signature of Apple is right, and the notification for somebody else.
func TestAppleNotificationsAreForOneApp(t *testing.T) {
	t.Parallel()
	root, inter, leaf := appleChain(t)
	header := x5cOf("ES256", leaf.der, inter.der, root.der)
	const other = reason.WrongRecipient
	for _, row := range []struct {
		name, environment, payload string
		want                       reason.Reason
	}{
		{"genuine", jws.AppleProduction, notification(), ""},
		{"of the sandbox", jws.AppleSandbox, notification("Production", "Sandbox"), ""},
		{"of the sandbox, with another number", jws.AppleSandbox, notification("Production", "Sandbox", "1234", "1"), ""},
		{"a summary", jws.AppleProduction, notification(`"data"`, `"summary"`), ""},
		{"an app transaction", jws.AppleProduction, notification(`"data"`, `"appData"`), ""},
		{"a purchase token", jws.AppleProduction, notification(`"data"`, `"externalPurchaseToken"`,
			`"environment":"Production"`, `"externalPurchaseId":"x"`), ""},
		{"a purchase token of the sandbox", jws.AppleSandbox, notification(`"data"`, `"externalPurchaseToken"`,
			`"environment":"Production"`, `"externalPurchaseId":"SANDBOX_x"`), ""},
		{"a purchase token of the sandbox, in production", jws.AppleProduction, notification(`"data"`,
			`"externalPurchaseToken"`, `"environment":"Production"`, `"externalPurchaseId":"SANDBOX_x"`), other},
		{"data that is null, and a summary", jws.AppleProduction, notification(`"data"`, `"data":null,"summary"`), ""},
		{"another app's data, and our summary", jws.AppleProduction, notification(`"data"`,
			`"data":{"bundleId":"com.other","appAppleId":1234,"environment":"Production"},"summary"`), other},
		{"another bundle", jws.AppleProduction, notification("com.example", "com.example.x"), other},
		{"the bundle in another case", jws.AppleProduction, notification("com.example", "com.Example"), other},
		{"another number", jws.AppleProduction, notification("1234", "12345"), other},
		{"a number in text", jws.AppleProduction, notification("1234", `"1234"`), other},
		{"no number", jws.AppleProduction, notification(`"appAppleId":1234,`, ""), other},
		{"no bundle", jws.AppleProduction, notification(`"bundleId":"com.example",`, ""), other},
		{"the bundle twice", jws.AppleProduction, notification(`"bundleId"`, `"bundleId":"com.other","bundleId"`), other},
		{"the bundle in two cases", jws.AppleProduction, notification(`"bundleId"`, `"BundleId":"com.other","bundleId"`),
			other},
		{"no environment", jws.AppleProduction, notification(`,"environment":"Production"`, ""), other},
		{"the sandbox in production", jws.AppleProduction, notification("Production", "Sandbox"), other},
		{"production in the sandbox", jws.AppleSandbox, notification(), other},
		{"Xcode", jws.AppleSandbox, notification("Production", "Xcode"), other},
		{"LocalTesting", jws.AppleSandbox, notification("Production", "LocalTesting"), other},
		{"for nobody", jws.AppleProduction, notification(`"data"`, `"other"`), other},
		{"not an object", jws.AppleProduction, `[]`, reason.MissingTimestamp},
		{"no date", jws.AppleProduction, notification(`"signedDate"`, `"x"`), reason.MissingTimestamp},
		{"the last retry", jws.AppleProduction, notification(fmt.Sprint(now), fmt.Sprint(now-157*3600)), ""},
		{"older", jws.AppleProduction, notification(fmt.Sprint(now), fmt.Sprint(now-157*3600-301)), reason.Stale},
		{"of the future", jws.AppleProduction, notification(fmt.Sprint(now), fmt.Sprint(now+301)), reason.Early},
	} {
		g := guardOf(t, appleOf(row.environment, root), nil, nil, now)
		body := wrapped(compact(t, leaf.key, header, row.payload))
		require.Equal(t, row.want, reasonOf(g, post("", "", body)), row.name)
	}
	g := guardOf(t, appleOf(jws.AppleProduction, root), nil, nil, now)
	token := compact(t, leaf.key, header, notification())
	genuine, why := receive(g, post("", "", wrapped(token)))
	require.Empty(t, why)
	// What stands next to the token is not signed, and changes nothing.
	for _, body := range []string{
		`{"signedPayload":"` + token + `","data":{"bundleId":"com.other"},"notificationUUID":"u2"}`,
		" { \"notificationType\": \"REFUND\", \"signedPayload\" : \"" + token + "\" } ",
	} {
		d, why := receive(g, post("", "", body))
		require.Empty(t, why)
		e, want := d.Events()[0], genuine.Events()[0]
		require.Equal(t, want.Identity, e.Identity)
		require.Equal(t, []any{want.ID, want.Type, string(want.Payload), want.Tenant},
			[]any{e.ID, e.Type, string(e.Payload), e.Tenant})
	}
	for _, body := range []string{"", "[]", `{}`, `{"signedPayload":1}`, `{"signedPayload":null}`,
		`{"signedPayload":"x","signedPayload":"` + token + `"}`, `{"SignedPayload":"x","signedPayload":"` + token + `"}`,
		`{"SignedPayload":"` + token + `"}`, `{"signedPayload":"` + token + `"`, token} {
		require.NotEmpty(t, reasonOf(g, post("", "", body)), "%.40s", body)
	}
}

// TestAppleConfigsThatWouldTrustTooMuch are refused when the guard is made.
func TestAppleConfigsThatWouldTrustTooMuch(t *testing.T) {
	t.Parallel()
	root, inter, leaf := appleChain(t)
	armoured := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.der})
	good := jws.AppleConfig{Roots: [][]byte{armoured}, BundleID: "com.example", Environment: jws.AppleProduction,
		AppAppleID: 1}
	_, err := core.New(core.Config{Endpoint: "x", Provider: jws.AppleAppStore(good), Replay: core.DangerouslyNoReplay,
		Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	source, err := keys.Static(map[string]crypto.PublicKey{"a": leaf.key.Public()})
	require.NoError(t, err)
	for name, row := range map[string]struct {
		change func(*jws.AppleConfig)
		source core.KeySource
		want   string
	}{
		"no root":               {func(c *jws.AppleConfig) { c.Roots = nil }, nil, "no root"},
		"an empty root":         {func(c *jws.AppleConfig) { c.Roots = [][]byte{{}} }, nil, "root 1"},
		"a leaf as the root":    {func(c *jws.AppleConfig) { c.Roots = [][]byte{armoured, leaf.der} }, nil, "root 2"},
		"an intermediate":       {func(c *jws.AppleConfig) { c.Roots = [][]byte{inter.der} }, nil, "did not sign itself"},
		"two roots in one text": {func(c *jws.AppleConfig) { c.Roots[0] = append(armoured, armoured...) }, nil, "one certificate"},
		"no bundle":             {func(c *jws.AppleConfig) { c.BundleID = "" }, nil, "BundleID"},
		"no number":             {func(c *jws.AppleConfig) { c.AppAppleID = 0 }, nil, "AppAppleID"},
		"Xcode":                 {func(c *jws.AppleConfig) { c.Environment = "Xcode" }, nil, "Environment"},
		"LocalTesting":          {func(c *jws.AppleConfig) { c.Environment = "LocalTesting" }, nil, "Environment"},
		"no environment":        {func(c *jws.AppleConfig) { c.Environment = "" }, nil, "Environment"},
		"a source as well":      {func(*jws.AppleConfig) {}, source, "Keys"},
	} {
		c := good
		c.Roots = [][]byte{armoured}
		row.change(&c)
		_, err := core.New(core.Config{Endpoint: "x", Provider: jws.AppleAppStore(c), Keys: row.source,
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, row.want, name)
	}
}
