package core_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

// FuzzTimestamp: a timestamp has one spelling, whose meaning is its only one.
func FuzzTimestamp(f *testing.F) {
	for _, text := range []string{"1772366400", "0", "01", "+1", "-1", "1772366400.5", "1e9", "99999999999", "999999999999", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00,5Z", "", "0x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := core.ParseSeconds(text); ok && fmt.Sprint(at.Unix()) != text {
			t.Fatalf("%q is %d seconds", text, at.Unix())
		}
		if at, ok := core.ParseMilliseconds(text); ok && fmt.Sprint(at.UnixMilli()) != text {
			t.Fatalf("%q is %d milliseconds", text, at.UnixMilli())
		}
		if at, ok := core.ParseRFC3339(text); ok {
			want, err := time.Parse(time.RFC3339Nano, text)
			if err != nil || !want.Equal(at) || !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`).MatchString(text) {
				t.Fatalf("%q is %v", text, at)
			}
		}
	})
}

// FuzzBasicCredential: what is read of a Basic credential is what was encoded, in its one spelling.
func FuzzBasicCredential(f *testing.F) {
	f.Add("aG9va3M6YS1wYXNzd29yZA==")
	f.Add("Og==")
	f.Add("aG9va3M=")
	f.Add("YTpi\n")
	f.Fuzz(func(t *testing.T, word string) {
		pair, ok := core.DecodeBasic(word)
		if ok && (base64.StdEncoding.EncodeToString([]byte(pair)) != word || !strings.Contains(pair, ":") || strings.ContainsFunc(pair, func(r rune) bool { return r < 0x20 || r == 0x7f })) {
			t.Fatalf("%q became %q", word, pair)
		}
	})
}

// FuzzFormValue: a field of a URL-encoded form is the one that net/url finds.
func FuzzFormValue(f *testing.F) {
	f.Add([]byte("a=1&token=x&b=%41+"), "token")
	f.Add([]byte("token=1&token=2"), "token")
	f.Add([]byte("t%6fken=1"), "token")
	f.Add([]byte("%zz=1&token=2"), "token")
	f.Add([]byte("&&token=2&"), "token")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		if name == "" || strings.HasPrefix(string(body), "--") || strings.Contains(string(body), ";") {
			return // no field is called nothing; multipart; what net/url refuses
		}
		value, count, ok := core.FormValue(body, name)
		if !ok || count == 0 {
			return
		}
		for pair := range strings.SplitSeq(string(body), "&") {
			if _, err := url.ParseQuery(pair); err != nil && pair != "" {
				return // another field is malformed, which is not looked at
			}
		}
		want, _ := url.ParseQuery(string(body))
		if got := want[name]; len(got) != count || got[0] != value {
			t.Fatalf("%q %d times, net/url says %q", value, count, got)
		}
	})
}
