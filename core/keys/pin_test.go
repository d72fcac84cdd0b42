package keys_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/keys"
)

const hex32 = "0123456789abcdef0123456789abcdef"

// hostileURLs are references that must never cause a request by a source pinned to SNS in eu-west-1 and cn-north-1.
func hostileURLs() map[string]string {
	const file = "/SimpleNotificationService-" + hex32 + ".pem"
	const good = "sns.eu-west-1.amazonaws.com"
	return map[string]string{
		"empty":                         "",
		"a kid":                         "key-1",
		"only the scheme":               "https://",
		"only the scheme and a slash":   "https:///",
		"no path":                       "https://" + good,
		"the root":                      "https://" + good + "/",
		"http":                          "http://" + good + file,
		"upper-case scheme":             "HTTPS://" + good + file,
		"mixed-case scheme":             "Https://" + good + file,
		"no scheme":                     "//" + good + file,
		"file":                          "file:///etc/passwd",
		"ftp":                           "ftp://" + good + file,
		"gopher":                        "gopher://" + good + file,
		"data":                          "data:text/plain,x",
		"scheme with one slash":         "https:/" + good + file,
		"scheme with three slashes":     "https:///" + good + file,
		"scheme with backslashes":       `https:\\` + good + file,
		"leading space":                 " https://" + good + file,
		"leading tab":                   "\thttps://" + good + file,
		"leading newline":               "\nhttps://" + good + file,
		"trailing space":                "https://" + good + file + " ",
		"trailing newline":              "https://" + good + file + "\n",
		"trailing NUL":                  "https://" + good + file + "\x00",
		"newline in the host":           "https://sns.eu-west-1\n.amazonaws.com" + file,
		"CRLF and a header":             "https://" + good + file + "\r\nHost: evil.example",
		"a bucket called sns":           "https://sns.s3-us-west-2.amazonaws.com" + file,
		"a bucket called sns, dotted":   "https://sns.s3.eu-west-1.amazonaws.com" + file,
		"a path-style bucket":           "https://s3.amazonaws.com/sns" + file,
		"a region that is not listed":   "https://sns.us-east-1.amazonaws.com" + file,
		"China with the other suffix":   "https://sns.cn-north-1.amazonaws.com" + file,
		"elsewhere with China's suffix": "https://sns.eu-west-1.amazonaws.com.cn" + file,
		"host as a prefix":              "https://" + good + ".evil.example" + file,
		"host as a suffix":              "https://evil.example." + good + file,
		"host as a suffix, undotted":    "https://evil" + good + file,
		"another service":               "https://s3.eu-west-1.amazonaws.com" + file,
		"a subdomain":                   "https://x." + good + file,
		"the bare domain":               "https://amazonaws.com" + file,
		"trailing dot":                  "https://" + good + "." + file,
		"upper-case host":               "https://SNS.eu-west-1.amazonaws.com" + file,
		"full-width dot":                "https://sns。eu-west-1.amazonaws.com" + file,
		"Cyrillic letter":               "https://snѕ.eu-west-1.amazonaws.com" + file,
		"soft hyphen":                   "https://sns\u00ad.eu-west-1.amazonaws.com" + file,
		"percent-encoded host":          "https://%73ns.eu-west-1.amazonaws.com" + file,
		"port 443":                      "https://" + good + ":443" + file,
		"port 8443":                     "https://" + good + ":8443" + file,
		"empty port":                    "https://" + good + ":" + file,
		"user":                          "https://user@" + good + file,
		"user and password":             "https://user:pw@" + good + file,
		"host as a user":                "https://" + good + "@evil.example" + file,
		"host as a user and password":   "https://" + good + ":443@evil.example" + file,
		"empty user":                    "https://@" + good + file,
		"host behind a hash":            "https://evil.example#" + good + file,
		"host behind a question mark":   "https://evil.example?" + good + file,
		"host behind a backslash":       `https://evil.example\` + good + file,
		"backslash before an at":        `https://` + good + `\@evil.example` + file,
		"host behind a slash":           "https://evil.example/" + good + file,
		"host behind a semicolon":       "https://evil.example;" + good + file,
		"query":                         "https://" + good + file + "?x=1",
		"empty query":                   "https://" + good + file + "?",
		"path in the query":             "https://" + good + "/?x=" + file,
		"name in the query":             "https://" + good + "/?Action=Subscribe&x=.pem",
		"fragment":                      "https://" + good + file + "#x",
		"empty fragment":                "https://" + good + file + "#",
		"suffix in the fragment":        "https://" + good + "/x#.pem",
		"parameter":                     "https://" + good + file + ";x=.pem",
		"dot segments up":               "https://" + good + "/../" + file,
		"dot segments behind":           "https://" + good + file + "/../x.pem",
		"single dot segment":            "https://" + good + "/." + file,
		"encoded dot segments":          "https://" + good + "/%2e%2e" + file,
		"encoded slash":                 "https://" + good + "/%2f" + file,
		"encoded letter":                "https://" + good + "/%53impleNotificationService-" + hex32 + ".pem",
		"double slash":                  "https://" + good + "/" + file,
		"backslash for the slash":       "https://" + good + `\SimpleNotificationService-` + hex32 + ".pem",
		"deeper":                        "https://" + good + "/x" + file,
		"beneath":                       "https://" + good + file + "/x",
		"another name":                  "https://" + good + "/Other-" + hex32 + ".pem",
		"lower-case name":               "https://" + good + strings.ToLower(file),
		"no digits":                     "https://" + good + "/SimpleNotificationService-.pem",
		"31 digits":                     "https://" + good + "/SimpleNotificationService-" + hex32[1:] + ".pem",
		"33 digits":                     "https://" + good + "/SimpleNotificationService-" + hex32 + "0.pem",
		"upper-case digits": "https://" + good + "/SimpleNotificationService-" + strings.ToUpper(hex32) +
			".pem",
		"no hex": "https://" + good + "/SimpleNotificationService-" + hex32[1:] + "g.pem",
		"slash in the digits": "https://" + good + "/SimpleNotificationService-" + hex32[:15] + "/" + hex32[16:] +
			".pem",
		"dots in the digits": "https://" + good + "/SimpleNotificationService-" + hex32[:29] + "/..pem",
		"another suffix":     "https://" + good + "/SimpleNotificationService-" + hex32 + ".pem.txt",
		"no suffix":          "https://" + good + "/SimpleNotificationService-" + hex32,
		"full-width digit":   "https://" + good + "/SimpleNotificationService-" + hex32[3:] + "１.pem",
		"loopback":           "https://127.0.0.1" + file,
		"loopback, short":    "https://127.1" + file,
		"loopback, a number": "https://2130706433" + file,
		"loopback, hex":      "https://0x7f000001" + file,
		"loopback, octal":    "https://0177.0.0.1" + file,
		"IPv6 loopback":      "https://[::1]" + file,
		"IPv4 in IPv6":       "https://[::ffff:127.0.0.1]" + file,
		"metadata service":   "https://169.254.169.254/latest/meta-data/",
		"localhost":          "https://localhost" + file,
		"too long":           "https://" + good + "/SimpleNotificationService-" + strings.Repeat("0", 1000) + ".pem",
	}
}

