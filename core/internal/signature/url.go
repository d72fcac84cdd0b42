package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// SplitURL cuts a URL into its scheme with "://", its host with the user before it, its port without the colon, and the
// rest. It decodes nothing: what is signed are the bytes as they are written.
//
// A text without a scheme is all rest. Decoding would let two URLs with different bytes count as one.
func SplitURL(text string) (scheme, host, port, rest string) {
	scheme, after, ok := strings.Cut(text, "://")
	if !ok {
		return "", "", "", text
	}
	scheme += "://"
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	host, rest = after[:end], after[end:]
	// A colon inside the brackets of an IPv6 address, or before the user's @, begins no port.
	// RFC 3986, section 3.2.2, has the brackets around an IPv6 address.
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') &&
		at > strings.LastIndexByte(host, '@') {
		host, port = host[:at], host[at+1:]
	}
	return scheme, host, port, rest
}

// urlWithPort adds the default port where the URL names none: some senders sign it so.
func urlWithPort(text string) string {
	scheme, host, port, rest := SplitURL(text)
	switch {
	case port != "":
	case scheme == "https://":
		port = "443"
	default:
		port = "80"
	}
	return scheme + host + ":" + port + rest
}

// urlWithoutPort removes the port, which other senders leave out when they sign.
func urlWithoutPort(text string) string {
	scheme, host, _, rest := SplitURL(text)
	return scheme + host + rest
}

// unescapedURL decodes the escapes of some characters, in one pass: an escape that a decoded character and its
// neighbours form is not decoded again.
func unescapedURL(text, decoded string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			// Only the characters that the entry names are decoded. Each further one would join two
			// URLs under one signature.
			if c, err := hex.DecodeString(text[i+1 : i+3]); err == nil && strings.IndexByte(decoded, c[0]) >= 0 {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// sortedQuery returns the query of a URL in a form that does not depend on its order: after a '?', which is there where
// the query or the form has fields, the decoded parameters sorted by name and value, and a '.' between them and a form.
//
// The dot separates a query from a form, and readsOnce checks that it can be found again.
func sortedQuery(text string, form bool) string {
	_, query, _ := strings.Cut(text, "?")
	fields, ok := sortedForm([]byte(query), entry.RepeatsSorted)
	var b strings.Builder
	if !ok {
		b.WriteString("?" + query) // no sender signs it: what cannot be read must not go unsigned
	}
	for i, f := range fields {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(f.name + "=" + f.value)
	}
	switch {
	case form && b.Len() == 0:
		return "?"
	case form:
		b.WriteByte('.')
	}
	return b.String()
}

// checkBodyDigest compares the body with its digest in the URL, after the URL was proved. Where the URL names a digest,
// it counts; where it names none, only a form is covered. The body alone says whether it is one.
//
// It fails closed. The order matters: before the URL is proved, an attacker could write the digest of
// any body there.
func (v *Verifier) checkBodyDigest(in *Input) fault.Failure {
	name := v.scheme.BodySHA256
	if name == "" {
		return fault.Failure{}
	}
	_, query, _ := strings.Cut(in.URL, "?")
	digest, n, err := httpfield.QueryValue(query, name)
	if err != nil || n > 1 {
		return fault.New(reason.MalformedSignature, "the signed URL is malformed, or names two digests of the body")
	}
	if n == 0 {
		if len(in.Body) == 0 || isSortableForm(in.Body) {
			return fault.Failure{}
		}
		return fault.New(reason.MissingSignature,
			"the body is not a form, and the signed URL does not hold its digest "+name+
				": a proxy may strip the query, or PublicURL has one")
	}
	sum := sha256.Sum256(in.Body)
	// The digest is not a secret. It is compared in constant time all the same, so that no reader has
	// to find out whether it is.
	want := strings.ToLower(digest)
	if subtle.ConstantTimeCompare([]byte(want), []byte(hex.EncodeToString(sum[:]))) != 1 {
		return fault.New(reason.BadSignature, "the body is not the one whose digest the signed URL holds")
	}
	return fault.Failure{}
}
