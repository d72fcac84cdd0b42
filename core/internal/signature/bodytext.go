package signature

import (
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
func writeText(st *digest.State, body []byte) {
	const hexDigits = "0123456789abcdef"
	st.WriteString(`"`)
	from := 0
	for i, c := range body {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		st.Write(body[from:i])
		from = i + 1
		switch c {
		case '"', '\\':
			st.WriteString("\\" + string(rune(c)))
		case '\b':
			st.WriteString(`\b`)
		case '\t':
			st.WriteString(`\t`)
		case '\n':
			st.WriteString(`\n`)
		case '\f':
			st.WriteString(`\f`)
		case '\r':
			st.WriteString(`\r`)
		default:
			st.WriteString(`\u00` + string(hexDigits[c>>4]) + string(hexDigits[c&15]))
		}
	}
	st.Write(body[from:])
	st.WriteString(`"`)
}
