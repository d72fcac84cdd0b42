package signature

import (
	"fmt"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/core/internal/digest"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// checkText refuses a body that is signed as a text and is none. It fails closed: JavaScript reads each malformed
// sequence as the same character, so that several bodies would be one text under one signature.
func (v *Verifier) checkText(body []byte) fault.Failure {
	if v.bodyIsText && !utf8.Valid(body) {
		return fault.New(reason.MalformedSignature, "the body is not UTF-8, as every delivery of this provider is")
	}
	return fault.Failure{}
}

// writeText writes valid UTF-8 as JavaScript's JSON.stringify does: in quotation marks, with these, backslashes and
// control characters escaped, and everything else as it is (ECMA-262, QuoteJSONString). One body has one text, and the
// text ends at its last quotation mark.
//
// Anybody chooses the body. So one of nothing but quotation marks must not call the hash for each of them, or allocate.
func writeText(st *digest.State, body []byte) {
	st.WriteString(`"`)
	from := 0
	for i, c := range body {
		if c > '\\' || escapes[c] == "" {
			continue
		}
		if from < i {
			st.Gather(body[from:i])
		}
		st.WriteString(escapes[c])
		from = i + 1
	}
	st.Gather(body[from:])
	st.WriteString(`"`)
}

// escapes are the texts of the characters that JavaScript escapes; empty: it writes the character as it is.
var escapes = newEscapes() //lint:immutable never written

func newEscapes() (all ['\\' + 1]string) {
	for c := range ' ' {
		all[c] = fmt.Sprintf(`\u%04x`, c)
	}
	for c, text := range map[byte]string{
		'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`,
	} {
		all[c] = text
	}
	return all
}
