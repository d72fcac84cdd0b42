package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// The stored forms of fields. Each is the type of the field with JSON of its own.
type (
	texts   []string  // a list of texts; an empty one is nil, as a guard leaves it
	stamp   time.Time // seconds since 1970 and nanoseconds: time.Time's form has no year after 9999, a sender may
	hash    [32]byte  // hexadecimal digits
	headers map[string][]string
	parts   []Part // the identity and the digest of each, 64 bytes, in base64
)

// partSize is how many bytes a part of a batch takes.
const partSize = 64

// MarshalJSON writes a list of texts.
func (t texts) MarshalJSON() ([]byte, error) { return appendTexts(nil, t) }

func appendTexts(b []byte, list []string) (_ []byte, err error) {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, s); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *texts) UnmarshalJSON(b []byte) error {
	var list []text
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*t = stringsOf(list)
	return nil
}

// stringsOf returns the strings of a list. An empty list is nil, as a guard leaves it.
func stringsOf(list []text) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

// MarshalJSON writes the time without its location.
func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	b := strconv.AppendInt(append(make([]byte, 0, 32), '['), t.Unix(), 10)
	return append(strconv.AppendInt(append(b, ','), int64(t.Nanosecond()), 10), ']'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *stamp) UnmarshalJSON(b []byte) error {
	var at [2]int64
	if err := fromStamp(b, &at); err != nil && json.Unmarshal(b, &at) != nil {
		return err
	}
	*s = stamp(time.Unix(at[0], at[1]).UTC())
	return nil
}

// fromStamp reads a stamp as we write it, without spaces.
func fromStamp(b []byte, at *[2]int64) (err error) {
	seconds, nanos, _ := bytes.Cut(b[1:max(1, len(b)-1)], []byte{','})
	if at[0], err = strconv.ParseInt(string(seconds), 10, 64); err != nil {
		return err
	}
	at[1], err = strconv.ParseInt(string(nanos), 10, 64)
	return err
}

// MarshalText writes digits.
func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText decodes a hash. It refuses any other length: a short copy would leave zeros, which mean "none".
func (h *hash) UnmarshalText(digits []byte) error {
	if len(digits) == hex.EncodedLen(len(h)) {
		if _, err := hex.Decode(h[:], digits); err == nil {
			return nil
		}
	}
	return fmt.Errorf("a value of %d characters, want 64 hexadecimal digits", len(digits))
}

// MarshalJSON writes a list of lists, each a name and its values. Names are sorted: see writeHead.
func (h headers) MarshalJSON() ([]byte, error) {
	b, err := []byte{'['}, error(nil)
	for i, name := range slices.Sorted(maps.Keys(h)) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendTexts(b, append([]string{name}, h[name]...)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *headers) UnmarshalJSON(b []byte) error {
	var lines [][]text
	if err := json.Unmarshal(b, &lines); err != nil || len(lines) == 0 {
		return err
	}
	*h = make(headers, len(lines))
	for _, line := range lines {
		if len(line) == 0 {
			return errors.New("a header without a name")
		}
		(*h)[string(line[0])] = stringsOf(line[1:])
	}
	return nil
}

// MarshalJSON writes the parts of a batch.
func (p parts) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(p)*partSize)
	for i := range p {
		b = append(append(b, p[i].Identity[:]...), p[i].Digest[:]...)
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *parts) UnmarshalJSON(data []byte) error {
	var b []byte
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if len(b)%partSize != 0 {
		return errors.New("its list of events is cut off")
	}
	for part := range slices.Chunk(b, partSize) {
		*p = append(*p, Part{[32]byte(part[:32]), [32]byte(part[32:])})
	}
	return nil
}
