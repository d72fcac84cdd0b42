// Package strictjson reads JSON for security decisions: key sets, keys, tokens. It fails closed on every document that
// two readers could read differently.
//
// [Members] and [String] are for each delivery, such as the claims of a token: one pass, without allocations for the
// usual case. [Object] and [Text] make a map of it, for documents that are read rarely, such as key sets.
//
// They refuse:
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
	"encoding/json"
	"fmt"
)

// maxDepth is how many objects and arrays may be nested. Key sets and tokens need three or four.
const maxDepth = 8

// Object splits an object with [Members]. The caller looks names up exactly. The struct fields of encoding/json ignore
// case, and would read "KTY" as "kty".
func Object(data json.RawMessage) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if err := Members(data, func(name, value []byte) { members[string(name)] = value }); err != nil {
		return nil, err
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
	text, ok := String(raw)
	if !ok {
		return "", fmt.Errorf("its %q is not a string", name)
	}
	return string(text), nil
}
