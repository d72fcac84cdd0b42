package signature

import (
	"bytes"
	"crypto/sha256"
	"hash"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// TextOf is a body as a JSON text.
func TextOf(body []byte) []byte {
	st := digest.New(nil).Get()
	writeText(st, body)
	return bytes.Clone(st.Sum())
}

// SeparatedForm gives the signed text of a form whose fields are separated, and false where it is refused.
func SeparatedForm(body []byte, without ...string) (text string, ok bool) {
	part := &entry.Part{Equals: "=", Between: "&", Without: without}
	fields, ok := sortedForm(body, entry.RepeatsRefused)
	if !ok {
		return "", false
	}
	if fields, ok = separated(part, fields); !ok {
		return "", false
	}
	for i, f := range fields {
		if i > 0 {
			text += "&"
		}
		text += f.name + "=" + f.value
	}
	return text, true
}

// IsQuery reports whether a text could be a query.
func IsQuery(text string) bool { return isQuery([]byte(text)) }

// HashCalls counts how often a body that is signed as a text is handed to its hash.
func HashCalls(body []byte) int {
	h := &countingHash{Hash: sha256.New()}
	st := digest.New(func() hash.Hash { return h }).Get()
	writeText(st, body)
	st.Sum()
	return h.calls
}

type countingHash struct {
	hash.Hash
	calls int
}

func (h *countingHash) Write(b []byte) (int, error) {
	h.calls++
	return h.Hash.Write(b)
}

// EscapedPath is a path and its query as some senders sign them.
func EscapedPath(target string) string { return escapedPath(target) }
