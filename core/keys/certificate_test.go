package keys_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

func certificates(t testing.TB, pin keys.Pin, o keys.Options) *keys.Remote {
	t.Helper()
	r, err := keys.Certificates(pin, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestACertificateCountsWhenEverythingAboutItIsRight(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	ca, unknown := newAuthority(t, now), newAuthority(t, now)
	key := newKey(t)
	leaf := func(change func(*x509.Certificate)) string { return certPEM(ca.issue(&key.PublicKey, change)) }
	good := leaf(nil)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	headers := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: ca.issue(&key.PublicKey, nil).Raw}))
	for name, row := range map[string]struct {
		body string
		ok   bool
	}{
		"right":                          {good, true},
		"right, with CRLF":               {strings.ReplaceAll(good, "\n", "\r\n"), true},
		"right, with the root behind it": {good + certPEM(ca.cert), true},
		"right, by its second name": {leaf(func(c *x509.Certificate) {
			c.DNSNames = []string{"example.com", "sns-signing.eu-west-1.amazonaws.com"}
		}), true},
		"without extended usages at all": {leaf(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), true},
		"expired": {leaf(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }),
			false},
		"not yet valid": {leaf(func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }),
			false},
		"self-signed":                   {certPEM(unknown.cert), false},
		"of another authority":          {certPEM(unknown.issue(&key.PublicKey, nil)), false},
		"of another authority, with it": {certPEM(unknown.issue(&key.PublicKey, nil), unknown.cert), false},
		"for another name":              {leaf(func(c *x509.Certificate) { c.DNSNames = []string{"sqs.amazonaws.com"} }), false},
		"for another region":            {leaf(func(c *x509.Certificate) { c.DNSNames = []string{"sns-signing.us-west-1.amazonaws.com"} }), false},
		"for a wildcard": {leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.amazonaws.com"} }),
			false},
		"for the host that serves it": {leaf(func(c *x509.Certificate) { c.DNSNames = []string{"sns.eu-west-1.amazonaws.com"} }), false},
		"for the name in upper case": {leaf(func(c *x509.Certificate) { c.DNSNames = []string{"SNS.amazonaws.com"} }),
			false},
		"with the name in the CN only": {leaf(func(c *x509.Certificate) { c.DNSNames = nil }), false},
		"for e-mail":                   {leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), false},
		"for key agreement": {leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }),
			false},
		"of an authority itself": {leaf(func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		}), false},
		"with a weak key":          {certPEM(ca.issue(&weak.PublicKey, nil)), false},
		"the root before the leaf": {certPEM(ca.cert) + good, false},
		"with text before it":      {"subject=CN\n" + good, false},
		"with text behind it":      {good + "x", false},
		"with text between":        {good + "x\n" + certPEM(ca.cert), false},
		"with headers":             {headers, false},
		"a broken block before it": {"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n" + good,
			false},
		"a public key":              {publicPEM(t, &key.PublicKey), false},
		"a public key before it":    {publicPEM(t, &key.PublicKey) + good, false},
		"named TRUSTED CERTIFICATE": {strings.ReplaceAll(good, " CERTIFICATE", " TRUSTED CERTIFICATE"), false},
		"cut off":                   {good[:len(good)/2], false},
		"with bytes behind its structure": {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE",
			Bytes: append(ca.issue(&key.PublicKey, nil).Raw, 0)})), false},
		"empty":        {"", false},
		"HTML":         {"<html>" + good + "</html>", false},
		"nine of them": {strings.Repeat(good, 9), false},
	} {
		h := serving(row.body)
		r := certificates(t, snsPin(t, "eu-west-1"), keys.Options{RoundTripper: h, Roots: ca.pool(), Now: clock})
		for range 3 {
			got, err := ask(t, r, snsURL(1))
			if row.ok {
				require.NoError(t, err, name)
				require.Equal(t, &key.PublicKey, got)
				continue
			}
			require.ErrorIs(t, err, keys.ErrInvalidKey, name)
			require.NotErrorIs(t, err, keys.ErrUnavailable, name)
			require.Nil(t, got)
		}
		require.Equal(t, 1, h.count(), name)
	}
}

