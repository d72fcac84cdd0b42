package journal

import (
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"
)

// text is a string of the sender's in JSON. encoding/json replaces what is not UTF-8, but a run needs
// the very bytes: such a string is written as an array that holds its base64.
type text string

// MarshalJSON writes a string, or an array for bytes that are not UTF-8.
func (t text) MarshalJSON() ([]byte, error) { return appendText(make([]byte, 0, len(t)+2), string(t)) }

// appendText appends the form of a text.
func appendText(b []byte, s string) ([]byte, error) {
	if simple(s) { // as nearly every text is
		return append(append(append(b, '"'), s...), '"'), nil
	}
	var form any = s
	if !utf8.ValidString(s) {
		form = [][]byte{[]byte(s)}
	}
	written, err := json.Marshal(form)
	return append(b, written...), err
}

// simple reports whether encoding/json writes s as it is, between quotation marks.
func simple[T string | []byte](s T) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= utf8.RuneSelf, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *text) UnmarshalJSON(b []byte) error {
	if n := len(b) - 1; n > 0 && b[0] == '"' && b[n] == '"' && simple(b[1:n]) {
		*t = text(b[1:n])
		return nil
	}
	if len(b) == 0 || b[0] != '[' {
		return json.Unmarshal(b, (*string)(t))
	}
	var list [][]byte
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	if len(list) != 1 {
		return errors.New("an encoded text that does not hold one value")
	}
	*t = text(list[0])
	return nil
}

// micro returns t as rows hold it. Databases have microseconds: a finer time would not be found again
// by a cursor.
func micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// short cuts a text to at most most bytes, at the beginning of a character.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	// The mark at the end says that there was more.
	const dots = "..."
	at := most - len(dots)
	// At most three bytes back: the text may not be UTF-8 at all.
	for at > 0 && at > most-len(dots)-utf8.UTFMax && !utf8.RuneStart(s[at]) {
		at--
	}
	return s[:at] + dots
}