func TestHostileURLsCauseNoRequest(t *testing.T) {
	t.Parallel()
	h := serving("")
	r, err := keys.Certificates(snsPin(t, "eu-west-1", "cn-north-1"), keys.Options{RoundTripper: h})
	require.NoError(t, err)
	p, err := keys.PEM(snsPin(t, "eu-west-1", "cn-north-1"), keys.Options{RoundTripper: h})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(hostileURLs()), 60)
	for name, url := range hostileURLs() {
		for _, source := range []keys.Source{r, p} {
			_, err := ask(t, source, url)
			require.ErrorIs(t, err, keys.ErrNotAllowed, name)
			require.NotErrorIs(t, err, keys.ErrUnavailable, name)
			require.Less(t, len(err.Error()), 600, name)
			require.NotContains(t, err.Error(), "\n", name)
		}
	}
	require.Zero(t, h.count(), "%q", h.urls)
}

func TestURLsOfTheGrammarAreFetchedAsTheyStand(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-" + hex32 + ".pem",
		"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-" + hex32 + ".pem",
		"https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-" + hex32 + ".pem",
	} {
		h := serving("nonsense")
		r, err := keys.Certificates(snsPin(t, "eu-west-1", "cn-north-1", "us-gov-west-1"),
			keys.Options{RoundTripper: h})
		require.NoError(t, err)
		_, err = ask(t, r, url)
		require.ErrorIs(t, err, keys.ErrInvalidKey)
		require.Equal(t, []string{url}, h.urls)
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"us-east-1", "ap-southeast-7", "us-gov-east-1", "cn-northwest-1", "mx-central-1"} {
		require.True(t, keys.IsRegion(region), region)
	}
	for _, region := range []string{
		"", "us", "us-1", "us-east", "us-east-", "us-east-10", "us-east-1 ", "US-EAST-1", "usa-east-1", "u-east-1",
		"s3-us-west-2",
		"us--1", "us-east--1", "-us-east-1", "us-east-1.evil", "us-ea5t-1", "us_east_1", "eusc-de-east-1", "us-east-x",
		"us-a-b-c-d-1", "us-" + strings.Repeat("a", 60) + "-1", "us-east-１",
	} {
		require.False(t, keys.IsRegion(region), region)
		_, err := keys.SNS("eu-west-1", region)
		require.Error(t, err, region)
	}
	_, err := keys.SNS()
	require.Error(t, err)
	_, err = keys.SNS("us-iso-east-1")
	require.Error(t, err, "its hosts are of another domain")
}

