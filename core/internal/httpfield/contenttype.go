package httpfield

import (
	"mime"
	"strings"
)

const urlEncoded = "application/x-www-form-urlencoded"

// AmbiguousContentType recognises what two readers of the body would read differently: a second Content-Type, and
// encodings of text other than UTF-8.
func AmbiguousContentType(values []string) bool {
	switch len(values) {
	case 0:
		return false
	case 1:
	default:
		return true
	}
	switch values[0] { // what nearly all send, which needs no parser
	case "application/json", "application/json; charset=utf-8", urlEncoded:
		return false
	}
	if len(values[0]) > 1024 {
		return true
	}
	_, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		// A type nobody can parse is not refused for that alone: what matters is the charset.
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