func TestRootsOfThePinStandForTheOthers(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, unknown := newAuthority(t, now), newAuthority(t, now)
	key := newKey(t)
	h := serving(certPEM(ca.issue(&key.PublicKey, nil)))
	pin := snsPin(t, "eu-west-1")
	_, err := ask(t, certificates(t, pin, keys.Options{RoundTripper: h}), snsURL(1))
	require.ErrorIs(t, err, keys.ErrInvalidKey, "the system does not know it")
	pin.Roots = ca.pool()
	requireKey(t, certificates(t, pin, keys.Options{RoundTripper: h, Roots: unknown.pool()}), snsURL(1),
		&key.PublicKey)
	pin.Roots = unknown.pool()
	_, err = ask(t, certificates(t, pin, keys.Options{RoundTripper: h, Roots: ca.pool()}), snsURL(1))
	require.ErrorIs(t, err, keys.ErrInvalidKey)
}

func TestOtherUsagesAreAMatterOfThePin(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, time.Now())
	key := newKey(t)
	h := serving(certPEM(ca.issue(&key.PublicKey, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	})))
	pin := snsPin(t, "eu-west-1")
	pin.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	requireKey(t, certificates(t, pin, keys.Options{RoundTripper: h, Roots: ca.pool()}), snsURL(1), &key.PublicKey)
}

func TestAnIntermediateMayComeFromAnywhereAndIsTrustedForNothing(t *testing.T) {
	t.Parallel()
	now := time.Now()
	root := newAuthority(t, now)
	middle := newAuthority(t, now)
	middle.cert = root.issue(&middle.key.PublicKey, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.DNSNames, c.Subject.CommonName = true, x509.KeyUsageCertSign, nil, "Middle"
	})
	key := newKey(t)
	leaf := middle.issue(&key.PublicKey, nil)
	o := func(h *host) keys.Options { return keys.Options{RoundTripper: h, Roots: root.pool()} }

	_, err := ask(t, certificates(t, snsPin(t, "eu-west-1"), o(serving(certPEM(leaf)))), snsURL(1))
	require.ErrorIs(t, err, keys.ErrInvalidKey, "there is no way to the root")
	requireKey(t, certificates(t, snsPin(t, "eu-west-1"), o(serving(certPEM(leaf, middle.cert)))), snsURL(1),
		&key.PublicKey)
	pin := snsPin(t, "eu-west-1")
	pin.Intermediates.AddCert(middle.cert)
	requireKey(t, certificates(t, pin, o(serving(certPEM(leaf)))), snsURL(1), &key.PublicKey)
	byPeer := &host{answer: func(r *http.Request) (*http.Response, error) {
		resp, err := always(200, certPEM(leaf))(r)
		resp.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf, middle.cert}}
		return resp, err
	}}
	requireKey(t, certificates(t, snsPin(t, "eu-west-1"), o(byPeer)), snsURL(1), &key.PublicKey)
	other := newAuthority(t, now)
	_, err = ask(t, certificates(t, pin, keys.Options{RoundTripper: serving(certPEM(leaf)), Roots: other.pool()}),
		snsURL(1))
	require.ErrorIs(t, err, keys.ErrInvalidKey)
}

func TestAKeptCertificateEndsWithItsDates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, time.Now())
		key := newKey(t)
		body := certPEM(ca.issue(&key.PublicKey,
			func(c *x509.Certificate) { c.NotAfter = time.Now().Add(10 * time.Minute) }))
		h := serving(body)
		r := certificates(t, snsPin(t, "eu-west-1"), keys.Options{RoundTripper: h, Roots: ca.pool()})
		requireKey(t, r, snsURL(1), &key.PublicKey)
		time.Sleep(10 * time.Minute)
		requireKey(t, r, snsURL(1), &key.PublicKey)
		require.Equal(t, 1, h.count())
		time.Sleep(time.Second)
		for range 3 {
			_, err := ask(t, r, snsURL(1))
			require.ErrorIs(t, err, keys.ErrInvalidKey)
		}
		require.Equal(t, 2, h.count(), "it might have been replaced")
		h.set(down)
		time.Sleep(time.Minute)
		_, err := ask(t, r, snsURL(1))
		require.ErrorIs(t, err, keys.ErrUnavailable, "perhaps it was replaced")
		h.set(always(200, certPEM(ca.issue(&key.PublicKey, nil))))
		time.Sleep(time.Minute)
		requireKey(t, r, snsURL(1), &key.PublicKey)
	})
}

