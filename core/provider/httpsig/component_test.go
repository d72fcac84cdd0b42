package httpsig_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestTheExamplesOfComponents holds the lines that RFC 9421 gives as examples, in section 2, against what is made of
// the requests next to them. What its section 2.1 folds over two lines net/http has put into one.
func TestTheExamplesOfComponents(t *testing.T) {
	t.Parallel()
	fields := [][2]string{
		{"Host", "www.example.com"}, {"Date", "Tue, 20 Apr 2021 02:07:56 GMT"},
		{"X-OWS-Header", "   Leading and trailing whitespace.   "},
		{"X-Obs-Fold-Header", "Obsolete line folding."}, {"Cache-Control", "max-age=60"},
		{"Cache-Control", "   must-revalidate"},
		{"Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"}, {"X-Empty-Header", ""},
	}
	for _, row := range []struct{ section, method, url, line string }{
		{"2.1", "POST", "https://www.example.com/", `"date": Tue, 20 Apr 2021 02:07:56 GMT`},
		{"2.1", "POST", "https://www.example.com/", `"x-ows-header": Leading and trailing whitespace.`},
		{"2.1", "POST", "https://www.example.com/", `"x-obs-fold-header": Obsolete line folding.`},
		{"2.1", "POST", "https://www.example.com/", `"cache-control": max-age=60, must-revalidate`},
		{"2.1", "POST", "https://www.example.com/", `"example-dict": a=1,    b=2;x=1;y=2,   c=(a   b   c)`},
		{"2.1", "POST", "https://www.example.com/", `"x-empty-header": `},
		{"2.2.1", "POST", "https://www.example.com/path?param=value", `"@method": POST`},
		{"2.2.2", "POST", "https://www.example.com/path?param=value",
			`"@target-uri": https://www.example.com/path?param=value`},
		{"2.2.3", "POST", "https://www.example.com/path?param=value", `"@authority": www.example.com`},
		{"2.2.3", "POST", "https://WWW.example.com:443/path", `"@authority": www.example.com`},
		{"2.2.3", "POST", "https://www.example.com:8443/path", `"@authority": www.example.com:8443`},
		{"2.2.4", "POST", "http://www.example.com/path?param=value", `"@scheme": http`},
		{"2.2.5", "POST", "https://www.example.com/path?param=value", `"@request-target": /path?param=value`},
		{"2.2.6", "GET", "https://www.example.com/path?param=value", `"@path": /path`},
		{"2.2.6", "GET", "https://www.example.com", `"@path": /`},
		{"2.2.7", "GET", "https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman",
			`"@query": ?param=value&foo=bar&baz=bat%2Dman`},
		{"2.2.7", "POST", "https://www.example.com/path?queryString", `"@query": ?queryString`},
		{"2.2.7", "POST", "https://www.example.com/path", `"@query": ?`},
		{"2.2.8", "GET", "https://www.example.com/path?param=value&foo=bar&baz=batman&qux=",
			`"@query-param";name="baz": batman`},
		{"2.2.8", "GET", "https://www.example.com/path?param=value&foo=bar&baz=batman&qux=",
			`"@query-param";name="qux": `},
		{"2.2.8", "GET", "https://www.example.com/path?param=value&foo=bar&baz=batman&qux=",
			`"@query-param";name="param": value`},
		{"2.2.8", "GET", parameters, `"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value`},
		{"2.2.8", "GET", parameters, `"@query-param";name="bar": with%20plus%20whitespace`},
		{"2.2.8", "GET", parameters, `"@query-param";name="fa%C3%A7ade%22%3A%20": something`},
	} {
		name, _, _ := strings.Cut(row.line, ": ")
		c := httpsig.Config{
			Algorithm: httpsig.HMACSHA256, DangerouslyLeaveUncovered: true, Methods: []string{"GET"},
			Components: []string{strings.Replace(name[1:], `"`, "", 1)},
		}
		check := func(line string) reason.Reason {
			r := httptest.NewRequest(row.method, row.url, nil)
			for _, f := range fields {
				r.Header.Add(f[0], f[1])
			}
			list := fmt.Sprintf("(%s);created=%d", name, now)
			r.Header.Set("Signature-Input", "sig1="+list)
			r.Header.Set("Signature", "sig1="+hmacOf(line+"\n\"@signature-params\": "+list))
			g, err := core.New(core.Config{
				Endpoint: "examples", Provider: httpsig.RFC9421(c), Secrets: secrets.Static(secret),
				Replay:    core.DangerouslyNoReplay,
				PublicURL: row.url, Now: func() time.Time { return time.Unix(now, 0) }, DangerouslyAllowHTTP: true,
			})
			require.NoError(t, err, row.line)
			return reasonOf(g, r)
		}
		require.Empty(t, check(row.line), "section %s: %s", row.section, row.line)
		require.Equal(t, reason.BadSignature, check(row.line+"x"), "section %s: %s", row.section, row.line)
	}
}

// parameters is the last example of section 2.2.8.
const parameters = "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"

// TestAHeaderThatNoServerPassesOnIsNoComponent: every delivery would be refused. The host has a component of its own.
func TestAHeaderThatNoServerPassesOnIsNoComponent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"host", "transfer-encoding", "trailer"} {
		_, err := core.New(core.Config{
			Endpoint: "acme", Replay: core.DangerouslyNoReplay, Secrets: secrets.Static("a-secret-of-enough-bytes"),
			Provider: httpsig.RFC9421(httpsig.Config{
				Algorithm: httpsig.HMACSHA256, Components: []string{"@method", "content-digest", name},
			}),
		})
		require.ErrorContains(t, err, "no server passes on the header "+name)
	}
}
