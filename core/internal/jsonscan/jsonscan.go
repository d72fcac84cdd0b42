// Package jsonscan finds a few values in a JSON document in one bounded pass, without decoding it.
//
// There are three readers, because callers need opposite things of a document that is odd. [Paths.Find] is for what is
// not proved yet: values that prove a delivery, and credentials. It fails closed: a wanted member that comes twice,
// also in another case, is an error, because another reader could take the other one. So is anything that no sender
// writes. [Paths.Decide] is for what a proved document decides: whom it is for, whether it is a handshake. It is as
// strict about names, but no bound loses a document. [Paths.Read] is for what a proved document says of itself. It
// reads exact names, and nothing that it was not asked for can hide a value: neither a member in another case, nor a
// member that comes twice, nor deep nesting, nor a byte order mark.
//
// What is not wanted is skipped and not validated. In a document that encoding/json accepts, the values found are those
// that encoding/json finds. The work is linear in the document whatever it consists of, without recursion into what is
// skipped, and nothing is allocated for names with escapes or for nesting.
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
	ErrMalformed = errors.New("the body is not well-formed JSON")
	ErrDuplicate = errors.New("a member of the JSON body comes twice")
	ErrTooDeep   = errors.New("the JSON body is nested too deeply")
)

// Paths is a compiled set of pointers (RFC 6901).
type Paths struct {
	root    node
	count   int
	longest int // the length of the longest name
}

type node struct {
	name     []byte
	ascii    bool
	index    int // as an array index; -1 if the name is not one
	out      int // -1: not wanted itself
	children []*node
	// lengths has a bit for each length of a child's name, so that other names are passed over by their length.
	lengths uint64
	foreign bool // a child's name is not ASCII: names of other lengths may fold to it
}

// Compile compiles pointers; Find, Decide and Read return their values in the same order.
func Compile(pointers ...string) *Paths {
	p := &Paths{root: node{out: -1, index: -1}, count: len(pointers)}
	for i, pointer := range pointers {
		if pointer == "" {
			continue // nothing is wanted here
		}
		n := &p.root
		for _, part := range strings.Split(pointer, "/")[1:] {
			n = n.child(strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~"))
			p.longest = max(p.longest, len(n.name))
		}
		n.out = i
	}
	return p
}

// Len returns how many values Find, Decide and Read return.
func (p *Paths) Len() int { return p.count }

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
	n.children = append(n.children, c)
	n.lengths |= 1 << min(len(name), 63)
	n.foreign = n.foreign || !c.ascii
	return c
}

// maxDepth is how deep an unproved document may nest.
const maxDepth = 128

// Find fills out, which has Len elements, with the raw JSON of each value; nil where there is none. It fails closed: a
// wanted member that comes twice, in whatever case, refuses the document, and so do deep nesting and a byte order mark.
func (p *Paths) Find(data []byte, out [][]byte) error {
	return p.scan(scanner{data: data, out: out, strict: true, deepest: maxDepth})
}

// Decide is Find without a bound on nesting, and behind a byte order mark.
func (p *Paths) Decide(data []byte, out [][]byte) error {
	return p.scan(scanner{data: TrimMark(data), out: out, strict: true, deepest: noBound})
}

// Read fills out as Find does, by exact names alone and behind a byte order mark. A wanted member that comes twice
// clears its own value and those below it, which [Twice] then reports, and no other value.
func (p *Paths) Read(data []byte, out [][]byte) error {
	return p.scan(scanner{data: TrimMark(data), out: out, deepest: noBound})
}

func (p *Paths) scan(s scanner) error {
	clear(s.out)
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

// Twice reports whether Read left a value out because its member comes twice. [Text] and [Bytes] find nothing in it.
func Twice(raw []byte) bool { return raw != nil && len(raw) == 0 }

// Mark is the byte order mark of UTF-8, which some senders write before their JSON.
const Mark = "\ufeff"

// TrimMark returns a document without the byte order mark before it.
func TrimMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte(Mark)) }

// Starts reports whether data begins as a JSON object or array does, behind a byte order mark and white space.
func Starts(data []byte) bool {
	s := scanner{data: TrimMark(data)}
	s.space()
	return s.peek() == '{' || s.peek() == '['
}

// FirstKey returns the name of the first member of an object that is not except, nor one of others, which blanks
// separate.
func FirstKey(data []byte, except, others string) (string, bool) {
	s := scanner{data: TrimMark(data), deepest: noBound}
	if s.space(); s.peek() != '{' {
		return "", false
	}
	for {
		s.pos++
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