func TestPinsAreValidated(t *testing.T) {
	t.Parallel()
	good := func() keys.Pin {
		return keys.Pin{Hosts: []keys.Host{{Name: "a.example.com"}},
			Path: keys.Path{Prefix: "/certs/", Alphabet: keys.AlphabetWord, MinName: 1, MaxName: 64}}
	}
	_, err := keys.Certificates(good(), keys.Options{})
	require.NoError(t, err)
	for name, change := range map[string]func(*keys.Pin){
		"no host":                          func(p *keys.Pin) { p.Hosts = nil },
		"an empty host":                    func(p *keys.Pin) { p.Hosts[0].Name = "" },
		"a wildcard":                       func(p *keys.Pin) { p.Hosts[0].Name = "*.example.com" },
		"a single label":                   func(p *keys.Pin) { p.Hosts[0].Name = "localhost" },
		"an address":                       func(p *keys.Pin) { p.Hosts[0].Name = "10.0.0.1" },
		"half an address":                  func(p *keys.Pin) { p.Hosts[0].Name = "10.1" },
		"an IPv6 address":                  func(p *keys.Pin) { p.Hosts[0].Name = "::1" },
		"a port":                           func(p *keys.Pin) { p.Hosts[0].Name = "a.example.com:443" },
		"upper case":                       func(p *keys.Pin) { p.Hosts[0].Name = "A.example.com" },
		"a trailing dot":                   func(p *keys.Pin) { p.Hosts[0].Name = "a.example.com." },
		"a leading hyphen":                 func(p *keys.Pin) { p.Hosts[0].Name = "-a.example.com" },
		"a wildcard for the certificate":   func(p *keys.Pin) { p.Hosts[0].CertificateNames = []string{"*.example.com"} },
		"no prefix":                        func(p *keys.Pin) { p.Path.Prefix = "" },
		"a prefix without slash":           func(p *keys.Pin) { p.Path.Prefix = "certs/" },
		"a dot segment":                    func(p *keys.Pin) { p.Path.Prefix = "/a/../b/" },
		"an empty segment":                 func(p *keys.Pin) { p.Path.Prefix = "/a//b/" },
		"a query":                          func(p *keys.Pin) { p.Path.Prefix = "/a?b=" },
		"an escape":                        func(p *keys.Pin) { p.Path.Prefix = "/%61/" },
		"a dot in the alphabet":            func(p *keys.Pin) { p.Path.Alphabet = "abc." },
		"a slash in the alphabet":          func(p *keys.Pin) { p.Path.Alphabet = "abc/" },
		"a percent sign in the alphabet":   func(p *keys.Pin) { p.Path.Alphabet = "abc%" },
		"no alphabet":                      func(p *keys.Pin) { p.Path.Alphabet = "" },
		"no length":                        func(p *keys.Pin) { p.Path.MinName, p.Path.MaxName = 0, 0 },
		"a negative length":                func(p *keys.Pin) { p.Path.MinName = -1 },
		"lengths the wrong way round":      func(p *keys.Pin) { p.Path.MinName = 65 },
		"a name that may be empty and dot": func(p *keys.Pin) { p.Path.Prefix, p.Path.MinName = "/certs/.", 0 },
	} {
		p := good()
		change(&p)
		_, err := keys.Certificates(p, keys.Options{})
		require.Error(t, err, name)
		_, err = keys.PEM(p, keys.Options{})
		require.Error(t, err, name)
	}
}

