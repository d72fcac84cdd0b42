package signature_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/signature"
)

// FuzzSignedURL: a URL that is cut is the same put together, and its forms keep everything but the port.
func FuzzSignedURL(f *testing.F) {
	f.Add("https://user:pass@example.com:8443/a?b=c:d@e")
	f.Add("http://[::1]/")
	f.Add("https://[::1]:1?")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		p, with, without := signature.CutURL(text)
		whole := p[0] + p[1] + p[3]
		if p[2] != "" {
			whole = p[0] + p[1] + ":" + p[2] + p[3]
		}
		if whole != text && p[0]+p[1]+":"+p[3] != text { // "host:" names an empty port
			t.Fatalf("%q became %q", text, whole)
		}
		if without != p[0]+p[1]+p[3] || (p[2] != "" && with != text) {
			t.Fatalf("%q, with a port %q, without %q", text, with, without)
		}
	})
}

// TestALongTargetIsNotEscaped: it is not proved yet, and every byte of it may become five.
func TestALongTargetIsNotEscaped(t *testing.T) {
	t.Parallel()
	short, long := "/hooks?a=1&b", "/hooks?"+strings.Repeat("&", 16<<10)
	require.Equal(t, "/hooks?a%253D1%2526b", signature.EscapedPath(short))
	require.Equal(t, long, signature.EscapedPath(long))
}
