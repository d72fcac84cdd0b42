package head

import (
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/reason"
)

// CheckContent refuses a body that is encoded, whose charset another reader may decode by, or that is too long by its
// declared length: most bytes are read. It fails closed: the app must read what was signed.
func CheckContent(r *http.Request, most int64) fault.Failure {
	// Nothing here is ever decompressed: a few bytes that an unverified sender compresses can be gigabytes. A list
	// ("identity, gzip") or a second header is refused as well, because readers differ in what they make of it.
	if enc := r.Header["Content-Encoding"]; len(enc) > 1 ||
		(len(enc) == 1 && enc[0] != "" && httpfield.LowerASCII(enc[0]) != "identity") {
		return fault.New(reason.Encoding, compressed(enc))
	}
	// Under another charset a framework could show the app another text than the bytes that the signature covers.
	if httpfield.AmbiguousContentType(r.Header["Content-Type"]) {
		return fault.New(reason.ContentType, otherContentType(r.Header["Content-Type"]))
	}
	// Without a declared length (-1) the reader of the body has the same limit.
	if r.ContentLength > most {
		return fault.New(reason.BodyTooLarge, intake.TooLong(most, r.ContentLength))
	}
	return fault.Failure{}
}

// encodings returns the names that a detail may quote: the others are the sender's choice.
func encodings() []string { return []string{"gzip", "x-gzip", "deflate", "br", "zstd", "compress"} }

// compressed returns the detail of a body with a content encoding.
func compressed(values []string) string {
	what := "with an encoding"
	if len(values) > 1 {
		what = "with several Content-Encoding headers"
	} else if name := httpfield.LowerASCII(values[0]); slices.Contains(encodings(), name) {
		what = "as " + name
	}
	return "the body came compressed (" + what + "), and what is signed are the bytes before or after: " +
		"send it uncompressed, and let no proxy compress requests"
}

// otherContentType returns the detail of a refused Content-Type.
func otherContentType(values []string) string {
	if len(values) > 1 {
		return "the Content-Type came more than once: find the proxy that adds one"
	}
	return "the Content-Type names a charset other than UTF-8, or is malformed: let the provider send UTF-8, and no " +
		"proxy rewrite the header"
}
