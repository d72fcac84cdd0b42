package credential_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/core/internal/credential"
)

// FuzzBasicCredential: what is read of a Basic credential is what was encoded, in its one form.
func FuzzBasicCredential(f *testing.F) {
	f.Add("aG9va3M6YS1wYXNzd29yZA==")
	f.Add("Og==")
	f.Add("aG9va3M=")
	f.Add("YTpi\n")
	f.Fuzz(func(t *testing.T, word string) {
		pair, ok := credential.DecodeBasic(word)
		if ok && (base64.StdEncoding.EncodeToString([]byte(pair)) != word || !strings.Contains(pair, ":") ||
			strings.ContainsFunc(pair, func(r rune) bool { return r < 0x20 || r == 0x7f })) {
			t.Fatalf("%q became %q", word, pair)
		}
	})
}
