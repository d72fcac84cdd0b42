package entry

import (
	"slices"
	"strings"
)

// Boundary says what keeps the signed parts apart where nothing stands between them. Otherwise whoever captured a
// delivery could move bytes from the body into the URL, or back, under the same signature.
//
// A configured URL is fixed, and closes every boundary of its own. The rest holds for a URL that is rebuilt from the
// request. A Form with Only holds for both, because it also keeps the fields of the form apart.
type Boundary struct {
	// JSON: the body must be one whole JSON text that begins with a bracket.
	JSON bool
	// Form is the field that closes a form.
	Form *Closing
	// Query: the query must be readable in one way only, also where a form follows it.
	Query bool
	// URL: nothing else closes it, so that a URL has to be configured.
	URL bool
}

// Boundary returns what closes the boundaries of every reading of the signed bytes. Custom mechanisms have none.
func (s *Scheme) Boundary() (b Boundary) {
	for _, parts := range append([][]Part{s.Signed}, s.Also...) {
		for i := range parts {
			if parts[i].Kind.isURL() {
				b.closeURL(parts, i)
			}
		}
	}
	return b
}

func (k PartKind) isURL() bool {
	switch k {
	case PartURL, PartURLWithoutQuery, PartURLWithPort, PartURLWithoutPort, PartURLUnescaped, PartPath, PartEscapedPath:
		return true
	default:
		return false
	}
}

// closeURL decides what ends the URL at i. It holds no control character, and begins with its scheme or with a slash.
func (b *Boundary) closeURL(parts []Part, i int) {
	body := slices.IndexFunc(parts, func(p Part) bool { return p.Kind == PartBody || p.Kind == PartPayload })
	before, after, start := parts[:i], parts[i+1:], 0
	if body < i {
		start = body + 1
	}
	switch {
	case !readFromLeft(before[start:]),
		body > i && !readFromRight(parts[body+1:]),
		body >= 0 && body < i && !readFromLeft(parts[:body]):
		b.URL = true
	case body > i:
		if !beginsWithFeed(after) {
			b.JSON = true
			b.URL = b.URL || !readFromRight(parts[i+1:body])
		}
	case body >= 0:
		b.JSON = b.JSON || !endsWithFeed(before)
		b.URL = b.URL || !readFromRight(after)
	case len(after) == 0: // the text ends with it
	case after[0].Kind == PartSortedForm && after[0].Closing != nil && len(after) == 1:
		b.Form = after[0].Closing
	case parts[i].Kind == PartURLWithoutQuery && after[0].Kind == PartSortedQuery:
		b.Query = true // a question mark ends a URL without its query
	default:
		b.URL = b.URL || !beginsWithFeed(after)
	}
}

func beginsWithFeed(parts []Part) bool {
	return len(parts) > 0 && parts[0].Kind == PartLiteral && strings.HasPrefix(parts[0].Text, "\n")
}

func endsWithFeed(parts []Part) bool {
	return len(parts) > 0 && parts[len(parts)-1].Kind == PartLiteral &&
		strings.HasSuffix(parts[len(parts)-1].Text, "\n")
}

// readFromLeft reports whether each part ends by itself when the text is read from its beginning: fixed text, a method
// (none begins another), a timestamp (a digit more or less makes it years older or newer), an id that a character ends
// which ids do not have, anything else that a line feed ends.
func readFromLeft(parts []Part) bool {
	for i := range parts {
		switch {
		case parts[i].Kind.fixed():
		case parts[i].Kind == PartID:
			// Behind the last of the parts stands a URL or a JSON text: a colon, a slash or a bracket ends an id.
			if i+1 < len(parts) && (parts[i+1].Kind != PartLiteral || !endsID(parts[i+1].Text[0])) {
				return false
			}
		case !beginsWithFeed(parts[i+1:]):
			return false
		}
	}
	return true
}

// readFromRight is readFromLeft for a text that is read from its end.
func readFromRight(parts []Part) bool {
	for i := range parts {
		switch {
		case parts[i].Kind.fixed():
		case parts[i].Kind == PartID:
			if i == 0 || parts[i-1].Kind != PartLiteral || !endsID(parts[i-1].Text[len(parts[i-1].Text)-1]) {
				return false
			}
		case !endsWithFeed(parts[:i]):
			return false
		}
	}
	return true
}

// fixed reports whether a value of the part neither begins nor ends another one that is accepted at the same time.
func (k PartKind) fixed() bool {
	switch k {
	case PartLiteral, PartMethod, PartTimestamp, PartSecret, PartBodySHA256, PartBodySHA256Hex,
		PartBodySHA256Base64:
		return true
	default:
		return false
	}
}

// endsID reports whether no id of the grammar Token holds b.
func endsID(b byte) bool {
	switch {
	case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b == '-':
		return false
	default:
		return true
	}
}
