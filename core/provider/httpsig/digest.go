package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/sfv"
)

// VerifyContentDigest compares the header Content-Digest (RFC 9530) with the body as it came. There is one line of it,
// with sha-256, sha-512 or both, and each of them has to match; digests of other names are passed over. Where nothing
// signs the header it tells a damaged body, and no more.
func VerifyContentDigest(h http.Header, body []byte) error {
	lines := h["Content-Digest"]
	if len(lines) != 1 || len(lines[0]) > maxHeader {
		return errors.New("there is no header Content-Digest, there are several, or it is too long")
	}
	digests, ok := sfv.Read(lines[0])
	if !ok {
		return errors.New("the header Content-Digest is malformed")
	}
	if digests.Repeated {
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
		digest, _ := digests.Get(name)
		if _, list := digest.Value.([]sfv.Item); list {
			return errors.New("the header Content-Digest is malformed")
		}
		got, ok := digest.Value.([]byte)
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
