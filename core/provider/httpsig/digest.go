package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/dunglas/httpsfv"
)

// VerifyContentDigest compares the header Content-Digest (RFC 9530) with the body as it came. There is one line of it, with
// sha-256, sha-512 or both, and each of them has to match; digests of other names are passed over. Where nothing signs the
// header it tells a damaged body, and no more.
func VerifyContentDigest(h http.Header, body []byte) error {
	lines := h["Content-Digest"]
	if len(lines) != 1 || len(lines[0]) > maxHeader {
		return errors.New("there is no header Content-Digest, there are several, or it is too long")
	}
	if repeatsKey(lines[0]) {
		return errors.New("the header Content-Digest names an algorithm twice")
	}
	digests, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil {
		return errors.New("the header Content-Digest is malformed")
	}
	judged := 0
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
		judged++
		member, _ := digests.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			return errors.New("the header Content-Digest is malformed")
		}
		got, ok := item.Value.([]byte)
		if !ok || subtle.ConstantTimeCompare(got, sum) != 1 {
			return errors.New("the body is another than the one of its Content-Digest: something before the guard may have read or changed it")
		}
	}
	if judged == 0 {
		return errors.New("the header Content-Digest holds neither sha-256 nor sha-512")
	}
	return nil
}

// repeatsKey says whether a dictionary (RFC 8941) names a key twice. Its readers take the last one; a reader of another
// kind could take the first.
func repeatsKey(text string) bool {
	seen := map[string]bool{}
	start, depth, quoted := 0, 0, false
	for i := 0; i <= len(text); i++ {
		if i < len(text) {
			switch c := text[i]; {
			case quoted && c == '\\':
				i++
				continue
			case c == '"':
				quoted = !quoted
				continue
			case quoted:
				continue
			case c == '(':
				depth++
				continue
			case c == ')':
				depth--
				continue
			case c != ',' || depth != 0:
				continue
			}
		}
		key := keyOf(text[start:min(i, len(text))])
		if seen[key] {
			return true
		}
		seen[key] = true
		start = i + 1
	}
	return false
}

// keyOf is what stands before the '=' or ';' of a member.
func keyOf(member string) string {
	from := 0
	for from < len(member) && (member[from] == ' ' || member[from] == '\t') {
		from++
	}
	to := from
	for to < len(member) && member[to] != '=' && member[to] != ';' && member[to] != ' ' && member[to] != '\t' {
		to++
	}
	return member[from:to]
}
