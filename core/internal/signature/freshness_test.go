package signature_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// FuzzTimestamp: a timestamp has one form, whose meaning is its only one.
func FuzzTimestamp(f *testing.F) {
	for _, text := range []string{"1772366400", "0", "01", "+1", "-1", "1772366400.5", "1e9", "99999999999",
		"999999999999", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00,5Z", "", "0x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := signature.ParseSeconds(text); ok && fmt.Sprint(at.Unix()) != text {
			t.Fatalf("%q is %d seconds", text, at.Unix())
		}
		if at, ok := signature.ParseMilliseconds(text); ok && fmt.Sprint(at.UnixMilli()) != text {
			t.Fatalf("%q is %d milliseconds", text, at.UnixMilli())
		}
		if at, ok := signature.ParseRFC3339(text); ok {
			want, err := time.Parse(time.RFC3339Nano, text)
			if err != nil || !want.Equal(at) ||
				!regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`).MatchString(text) {
				t.Fatalf("%q is %v", text, at)
			}
		}
	})
}
