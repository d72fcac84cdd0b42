// Package strictjson reads JSON that decides about security, where two readers must not read differently.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

const maxDepth = 8

// Check refuses what two readers could read differently: a member that comes twice in an object, in whatever case,
// bytes that are not UTF-8, anything after the value. encoding/json takes the last of two members, others the first.
func Check(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	if !json.Valid(data) {
		return errMalformed
	}
	return checkValue(json.NewDecoder(bytes.NewReader(data)), 0)
}

func checkValue(d *json.Decoder, depth int) error {
	tok, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= maxDepth {
		return errDeep
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			tok, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := tok.(string)
			text := folded(name)
			if seen[text] {
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

// Object splits an object that was checked. Names match exactly: what encoding/json does with struct fields, in
// whatever case, would let "KTY" stand for "kty".
func Object(data json.RawMessage) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, errObject
	}
	return members, nil
}

// Text returns a member that must be a string; absent is "".
func Text(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", fmt.Errorf("its %q is no string", name)
	}
	return *s, nil
}
