package httpfield_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

func TestThePublicURLIsByteExact(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/a?b=%2F", "/a%2fb", "/a%2Fb?", "/%7Euser/{x}|y", "/a//b/../c?x=1&&y", "/a?x=\"y\"", "/ü?ü", "/a+b?c+d=%20",
		"//host/a",
	} {
		r, err := http.NewRequest(http.MethodPost, "http://example.com", nil)
		require.NoError(t, err)
		r.RequestURI = target
		if strings.HasPrefix(target, "//") {
			r.URL.Path = target
		} else {
			u, err := url.ParseRequestURI(target)
			require.NoError(t, err)
			r.URL = u
		}
		require.Equal(t, target, httpfield.RequestTarget(r))
		r.RequestURI = "https://example.com" + target
		require.Equal(t, target, httpfield.RequestTarget(r))
	}
	for target, want := range map[string]string{"https://example.com": "/", "https://example.com?a=b": "/?a=b",
		"*": "/changed"} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RequestURI = target
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(strings.TrimPrefix(target, "https://example.com"), "?")
		if target == "*" {
			r.URL.Path = "/changed"
		}
		require.Equal(t, want, httpfield.RequestTarget(r), target)
	}
	r := httptest.NewRequest(http.MethodPost, "/public/hook?x=%2f", nil)
	r.URL.Path = "/hook" // as a middleware strips a prefix
	require.Equal(t, "/hook?x=%2f", httpfield.RequestTarget(r))
}
