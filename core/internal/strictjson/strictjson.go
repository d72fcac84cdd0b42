// Package strictjson reads JSON for security decisions: key sets, keys, tokens. It fails closed on every document that
// two readers could read differently.
//
// There are two ways to read. [Check], [Object] and [Text] are for documents that are read rarely, such as key sets.
// [Members] and [String] are for each delivery, such as the claims of a token: one pass, without allocations for the
// usual case.
//
// Both refuse:
//
//   - bytes that are not UTF-8, which readers replace in different ways or refuse;
//   - a member that comes twice in an object at any depth, in whatever case and with or without escapes;
//   - text after the value;
//   - numbers that a float64 cannot hold;
//   - more than eight levels of nesting.
//
// Names that are not known are accepted: documents may have more members than a reader needs (RFC 7517, section 4).
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how many objects and arrays may be nested. Key sets and tokens need three or four.
const maxDepth = 8

// Check refuses documents that two readers could read differently: with a member that comes twice in an object, in
// whatever case, with bytes that are not UTF-8, or with text after the value. Of two members encoding/json uses the
// last, and other readers the first.
func Check(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	if !json.Valid(data) {
		return errMalformed
	}
	return checkValue(json.NewDecoder(bytes.NewReader(data)), 0)
}

// checkValue checks one value of a document that is valid JSON. The Decoder reads token by token, and reports names
// that come twice one by one.
func checkValue(d *json.Decoder, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := tok.(json.Delim)
	if !ok { // a string, a number, a boolean or null
		return nil
	}
	if depth >= maxDepth { // fails closed, and bounds the recursion
		return errDeep
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' { // a name comes before each value
			tok, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := tok.(string)
			text := folded(name)
			if seen[text] { // fails closed; the name is cut, because it goes to logs
				return fmt.Errorf("the member %.100q comes twice in the JSON", name)
			}
			seen[text] = true
		}
		if err := checkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing one
	return err
}

// Object splits an object, which must have been checked. The caller looks names up exactly. The struct fields of
// encoding/json ignore case, and would read "KTY" as "kty".
func Object(data json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, errObject
	}
	return members, nil
}

// Text returns a member that must be a string, or "" where it is absent. null is an error: to some readers it is
// absent, and to others a value.
func Text(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok {
		return "", nil
	}
	var s *string // a pointer distinguishes null from ""
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("its %q is not a string", name)
	}
	return *s, nil
}