func TestACertificateThatEndsRightAfterItsFetchIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, time.Now())
		key := newKey(t)
		h := serving(certPEM(ca.issue(&key.PublicKey,
			func(c *x509.Certificate) { c.NotAfter = time.Now().Add(10 * time.Second) })))
		r := certificates(t, snsPin(t, "eu-west-1"), keys.Options{RoundTripper: h, Roots: ca.pool()})
		requireKey(t, r, snsURL(1), &key.PublicKey)
		time.Sleep(11 * time.Second)
		_, err := ask(t, r, snsURL(1))
		require.ErrorIs(t, err, keys.ErrInvalidKey, "although it is too early to fetch it again")
		require.Equal(t, 1, h.count())
	})
}

func TestAKeptCertificateEndsWithItsAuthority(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, time.Now())
		short := newAuthority(t, time.Now())
		short.cert = ca.issue(&short.key.PublicKey, func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage, c.DNSNames, c.Subject.CommonName = true, x509.KeyUsageCertSign, nil, "Short"
			c.NotAfter = time.Now().Add(10 * time.Minute)
		})
		key := newKey(t)
		r := certificates(t, snsPin(t, "eu-west-1"),
			keys.Options{RoundTripper: serving(certPEM(short.issue(&key.PublicKey, nil), short.cert)),
				Roots: ca.pool()})
		requireKey(t, r, snsURL(1), &key.PublicKey)
		time.Sleep(10*time.Minute + time.Second)
		_, err := ask(t, r, snsURL(1))
		require.ErrorIs(t, err, keys.ErrInvalidKey)
	})
}

// TestTheRealChainOfSNS holds the embedded intermediates to a certificate that SNS signs with, published with the tests
// of aws-sdk-java-v2, which is alone in its file, and to Amazon's root.
func TestTheRealChainOfSNS(t *testing.T) {
	t.Parallel()
	root, err := os.ReadFile("testdata/amazon-root-ca-1.pem")
	require.NoError(t, err)
	leaf, err := os.ReadFile("testdata/sns-us-east-1.pem")
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(root))
	const url = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
	at := func(year int, month time.Month) keys.Options {
		now := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		return keys.Options{RoundTripper: serving(string(leaf)), Roots: roots, Now: func() time.Time { return now }}
	}
	got, err := ask(t, certificates(t, snsPin(t, "us-east-1"), at(2026, 3)), url)
	require.NoError(t, err)
	require.IsType(t, &rsa.PublicKey{}, got)
	_, err = ask(t, certificates(t, snsPin(t, "us-east-1"), at(2026, 11)), url)
	require.ErrorIs(t, err, keys.ErrInvalidKey, "it ended in October 2026")

	rest, count := []byte(keys.AmazonIntermediates()), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		_, err = c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
		require.NoError(t, err)
		count++
	}
	require.Equal(t, 4, count)
}

func TestPEMKeys(t *testing.T) {
	t.Parallel()
	ed, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	good := publicPEM(t, ed)
	pin := keys.Pin{Hosts: []keys.Host{{Name: "keys.example.com"}}, Path: keys.Path{Prefix: "/webhook.pem"}}
	open := func(body string) *keys.Remote {
		r, err := keys.PEM(pin, keys.Options{RoundTripper: serving(body)})
		require.NoError(t, err)
		return r
	}
	requireKey(t, open(good), "https://keys.example.com/webhook.pem", ed)
	requireKey(t, open("\n"+good+"\n"), "", ed)
	x25519 := strings.Replace(good, "MCowBQYDK2Vw", "MCowBQYDK2Vu", 1)
	for name, body := range map[string]string{
		"empty": "", "two keys": good + good, "text before": "x\n" + good, "text behind": good + "x",
		"a private key":   string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"of another name": strings.ReplaceAll(good, "PUBLIC KEY", "RSA PUBLIC KEY"), "X25519": x25519,
		"cut off": good[:40],
	} {
		_, err := ask(t, open(body), "")
		require.ErrorIs(t, err, keys.ErrInvalidKey, name)
		_, err = keys.ParsePEM([]byte(body))
		require.Error(t, err, name)
	}
	got, err := keys.ParsePEM([]byte(good))
	require.NoError(t, err)
	require.Equal(t, ed, got)
	key := newKey(t)
	got, err = keys.ParsePEM([]byte(certPEM(newAuthority(t, time.Now()).issue(&key.PublicKey, nil))))
	require.NoError(t, err)
	require.Equal(t, &key.PublicKey, got)
}
