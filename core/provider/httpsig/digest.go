package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/httpsfv"
)

// VerifyContentDigest compares the header Content-Digest (RFC 9530) with the body as it came. There is one line of it,
// with sha-256, sha-512 or both, and each of them has to match; digests of other names are passed over. Where nothing
// signs the header it tells a damaged body, and no more.
func VerifyContentDigest(h http.Header, body []byte) error {
	lines := h["Content-Digest"]
	if len(lines) != 1 || len(lines[0]) > maxHeader {
		return errors.New("there is no header Content-Digest, there are several, or it is too long")
	}
	digests, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return errors.New("the header Content-Digest is malformed")
	}
	if n := len(digests.Names()); n > 0 && n != members(lines[0]) {
		return errors.New("the header Content-Digest names an algorithm twice")
	}
	checked := 0
	for _, name := range digests.Names() {
		var sum []byte
		switch name {
		case "sha-256":
			s := sha256.Sum256(body)
			sum = s[:]
		case "sha-512":
			s := sha512.Sum512(body)
			sum = s[:]
		default:
			continue // deprecated, or unknown: it proves nothing
		}
		checked++
		member, _ := digests.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			return errors.New("the header Content-Digest is malformed")
		}
		got, ok := item.Value.([]byte)
		if !ok || subtle.ConstantTimeCompare(got, sum) != 1 {
			return errors.New("the body is another than the one of its Content-Digest: something before the guard " +
				"may have read or changed it")
		}
	}
	if checked == 0 {
		return errors.New("the header Content-Digest holds neither sha-256 nor sha-512")
	}
	return nil
}

// members counts those of a dictionary (RFC 8941) that is well-formed and not empty. There are more than it has names
// where a name comes twice: its readers take the last one, and a reader of another kind could take the first.
func members(text string) int {
	n, depth, quoted := 1, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			n++
		}
	}
	return n
}
