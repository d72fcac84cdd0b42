package httpfield

import (
	"mime"
	"strings"
)

// urlEncoded is the type of forms, as nearly all senders write it.
const urlEncoded = "application/x-www-form-urlencoded"

// AmbiguousContentType reports whether two readers of the body could read it differently because of its Content-Type:
// there are two, or its charset is neither UTF-8 nor close to ASCII. In UTF-7 or UTF-16 the same bytes are another
// document.
//
// The single-byte charsets in the list agree with UTF-8 on ASCII, so structure and field names are the same.
func AmbiguousContentType(values []string) bool {
	switch len(values) {
	case 0:
		return false
	case 1:
	default: // readers use the first, the last, or both joined
		return true
	}
	switch values[0] { // what nearly all send, which needs no parser
	case "application/json", "application/json; charset=utf-8", urlEncoded:
		return false
	}
	if len(values[0]) > 1024 { // fails closed before mime parses it: its work grows with the square of some values
		return true
	}
	// The same parser as that of most apps' frameworks in Go: what it accepts, they accept.
	_, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		// A malformed type alone is not refused: some senders write one, and only the charset matters. It fails closed
		// if the text could name another charset, or be two values in one.
		rest := strings.ReplaceAll(strings.ToLower(values[0]), "charset=utf-8", "")
		return strings.Contains(rest, "charset") || strings.Contains(rest, ",")
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return false
	default:
		return true
	}
}
