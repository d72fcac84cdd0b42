// Package jsonscan finds a few values in a JSON document (RFC 8259) in one bounded pass, without decoding it.
//
//	paths := jsonscan.Compile("/id", "/data/object/type", "/items/0/name") // once
//	var raw [3][]byte
//	if err := paths.Find(body, raw[:]); err != nil {
//		return err
//	}
//	id, ok := jsonscan.Text(raw[0])
//
// There are three readers, because callers need opposite things of an unusual document:
//
//   - [Paths.Find] is for documents that are not proved yet: values that prove a delivery, and credentials. It fails
//     closed. A wanted member that comes twice, also in another case, is an error, because another reader could use the
//     other one. So is everything that no sender writes.
//   - [Paths.Decide] is for decisions by a proved document: whom it is for, whether it is a handshake. It is as strict
//     about names. It has no bounds, so that no proved document is lost.
//   - [Paths.Read] is for the facts that a proved document states. It reads exact names. No other content can hide a
//     value: neither a member in another case, nor another member that comes twice, nor deep nesting, nor a byte order
//     mark.
//
// Values that are not wanted are skipped and not validated. In a document that encoding/json accepts, the found values
// are those that encoding/json finds. The work is linear in the size of the document, whatever it consists of. Skipped
// values cause no recursion, and names with escapes and nesting cause no allocation.
//
// # Which reader accepts what
//
//	                              Find      Decide    Read
//	a wanted member twice         error     error     its value is empty, see Twice
//	the same in another case      error     error     is another member
//	more than 128 levels          error     accepted  accepted
//	a byte order mark             error     skipped   skipped
//	text after the document       error     error     error
//	an error in a skipped value   accepted  accepted  accepted
//
// To know that the whole document is well-formed, use [Whole].
package jsonscan

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Errors of Find and Read.
var (
	ErrMalformed = errors.New("the body is not well-formed JSON")      // or text follows it
	ErrDuplicate = errors.New("a member of the JSON body comes twice") // in whatever case; not of Read
	ErrTooDeep   = errors.New("the JSON body is nested too deeply")    // deeper than maxDepth; only of Find
)

// Paths is a compiled set of pointers (RFC 6901). It does not change after Compile, so it is safe for concurrent use.
type Paths struct {
	root    node
	count   int // of the pointers
	longest int // the length of the longest name, in bytes
}

// node is one name of a pointer. Pointers with a common beginning share its nodes.
type node struct {
	name     []byte
	ascii    bool
	index    int // the name as an index of an array; -1 if it is not one
	out      int // the place of the value in the output; -1: only children are wanted
	children []*node
	// lengths has a bit for each length of a child's name. Nearly all other names are skipped by their length alone.
	// The last bit stands for 63 and more.
	lengths uint64
	foreign bool // a child's name is not ASCII: names of other lengths may fold to it
}

// Compile compiles pointers. Find, Decide and Read return their values in the same order. An empty pointer, the whole
// document, has no value. There should be fewer than 64 names at each level, see object.
func Compile(pointers ...string) *Paths {
	p := &Paths{root: node{out: -1, index: -1}, count: len(pointers)}
	for i, pointer := range pointers {
		if pointer == "" {
			continue // an absent setting: its value stays nil
		}
		n := &p.root
		for _, part := range strings.Split(pointer, "/")[1:] {
			// In this order, so that "~01" becomes "~1" (RFC 6901, section 4).
			n = n.child(strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
			p.longest = max(p.longest, len(n.name))
		}
		n.out = i
	}
	return p
}

// Len returns how many values Find, Decide and Read return.
func (p *Paths) Len() int { return p.count }

// child returns the child with that name, and adds it where it is missing. "01" is not an index: RFC 6901 forbids
// leading zeros.
func (n *node) child(name string) *node {
	for _, c := range n.children {
		if string(c.name) == name {
			return c
		}
	}
	c := &node{name: []byte(name), ascii: isASCII([]byte(name)), out: -1, index: -1}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && strconv.Itoa(i) == name {
		c.index = i
	}
	// The lengths and foreign let match skip a name without a comparison, see there.
	n.children = append(n.children, c)
	n.lengths |= 1 << min(len(name), 63)
	n.foreign = n.foreign || !c.ascii
	return c
}

// maxDepth is how deep an unproved document may nest. No sender comes near it.
const maxDepth = 128

// Find fills out, which must have Len elements, with the raw JSON of each value, or nil where there is none. It fails
// closed: a wanted member that comes twice, in whatever case, is an error, and so are deep nesting and a byte order
// mark.
func (p *Paths) Find(data []byte, out [][]byte) error {
	return p.scan(scanner{data: data, out: out, strict: true, deepest: maxDepth})
}

// Decide fills out as Find does, without a bound on nesting, and skips a byte order mark.
func (p *Paths) Decide(data []byte, out [][]byte) error {
	return p.scan(scanner{data: TrimMark(data), out: out, strict: true, deepest: noBound})
}

// Read fills out as Find does, by exact names only, without a bound on nesting, and skips a byte order mark. If a
// wanted member comes twice, its value and those below it are cleared, which [Twice] then reports. All other values are
// kept.
func (p *Paths) Read(data []byte, out [][]byte) error {
	return p.scan(scanner{data: TrimMark(data), out: out, deepest: noBound})
}

// scan reads one document to its end. After an error, values of its beginning may be set: the caller must not use them.
func (p *Paths) scan(s scanner) error {
	clear(s.out) // the caller reuses it for the next delivery
	s.longest = p.longest
	s.space()
	if err := s.value(&p.root, 0); err != nil {
		return err
	}
	s.space()
	if s.pos != len(s.data) {
		return ErrMalformed
	}
	return nil
}

// Twice reports whether Read cleared a value because its member comes twice. Such a value is empty and not nil. [Text]
// and [Bytes] find nothing in it.
func Twice(raw []byte) bool { return raw != nil && len(raw) == 0 }

// Mark is the byte order mark of UTF-8, which some senders write before their JSON.
const Mark = "\ufeff"

// TrimMark returns a document without the byte order mark before it. RFC 8259, section 8.1, allows a reader to ignore
// it.
func TrimMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte(Mark)) }

// Starts reports whether data begins as a JSON object or array does, after a byte order mark and white space. It reads
// no further.
func Starts(data []byte) bool {
	s := scanner{data: TrimMark(data)}
	s.space()
	return s.peek() == '{' || s.peek() == '['
}

// FirstKey returns the name of the first member of an object that is neither except nor one of others, a list separated
// by blanks. It reads only up to that name. It is for proved documents: some senders name the type of an event by its
// member.
func FirstKey(data []byte, except, others string) (string, bool) {
	s := scanner{data: TrimMark(data), deepest: noBound}
	if s.space(); s.peek() != '{' {
		return "", false
	}
	for {
		s.pos++ // the bracket, or the comma
		s.space()
		start := s.pos
		if _, err := s.str(); err != nil {
			return "", false
		}
		name, ok := Text(s.data[start:s.pos])
		if s.space(); !ok || s.peek() != ':' {
			return "", false
		}
		if name != except && !slices.Contains(strings.Fields(others), name) {
			return name, true
		}
		s.pos++
		s.space()
		if s.value(nil, 0) != nil {
			return "", false
		}
		if s.space(); s.peek() != ',' {
			return "", false
		}
	}
}
