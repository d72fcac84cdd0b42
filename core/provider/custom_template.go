package provider

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// signed parses the template. It refuses a timestamp or an id that is read but not signed, which would prove nothing,
// and a template whose text can be divided in two ways.
func (c *HMACConfig) signed() ([]entry.Part, error) {
	template := cmp.Or(c.Signed, "{body}")
	parts, err := parseTemplate(template)
	if err != nil {
		return nil, err
	}
	bodies, timestamps, ids := 0, 0, 0
	for _, p := range parts {
		switch p.Kind {
		case entry.PartBody:
			bodies++
		case entry.PartTimestamp:
			timestamps++
		case entry.PartID:
			ids++
		}
	}
	switch {
	case bodies == 0:
		return nil, fmt.Errorf("HMACConfig.Signed does not hold {body}: any body would fit the signature")
	case bodies > 1 || timestamps > 1 || ids > 1:
		return nil, fmt.Errorf("HMACConfig.Signed holds {body}, {timestamp} or {id} twice")
	case (timestamps > 0) != (c.TimestampHeader != "" || c.TimestampKey != ""):
		return nil, fmt.Errorf("HMACConfig: {timestamp} in Signed and a place for it go together; a timestamp that " +
			"is not signed proves nothing")
	case (ids > 0) != (c.IDHeader != ""):
		return nil, fmt.Errorf("HMACConfig: {id} in Signed and IDHeader go together; an id that is not signed is no " +
			"identity")
	}
	return parts, checkDivision(parts)
}

func parseTemplate(template string) (parts []entry.Part, err error) {
	for template != "" {
		literal, rest, found := strings.Cut(template, "{")
		if literal != "" {
			parts = append(parts, entry.Literal(literal))
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("HMACConfig.Signed: a { is not closed")
		}
		template = after
		signedHeader, isHeader := strings.CutPrefix(name, headerPlace)
		switch {
		case name == "body":
			parts = append(parts, entry.Body())
		case name == "timestamp":
			parts = append(parts, entry.TimestampText())
		case name == "id":
			parts = append(parts, entry.ID())
		case name == "url":
			parts = append(parts, entry.URL())
		case name == "unescaped_url":
			parts = append(parts, entry.UnescapedURL())
		case name == "method":
			parts = append(parts, entry.Part{Kind: entry.PartMethod})
		case name == "path":
			parts = append(parts, entry.Part{Kind: entry.PartPath})
		case isHeader && !entry.PassedOn(signedHeader):
			return nil, fmt.Errorf("HMACConfig.Signed: no server passes on the header %s to a handler; {url} has the "+
				"host", signedHeader)
		case isHeader && signedHeader != "" && isHeaderName(signedHeader):
			parts = append(parts, entry.Header(signedHeader))
		default:
			return nil, fmt.Errorf("HMACConfig.Signed: {%s} is not a part that can be signed", name)
		}
	}
	return parts, nil
}

// checkDivision refuses a template whose signed bytes could be read as other values of its parts: whoever captured one
// delivery could then move bytes from a header or an id into the body, under a signature that still matches.
//
// What stands before the body is read from the left, so that each part has to end there by itself; what follows the
// body is read from the right. A timestamp does both: a digit more or less makes it years older or newer. The method
// and the URL are the endpoint's own.
func checkDivision(parts []entry.Part) error {
	body := 0
	for parts[body].Kind != entry.PartBody {
		body++
	}
	for i, p := range parts {
		step := 1
		if i > body {
			step = -1
		}
		neighbour := entry.Part{}
		if n := i + step; n >= 0 && n < len(parts) {
			neighbour = parts[n]
		}
		switch p.Kind {
		case entry.PartID:
			if neighbour.Kind != entry.PartTimestamp && !endsAt(neighbour, step, notInIDs) {
				return fmt.Errorf("HMACConfig.Signed: between {id} and {body} stands nothing that ends an id, such " +
					"as a dot; the same signature would fit another id")
			}
		case entry.PartHeader, entry.PartPath:
			if !endsAt(neighbour, step, isLineFeed) {
				return fmt.Errorf("HMACConfig.Signed: between {header:Name} or {path} and {body} stands no line " +
					"feed; the same signature would fit another body")
			}
		}
	}
	return nil
}

// endsAt says whether p is a literal at whose nearest byte the part before it (step 1) or after it (step -1) ends.
func endsAt(p entry.Part, step int, ends func(byte) bool) bool {
	if p.Kind != entry.PartLiteral {
		return false
	}
	if step > 0 {
		return ends(p.Text[0])
	}
	return ends(p.Text[len(p.Text)-1])
}

func isLineFeed(b byte) bool { return b == '\n' }

func notInIDs(b byte) bool {
	letterOrDigit := b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
	return !letterOrDigit && b != '_' && b != '-'
}

// isHeaderName accepts letters, digits, - and _; and the empty name, for a header that is not used.
func isHeaderName(name string) bool {
	for i := range len(name) {
		if notInIDs(name[i]) {
			return false
		}
	}
	return true
}