func TestAPinIsCopied(t *testing.T) {
	t.Parallel()
	h := serving("")
	p := keys.Pin{Hosts: []keys.Host{{Name: "a.example.com"}}, Path: keys.Path{Prefix: "/key.pem"}}
	r, err := keys.PEM(p, keys.Options{RoundTripper: h})
	require.NoError(t, err)
	p.Hosts[0].Name = "evil.example.com"
	_, err = ask(t, r, "https://evil.example.com/key.pem")
	require.ErrorIs(t, err, keys.ErrNotAllowed)
	require.Zero(t, h.count())
}

func TestJWKSURLsAreValidated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "http://keys.example.com/jwks", "https://keys.example.com", "https://keys.example.com:8443/jwks",
		"https://u@keys.example.com/jwks",
		"https://keys.example.com/jwks?x=1", "https://keys.example.com/jwks#x", "https://keys.example.com/a/../jwks",
		"https://keys.example.com/a/.",
		"https://keys.example.com/a/..", "https://Keys.example.com/jwks", "https://127.0.0.1/jwks",
		"https://[::1]/jwks", "https://localhost/jwks",
		"https://keys.example.com/%6awks", "https://keys.example.com/jwks ", `https://keys.example.com\jwks`,
		"https://kéys.example.com/jwks",
		"https://keys.example.com//jwks", "https://keys.example.com/" + strings.Repeat("a", 600),
	} {
		_, err := keys.JWKS(url, []string{"RS256"}, keys.Options{})
		require.Error(t, err, url)
	}
	for _, algorithms := range [][]string{nil, {"none"}, {"HS256"}, {"RS256", "ES384"}, {"rs256"}, {""}} {
		_, err := keys.JWKS(jwksURL, algorithms, keys.Options{})
		require.Error(t, err, algorithms)
	}
}

func TestOptionsAreValidated(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]keys.Options{
		"negative timeout":         {Timeout: -1},
		"long timeout":             {Timeout: time.Hour},
		"negative bytes":           {MaxBytes: -1},
		"many bytes":               {MaxBytes: 1 << 30},
		"negative age":             {MaxAge: -1},
		"stale before old":         {MaxAge: time.Hour, MaxStale: time.Minute},
		"interval beyond age":      {MaxAge: time.Minute, MinInterval: time.Hour},
		"no interval to speak of":  {MinInterval: time.Nanosecond},
		"negative entries":         {MaxEntries: -1},
		"negative fetches":         {FetchesPerMinute: -1},
		"networks and a transport": {RoundTripper: serving(""), AllowNetworks: prefixes("10.0.0.0/8")},
		"an unmasked network":      {AllowNetworks: prefixes("10.0.0.1/8")},
	} {
		_, err := keys.JWKS(jwksURL, []string{"RS256"}, o)
		require.Error(t, err, name)
	}
	_, err := keys.JWKS("https://localhost/x", []string{"none"}, keys.Options{Timeout: -1, MaxEntries: -1})
	for _, part := range []string{"localhost", "none", "Timeout", "MaxEntries"} {
		require.ErrorContains(t, err, part, "every mistake is reported")
	}
}
