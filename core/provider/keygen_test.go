package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/reason"
)

const keygenSigned = "(request-target) host date digest"

// keygenText is what Keygen signs, written down after its documentation.
func keygenText(target, host, date, body string) string {
	sum := sha256.Sum256([]byte(body))
	return "(request-target): post " + target + "\nhost: " + host + "\ndate: " + date + "\ndigest: sha-256=" +
		base64.StdEncoding.EncodeToString(sum[:])
}

// TestKeygensFourAlgorithms: each is the entry's, and no other key's signature counts.
func TestKeygensFourAlgorithms(t *testing.T) {
	t.Parallel()
	at := time.Unix(ownTime, 0).UTC()
	date := at.Format(http.TimeFormat)
	const body = `{"data":{"id":"e1"}}`
	text := keygenText("/hooks?a=1", "example.com", date, body)
	sum := sha256.Sum256([]byte(text))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	spki := func(public any) string {
		der, err := x509.MarshalPKIXPublicKey(public)
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString(der)
	}
	sign := func(signature []byte, err error) string {
		require.NoError(t, err)
		return base64.StdEncoding.EncodeToString(signature)
	}
	pss := func(salt int) string {
		return sign(rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt}))
	}
	signatures := map[provider.PublicKeyAlgorithm][2]string{ // the key and a signature
		provider.Ed25519:         {hex.EncodeToString(ed.Public().(ed25519.PublicKey)), sign(ed25519.Sign(ed, []byte(text)), nil)},
		provider.ECDSAP256SHA256: {spki(&ec.PublicKey), sign(ecdsa.SignASN1(rand.Reader, ec, sum[:]))},
		provider.RSASHA256:       {spki(&key.PublicKey), sign(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:]))},
		provider.RSAPSSSHA256:    {spki(&key.PublicKey), pss(rsa.PSSSaltLengthAuto)},
	}
	for algorithm, own := range signatures {
		g := guardOf(t, provider.KeygenWith(algorithm), own[0], at)
		for named, other := range signatures {
			r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks?a=1", strings.NewReader(body))
			r.Header.Set("Date", date)
			r.Header.Set("Keygen-Signature", `keyid="k", algorithm="`+string(algorithm)+`", signature="`+other[1]+
				`", headers="`+keygenSigned+`"`)
			require.Equal(t, named == algorithm, accepts(g, r), "%s verified as %s", named, algorithm)
		}
	}
	_, err = core.New(core.Config{Endpoint: "x", Provider: provider.KeygenWith("none"), Replay: core.DangerouslyNoReplay})
	require.ErrorContains(t, err, "KeygenWith")
}

// TestWhatKeygenSignsIsFixed: the list of what is signed is compared and never obeyed.
func TestWhatKeygenSignsIsFixed(t *testing.T) {
	t.Parallel()
	at := time.Unix(ownTime, 0).UTC()
	date, later := at.Format(http.TimeFormat), at.Add(time.Hour).Format(http.TimeFormat)
	const body = `{"data":{"id":"e1"}}`
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	g := guardOf(t, provider.Keygen(), hex.EncodeToString(key.Public().(ed25519.PublicKey)), at)
	of := func(text string) string { return base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text))) }
	right := of(keygenText("/hooks", "example.com", date, body))
	header := func(signature, signed string) string {
		return `keyid="k", algorithm="ed25519", signature="` + signature + `", headers="` + signed + `"`
	}
	for _, row := range []struct {
		name, value string
		headers     []string
		want        reason.Reason
	}{
		{"genuine", header(right, keygenSigned), []string{"Date", date}, ""},
		{"Keygen's own header", header(right, keygenSigned), []string{"Keygen-Date", date}, ""},
		{"Keygen's own header, and one that a proxy wrote", header(right, keygenSigned),
			[]string{"Keygen-Date", date, "Date", later}, ""},
		{"a wrong digest next to it is not read", header(right, keygenSigned), []string{"Date", date, "Digest", "sha-256=x"}, ""},
		{"the parameters in another order", `headers="` + keygenSigned + `",signature="` + right + `"`,
			[]string{"Date", date}, ""},
		{"a list without the digest", header(of("(request-target): post /hooks\nhost: example.com\ndate: "+date),
			"(request-target) host date"), []string{"Date", date}, reason.MalformedSignature},
		{"a list with the date alone", header(of("date: "+date), "date"), []string{"Date", date}, reason.MalformedSignature},
		{"the list in another order", header(right, "host (request-target) date digest"), []string{"Date", date},
			reason.MalformedSignature},
		{"an empty list", header(right, ""), []string{"Date", date}, reason.MalformedSignature},
		{"no list", `signature="` + right + `"`, []string{"Date", date}, reason.MalformedSignature},
		{"two lists", header(right, keygenSigned) + `, headers="date"`, []string{"Date", date}, reason.MalformedSignature},
		{"two lists, one in upper case", header(right, keygenSigned) + `, HEADERS="date"`, []string{"Date", date},
			reason.MalformedSignature},
		{"two signatures", header(right, keygenSigned) + `, signature="` + right + `"`, []string{"Date", date},
			reason.MalformedSignature},
		{"no quotation marks", `signature=` + right + `, headers="` + keygenSigned + `"`, []string{"Date", date},
			reason.MalformedSignature},
		{"a backslash", `keyid="\"", ` + header(right, keygenSigned)[len(`keyid="k", `):], []string{"Date", date},
			reason.MalformedSignature},
		{"a quotation mark as a name", `"="", ` + header(right, keygenSigned), []string{"Date", date},
			reason.MalformedSignature},
		{"a blank behind a name", header(right, keygenSigned) + `, a ="b"`, []string{"Date", date},
			reason.MalformedSignature},
		{"no name", header(right, keygenSigned) + `, ="b"`, []string{"Date", date}, reason.MalformedSignature},
		{"many parameters", header(right, keygenSigned) + strings.Repeat(`, a="b"`, 20), []string{"Date", date},
			reason.MalformedSignature},
		{"another date", header(right, keygenSigned), []string{"Date", at.Add(time.Second).Format(http.TimeFormat)},
			reason.BadSignature},
		{"an old date", header(of(keygenText("/hooks", "example.com", later, body)), keygenSigned), []string{"Date", later},
			reason.Early},
		{"no date", header(right, keygenSigned), nil, reason.MissingTimestamp},
		{"a date of another form", header(of(keygenText("/hooks", "example.com", at.Format(time.RFC3339), body)),
			keygenSigned), []string{"Date", at.Format(time.RFC3339)}, reason.MalformedTimestamp},
		{"a date in a zone", header(right, keygenSigned), []string{"Date", strings.Replace(date, "GMT", "UTC", 1)},
			reason.MalformedTimestamp},
		{"a wrong weekday", header(of(keygenText("/hooks", "example.com", "Mon"+date[3:], body)), keygenSigned),
			[]string{"Date", "Mon" + date[3:]}, reason.MalformedTimestamp},
		{"another host", header(of(keygenText("/hooks", "other.example", date, body)), keygenSigned), []string{"Date", date},
			reason.BadSignature},
		{"another body", header(of(keygenText("/hooks", "example.com", date, "{}")), keygenSigned), []string{"Date", date},
			reason.BadSignature},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(body))
		for i := 0; i < len(row.headers); i += 2 {
			r.Header.Set(row.headers[i], row.headers[i+1])
		}
		r.Header.Set("Keygen-Signature", row.value)
		require.Equal(t, row.want, reasonOf(g, r), row.name)
	}
}
