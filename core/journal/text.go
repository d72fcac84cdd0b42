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
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal([][]byte{[]byte(t)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *text) UnmarshalJSON(b []byte) error {
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

// texts returns strings of the sender's for JSON.
func texts(list []string) []text {
	out := make([]text, len(list))
	for i, s := range list {
		out[i] = text(s)
	}
	return out
}

// plain is the reverse of texts. An empty list is nil, as a guard leaves it.
func plain(list []text) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

// stamp is a time in JSON: seconds since 1970 and nanoseconds. time.Time's own form has no year behind
// 9999, and a sender can write one.
type stamp [2]int64

// stampOf returns a time for JSON, in any year and without its location.
func stampOf(t time.Time) stamp { return stamp{t.Unix(), int64(t.Nanosecond())} }

func (s stamp) time() time.Time { return time.Unix(s[0], s[1]).UTC() }

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
