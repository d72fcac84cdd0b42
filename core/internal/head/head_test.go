package head_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func TestOnlyTheProvidersMethodsAreLetIn(t *testing.T) {
	m := head.NewMethods(&entry.Entry{
		Title: "Acme", Methods: []string{"PUT"}, Handshakes: []entry.Handshake{{Method: "GET"}, {Method: "GET"}},
	})
	require.Equal(t, "POST, PUT, GET", m.Allow())
	for _, method := range []string{"POST", "PUT", "GET"} {
		require.False(t, m.Check(method).Failed(), method)
	}
	for _, method := range []string{"post", "PATCH", "HEAD", "", "POST "} {
		f := m.Check(method)
		require.Equal(t, reason.Method, f.Reason, method)
		require.Contains(t, f.Detail, "Acme sends POST or PUT or GET")
	}
	require.NotContains(t, m.Check(strings.Repeat("A", 21)).Detail, strings.Repeat("A", 21), "its length is bounded")
	alone := head.NewMethods(&entry.Entry{Title: "Acme"})
	require.Contains(t, alone.Check("GET").Detail, "a redirect that made a GET of a POST")
}

func TestABodyThatIsNotWhatWasSignedIsRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		length int64
		want   reason.Reason
	}{
		{"as it is", nil, 10, ""},
		{"of unknown length", nil, -1, ""},
		{"as long as may be", nil, 100, ""},
		{"too long", nil, 101, reason.BodyTooLarge},
		{"encoded", http.Header{"Content-Encoding": {"gzip"}}, 10, reason.Encoding},
		{"as identity", http.Header{"Content-Encoding": {"Identity"}}, 10, ""},
		{"with a list of encodings", http.Header{"Content-Encoding": {"identity, gzip"}}, 10, reason.Encoding},
		{"with two encodings", http.Header{"Content-Encoding": {"identity", "identity"}}, 10, reason.Encoding},
		{"in another charset", http.Header{"Content-Type": {"application/json; charset=utf-7"}}, 10, reason.ContentType},
		{"with two types", http.Header{"Content-Type": {"text/plain", "text/plain"}}, 10, reason.ContentType},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &http.Request{Header: row.header, ContentLength: row.length}
			require.Equal(t, row.want, head.CheckContent(r, 100).Reason)
		})
	}
	f := head.CheckContent(&http.Request{Header: http.Header{"Content-Encoding": {"evil\nline"}}}, 100)
	require.NotContains(t, f.Detail, "evil", "the name is the sender's choice")
}

func TestTokensLeaveTheURL(t *testing.T) {
	for _, row := range []struct{ name, target, want string }{
		{"a parameter", "/hooks?a=1&token=s3cret&b=2", "/hooks?a=1&b=2"},
		{"one that is escaped", "/hooks?%74oken=s3cret", "/hooks"},
		{"one behind a semicolon", "/hooks?a=1;token=s3cret", "/hooks"},
		{"a segment of the path", "/hooks/s3cret/x", "/hooks/redacted/x"},
		{"every segment like it", "/s3cret/s3cret", "/redacted/redacted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, row.target, nil)
			was := r.URL
			r.Form = map[string][]string{"token": {"s3cret"}}
			head.StripTokens(r, []string{"token"}, []string{"s3cret", ""})
			require.Equal(t, row.want, r.URL.RequestURI())
			require.Equal(t, row.want, r.RequestURI)
			require.Nil(t, r.Form)
			require.Equal(t, row.target, was.RequestURI(), "the caller's URL is not changed")
		})
	}
}

func TestTheURIIsTheServersUnlessTheAppHasTakenSomethingOut(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/api/hooks?a=1", nil)
	r.URL.Path = "/hooks" // as http.StripPrefix leaves it
	require.Equal(t, "/api/hooks?a=1", head.URI(r))
	r.URL.RawQuery = ""
	require.Equal(t, "/hooks", head.URI(r), "what is gone stays gone")
}
