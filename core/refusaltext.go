package core

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
)

// The details of refusals say what came, what is expected and which setting to check. They quote nothing that could be
// a credential or a signature: of such a text they give the length, of a name only one that is on a list.

// compileMethods makes the details for the methods that people and health checks use: a flood of them costs no text
// each.
func (g *Guard) compileMethods() {
	g.otherMethods = map[string]string{}
	for _, method := range [...]string{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST"} {
		g.otherMethods[method] = g.otherMethod(method)
	}
}

// otherMethod is the detail of a refusal with ReasonMethod. A method is a token of the sender's choice, which net/http
// has checked for its characters.
func (g *Guard) otherMethod(method string) string {
	if text, ok := g.otherMethods[method]; ok {
		return text
	}
	const most = 20
	if len(method) > most {
		method = method[:most]
	}
	text := "the request came with " + method + ", and " + g.entry.Title + " sends " + g.expectedMethods
	if method == "GET" {
		return text + ": a browser, a health check, or a redirect that made a GET of a POST; register the final URL at the provider"
	}
	return text + ": see who calls this URL"
}

// compressed is the detail where the body has a content encoding.
func compressed(values []string) string {
	what := "with an encoding"
	if len(values) > 1 {
		what = "with several Content-Encoding headers"
	} else if slices.Contains([]string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}, httpfield.LowerASCII(values[0])) {
		what = "as " + httpfield.LowerASCII(values[0])
	}
	return "the body came compressed (" + what + "), and what is signed are the bytes before or after: " +
		"send it uncompressed, and let no proxy compress requests"
}

// otherContentType is the detail where the Content-Type is refused.
func otherContentType(values []string) string {
	if len(values) > 1 {
		return "the Content-Type came more than once: find the proxy that adds one"
	}
	return "the Content-Type names a charset other than UTF-8, or is malformed: let the provider send UTF-8, and no proxy rewrite the header"
}
