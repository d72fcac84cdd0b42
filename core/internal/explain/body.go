package explain

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
)

// change is something that is known to happen to bodies on their way, undone.
//
// undo returns a new slice or its input, and never writes into the body: the body is tried again after
// it.
type change struct {
	code reason.Code
	text string // follows "the signature matches"
	fix  string
	undo func([]byte) []byte
	// json says that undo gets the body without white space, where it is JSON, and does not apply where it is not.
	json bool
}

const (
	rawBytes = "hand the guard the bytes as they came: mount it before whatever parses or rewrites the body"
	asSent   = "send the saved bytes as they are: curl --data-binary @file, and an editor that adds nothing"
	asBinary = rawBytes + "; in git, mark saved deliveries as binary"

	rewritten = ": it was parsed and written again"
)

// It is a function because a package-level slice could be changed. The order is the order of the
// trials: cheap and frequent changes come first, as the granted work may end early.
func changes() []change {
	return []change{
		{reason.BodyNewline, " without the line break at the end of the body", asSent, withoutNewline, false},
		{reason.BodyNewline, " with a line break at the end of the body, which was lost", asSent, withNewline, false},
		{reason.BodyLineEnds, " with LF in place of CRLF", asBinary, lineFeeds, false},
		{reason.BodyLineEnds, " with CRLF in place of LF", asBinary, carriageReturns, false},
		{reason.BodySlashes, ` with "/" in place of "\/"`, rawBytes, unescapeSlashes, false},
		{reason.BodySlashes, ` with "\/" in place of "/"`, rawBytes, escapeSlashes, false},
		{reason.BodyReserialised, " the same JSON without white space" + rewritten, rawBytes, unchanged, true},
		{reason.BodyReserialised, ` the same JSON without white space and without "\/"` + rewritten, rawBytes,
			unescapeSlashes, true},
		{reason.BodyReserialised, ` the same JSON with a space after each "," and ":"` + rewritten, rawBytes, spaced,
			true},
		{reason.BodyReserialised, ` the same JSON with its \u escapes written out` + rewritten, rawBytes, writeOut,
			false},
		{reason.BodyReserialised, ` the same JSON without white space and with its \u escapes written out` + rewritten,
			rawBytes, writeOut, true},
	}
}

// withoutNewline removes one line break. A second one would be part of what the sender signed.
func withoutNewline(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// withNewline works on a copy: appending in place could write behind the body, into a buffer that
// others use.
func withNewline(b []byte) []byte { return slices.Concat(b, []byte{'\n'}) }

func lineFeeds(b []byte) []byte { return replace(b, "\r\n", "\n") }

// carriageReturns turns CRLF into LF first, so that no line end becomes CR CR LF.
func carriageReturns(b []byte) []byte {
	return replace(lineFeeds(b), "\n", "\r\n")
}

// escapeSlashes writes every slash as PHP's json_encode does by default. It removes escapes first, or
// they would be escaped twice.
func escapeSlashes(b []byte) []byte {
	return replace(unescapeSlashes(b), "/", `\/`)
}

// bodies tries the body with each change undone.
//
// A body that has been tried is not tried again: a repeated trial costs work and finds nothing. An
// empty result means that the change does not apply.
func (x *Examiner) bodies(keys *signature.Keys, url string) (reason.Finding, bool) {
	if !x.Verifier.SignsBody {
		return reason.Finding{}, false
	}
	tried := [][]byte{x.Body}
	compacted := sync.OnceValue(func() []byte { return compact(x.Body) })
	for _, c := range changes() {
		b := x.Body
		if c.json {
			b = compacted()
		}
		b = c.undo(b)
		if len(b) == 0 || contains(tried, b) {
			continue
		}
		tried = append(tried, b)
		if label, ok := x.matches(keys, url, b); ok {
			return reason.Finding{
				Code:   c.code,
				Text:   "the signature matches" + c.text,
				Fix:    c.fix,
				Secret: label,
			}, true
		}
		// The work is used up. No finding is then made of what was not tried.
		if x.Left <= 0 {
			break
		}
	}
	return reason.Finding{}, false
}

func contains(all [][]byte, b []byte) bool {
	return slices.ContainsFunc(all, func(have []byte) bool {
		return bytes.Equal(have, b) //lint:notsecret bodies, which the sender has
	})
}

func unescapeSlashes(b []byte) []byte { return replace(b, `\/`, "/") }

// replace is bytes.ReplaceAll without a copy where there is nothing to replace: most changes do not apply to most
// bodies, and unverified senders cause the copies.
func replace(b []byte, old, by string) []byte {
	if !bytes.Contains(b, []byte(old)) {
		return b
	}
	return bytes.ReplaceAll(b, []byte(old), []byte(by))
}

// compact removes white space. It keeps the order of the keys and the text of every value.
//
// It returns nil for what is not JSON, which the caller skips. json.Compact leaves numbers as they are
// written, such as 1.0.
func compact(b []byte) []byte {
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	if json.Compact(out, b) != nil {
		return nil
	}
	return out.Bytes()
}

func unchanged(b []byte) []byte { return b }

// spaced adds a space after each comma and colon of compact JSON, as Python writes it.
//
// Quotation marks are tracked, because a comma inside a text stands for itself.
func spaced(b []byte) []byte {
	out := make([]byte, 0, len(b)+bytes.Count(b, []byte{','})+bytes.Count(b, []byte{':'}))
	quoted := false
	for i, c := range b {
		out = append(out, c)
		switch {
		case c == '"' && !escapedAt(out, len(out)-1):
			quoted = !quoted
		case !quoted && i > 0 && (c == ',' || c == ':'):
			out = append(out, ' ')
		}
	}
	return out
}

// escapedAt reports whether an odd number of backslashes stands before a place.
//
// Of two backslashes the second is the text of the first, so only an odd number escapes what follows.
func escapedAt(b []byte, at int) bool {
	n := 0
	for at > n && b[at-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// writeOut replaces \u escapes by their characters, except for those that JSON needs.
//
// It reads at most twelve bytes for one character: two halves of a surrogate pair (RFC 8259, section
// 7). Control characters, quotation marks and backslashes keep their escapes, because JSON must not
// hold them otherwise.
func writeOut(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u`)) {
		return b
	}
	out := make([]byte, 0, len(b)) // no character is longer than its escape
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		if b[i+1] != 'u' {
			out = append(out, b[i], b[i+1])
			i++
			continue
		}
		end := i + 6
		for end+6 <= len(b) && b[end] == '\\' && b[end+1] == 'u' && end-i < 12 {
			end += 6 // perhaps the second half of a pair
		}
		var text string
		if end > len(b) || json.Unmarshal(append(append([]byte{'"'}, b[i:end]...), '"'), &text) != nil {
			out = append(out, b[i])
			continue
		}
		if utf8.RuneCountInString(text) > 1 { // no pair: the next escape is the next round's
			r, _ := utf8.DecodeRuneInString(text)
			text, end = string(r), i+6
		}
		if r, _ := utf8.DecodeRuneInString(text); r < 0x20 || r == '"' || r == '\\' || r == utf8.RuneError {
			out = append(out, b[i:end]...)
		} else {
			out = append(out, text...)
		}
		i = end - 1
	}
	return out
}
