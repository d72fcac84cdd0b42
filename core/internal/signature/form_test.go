package signature_test

import (
	"bytes"
	"net/url"
	"slices"
	"testing"

	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// FuzzSortedForm: what is signed field by field is what net/url reads.
func FuzzSortedForm(f *testing.F) {
	f.Add([]byte("b=2&a=1&a=0&&=&%41=+"))
	f.Add([]byte("a=%zz"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, ok := signature.SortedForm(body)
		want, err := url.ParseQuery(string(body))
		if bytes.IndexByte(body, ';') >= 0 {
			return // net/url refuses it; senders write %3B
		}
		if ok != (err == nil) {
			if !ok && bytes.Count(body, []byte{'&'}) >= 1000 {
				return
			}
			t.Fatalf("ok %v, net/url says %v", ok, err)
		}
		if !ok {
			return
		}
		var flat []string
		for _, name := range slices.Sorted(keysOf(want)) {
			values := slices.Sorted(slices.Values(want[name]))
			for _, value := range values {
				flat = append(flat, name, value)
			}
		}
		if !slices.Equal(fields, flat) {
			t.Fatalf("%q, net/url says %q", fields, flat)
		}
	})
}

func keysOf(v url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range v {
			if !yield(k) {
				return
			}
		}
	}
}
