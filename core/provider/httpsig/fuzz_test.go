package httpsig_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzSignature: what the guard accepts, a second reader of the RFC accepts as well, over the same bytes. Where
// signature is empty the request is signed as that reader reads it, so that what is accepted is not the seeds alone;
// where digest is empty it is the body's.
func FuzzSignature(f *testing.F) {
	const (
		list = `sig1=("@method" "@authority" "@path" "content-digest")`
		at   = `;created=1772366400`
		long = `sig1=("@method" "@authority" "@path" "content-digest" "@query" "@scheme" "@request-target" "@target-uri" "@query-param";name="b" "x-seen")`
	)
	rest := []string{"POST", "a=1&b=x%20y", "seen", body}
	add := func(input, signature, digest string, more ...string) {
		if more == nil {
			more = rest
		}
		f.Add(input, signature, digest, more[0], more[1], more[2], more[3])
	}
	s256, s512 := digests(body)
	for _, params := range []string{
		at, at + `;keyid="k";alg="hmac-sha256";nonce="n";tag="t";expires=1772366401`, at + `;nonce="a\"b\\c"`,
		`;created=1;created=1772366400`,
		`; created=1772366400`, at + ";x", at + `;alg="ed25519"`, `;created=1772366400.0`, `;created=01772366400`,
		`;created="1772366400"`, "",
	} {
		add(list+params, "", "")
		add(long+params, "", "")
	}
	// Signed rightly, and refused for something else.
	other256, other512 := digests("other")
	for _, digest := range []string{other256, s256 + "," + other512, other256 + "," + s256, "md5=:AAAA:"} {
		add(list+at, "", digest)
	}
	for _, params := range []string{";created=1772360000", ";created=1772369999", at + ";expires=1772366399", at +
		";expires=1772366400"} {
		add(list+params, "", "")
	}
	for _, name := range []string{`"@method" `, `"@authority" `, `"@path" `, ` "content-digest"`} {
		add(strings.Replace(list, name, "", 1)+at, "", "")
	}
	add(list+at+", sig2=()", "", "")
	for _, cut := range []string{"sig1=@", "sig1=(@", "sig1=();created=@", `sig1=%"%`, `sig1=("`, "sig1=:", "sig1=-"} {
		add(cut, cut, cut)
	}
	add("sig2=()"+at+", "+list+at, "", "")
	add(strings.ReplaceAll(list, " ", "  ")+" "+at, "", s256+", "+s512)
	add(list+at, "sig1=:AAAA:", "sha-256=:AAAA:, "+s256)
	add(strings.Replace(list, `"@path"`, `"@path" "@path"`, 1)+at, "", "md5=:AAAA:,"+s256+";x=1")
	add(strings.Replace(list, `"@path"`, `"@path";req`, 1)+at, "", s512)
	add(list+at, "", "", "PUT", "b=1&b=2", "a\tb, c", "")
	add(long+at, "", "", "POST", "%62=%zz;&c", " two ", "x")
	g := guardAt(f, config(), time.Unix(now, 0), nil, secret)
	f.Fuzz(func(t *testing.T, input, signature, digest, method, query, seen, text string) {
		m := &message{method: method, scheme: "https", host: "example.com", path: "/hooks", query: query, body: text,
			header: http.Header{}}
		if strings.Trim(query, lower+upper+digit+"-._~!$&'()*+,;=:@/?%") != "" || method != http.MethodPost &&
			method != http.MethodPut {
			return // net/http has no such request
		}
		if digest == "" {
			digest, _ = digests(text)
		}
		m.header["X-Seen"], m.header["Content-Digest"], m.header["Signature-Input"] = []string{seen}, []string{digest},
			[]string{input}
		if signature == "" {
			signature = m.signed(input)
		}
		m.header["Signature"] = []string{signature}
		r := httptest.NewRequest(method, "https://example.com/hooks", strings.NewReader(text))
		r.URL.RawQuery = query
		r.RequestURI = r.URL.RequestURI()
		r.Header = m.header.Clone()
		if reasonOf(g, r) != "" {
			return
		}
		require.NoError(t, m.verify(secret, now, "@method", "@authority", "@path", "content-digest"))
	})
}

// signed is the header Signature that fits an input.
func (m *message) signed(input string) string {
	names, members, err := (&scanner{input}).dictionary()
	if err != nil {
		return ""
	}
	var all []string
	for _, name := range names {
		if list := members[name]; list.kind == '(' {
			if base, _, err := m.base(&list); err == nil {
				all = append(all, name+"="+hmacOf(base))
			}
		}
	}
	return strings.Join(all, ", ")
}

// TestTheSecondReaderAgrees: what it signs the guard accepts, so that [FuzzSignature] checks more than refusals; and it
// refuses what it should.
func TestTheSecondReaderAgrees(t *testing.T) {
	t.Parallel()
	g := guardAt(t, config(), time.Unix(now, 0), nil, secret)
	s256, _ := digests(body)
	for _, input := range []string{
		`sig1=("@method" "@authority" "@path" "content-digest");created=1772366400`,
		`a=("@authority"  "content-digest" "@method" "@path" "@query" "@query-param";name="b" "x-seen"); created=1772366399;nonce="a\"b"`,
	} {
		m := &message{method: "POST", scheme: "https", host: "example.com", path: "/hooks", query: "a=1&b=x%20y",
			body: body, header: http.Header{
				"Content-Digest": {s256}, "Signature-Input": {input}, "X-Seen": {" one", "two "},
			}}
		m.header["Signature"] = []string{m.signed(input)}
		r := httptest.NewRequest("POST", hook, strings.NewReader(body))
		r.Header = m.header.Clone()
		require.Empty(t, reasonOf(g, r), input)
		verify := func() error { return m.verify(secret, now, "@method", "@authority", "@path", "content-digest") }
		require.NoError(t, verify(), input)
		require.Error(t, m.verify(secret, now+301), "too late")
		require.Error(t, m.verify(secret+"x", now), "another key")
		require.Error(t, m.verify(secret, now, "date"), "not covered")
		m.body += " "
		require.Error(t, verify(), "another body")
	}
}
