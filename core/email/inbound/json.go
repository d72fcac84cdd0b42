package inbound

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// maxList is how many items of a list are read.
const maxList = 10_000

// fields are the raw values at the places of a document. A document that is not an object has none.
type fields map[string][]byte

func readFields(doc []byte, places ...string) fields {
	found := make([][]byte, len(places))
	f := fields{}
	if !isKind(doc, '{') || jsonscan.Compile(places...).Read(doc, found) != nil {
		return f
	}
	for i, place := range places {
		f[place] = found[i]
	}
	return f
}

func isKind(raw []byte, open byte) bool {
	raw = bytes.TrimLeft(jsonscan.TrimMark(raw), " \t\r\n")
	return len(raw) > 0 && raw[0] == open
}

// has reports whether a member is there and not null.
func (f fields) has(place string) bool { return len(f[place]) > 0 && string(f[place]) != "null" }

func (f fields) text(place string) string {
	text, _ := jsonscan.Text(f[place])
	return text
}

func (f fields) bytes(place string) []byte {
	text, _ := jsonscan.Bytes(f[place])
	return text
}

// list returns the items of a list.
func (f fields) list(place string) [][]byte {
	items, err := jsonscan.Items(f[place], maxList)
	if err != nil {
		return nil
	}
	return items
}

// number returns a number, also one that is written as text; nil for anything else.
func (f fields) number(place string) *float64 { return numberOf(f.text(place)) }

func numberOf(text string) *float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || n != n || n > 1e9 || n < -1e9 {
		return nil
	}
	return &n
}

// eachRaw calls fn with the raw value of each member of an object.
func eachRaw(object []byte, fn func(name string, value []byte)) {
	n := 0
	_ = jsonscan.Members(object, func(name, value []byte) error {
		if n++; n > maxList {
			return jsonscan.ErrTooMany
		}
		fn(string(name), value)
		return nil
	})
}

// eachMember calls fn with the texts of an object's members; those of a list one by one.
func eachMember(object []byte, fn func(name, value string)) {
	eachRaw(object, func(name string, value []byte) {
		if text, ok := jsonscan.Text(value); ok {
			fn(name, text)
			return
		}
		items, err := jsonscan.Items(value, maxList)
		if err != nil {
			return
		}
		for _, item := range items {
			if text, ok := jsonscan.Text(item); ok {
				fn(name, text)
			}
		}
	})
}

func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	t, _ = jsonscan.WritableTime(t.UTC().Truncate(time.Microsecond))
	return t
}

func unixOf(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 253402300799 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// eachClass counts the members of an object.
func eachClass(object []byte, n *int) {
	_ = jsonscan.Members(object, func(_, _ []byte) error {
		*n++
		return nil
	})
}
