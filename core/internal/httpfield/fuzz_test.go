package httpfield_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// FuzzContentType: a charset that another reader might decode by is never passed over.
func FuzzContentType(f *testing.F) {
	for _, text := range []string{"application/json", "application/json; charset=utf-16", "a/b;charset=\"utf-7",
		"a/b; CHARSET=UTF-7;=", "a/b, c/d", "a/b; charset*=utf-8''utf-7"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lower := strings.ToLower(text)
		if !httpfield.AmbiguousContentType([]string{text}) &&
			regexp.MustCompile(`charset\s*=\s*"?(utf-?16|utf-?7|utf-?32|ibm|iso-2022|shift)`).MatchString(lower) &&
			!strings.Contains(lower, `\`) && strings.Count(lower, `"`) == 0 {
			t.Fatalf("%q was passed over", text)
		}
	})
}

// FuzzRequestTarget: the target that is signed is the one that was sent, whatever was sent.
func FuzzRequestTarget(f *testing.F) {
	for _, text := range []string{"/hooks?a=%2F", "/a//b/../c?", "https://host/a?b", "https://host?b", "/%zz", "/a%2fb",
		"*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if target == "" || strings.ContainsFunc(target, func(r rune) bool { return r <= 0x20 || r == 0x7f }) {
			return
		}
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // net/http answers it
		}
		got := httpfield.RequestTarget(&http.Request{Method: "POST", URL: u, RequestURI: target})
		if !strings.HasPrefix(got, "/") && target != "*" && u.Opaque == "" {
			t.Fatalf("%q became %q", target, got)
		}
		if target[0] == '/' && !strings.HasPrefix(target, "//") && got != target {
			// It may only be written differently where it means the same.
			if again, err := url.ParseRequestURI(got); err != nil || again.Path != u.Path ||
				again.RawQuery != u.RawQuery {
				t.Fatalf("%q became %q", target, got)
			}
		}
	})
}
