package email

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// maxList is how many items of a list in an event are read. The rest is in Raw.
const maxList = 20_000

// tagsOf reads a list of texts, or one text. A list in the list is read as if its items stood in the outer one; null
// and objects are left out. It returns nil where there is no tag.
func tagsOf(raw []byte) []string {
	if text, ok := jsonscan.Text(raw); ok {
		return []string{text}
	}
	return appendTags(nil, raw, 2)
}

func appendTags(tags []string, raw []byte, depth int) []string {
	if depth == 0 || !isList(raw) {
		return tags
	}
	items, err := jsonscan.Items(raw, maxList)
	if err != nil {
		return tags
	}
	for _, item := range items {
		if text, ok := jsonscan.Text(item); ok {
			tags = append(tags, text)
		} else {
			tags = appendTags(tags, item, depth-1)
		}
	}
	return tags
}

// objectOf reads an object. It returns nil for anything else, and for one without members.
func objectOf(raw []byte) map[string]any {
	if !isObject(raw) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(jsonscan.TrimMark(raw)))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil || len(m) == 0 {
		return nil
	}
	for name, value := range m {
		m[name] = withNumbers(value)
	}
	return m
}

// objectIn is objectOf for an object that is written as text.
func objectIn(text string) map[string]any { return objectOf([]byte(text)) }

// valueOf reads any JSON value; ok is false for what encoding/json does not read.
func valueOf(raw []byte) (value any, ok bool) {
	if len(raw) > 0 && raw[0] == '"' {
		return jsonscan.Text(raw)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, false
	}
	return withNumbers(value), true
}

// withNumbers makes float64 of the numbers that keep their value as one. The depth is bounded by encoding/json.
func withNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil || (strings.IndexByte(string(v), '.') < 0 && strconv.FormatFloat(f, 'f', -1, 64) != string(v)) {
			return v
		}
		return f
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withNumbers(v[name])
		}
	}
	return value
}

// unit is how a sender writes times.
type unit uint8

const (
	seconds      unit = iota // since 1970, with or without a fraction
	wholeSeconds             // the fraction is left out
	milliseconds
	calendar // RFC 3339, or a date and a time with a space between them, in UTC where no zone is given
)

// read returns a time in UTC to the microsecond; zero for what cannot be read.
func (u unit) read(text string) time.Time {
	if u == calendar {
		return calendarTime(text)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < 0 || n > maxMillis || !digits(fraction) {
		return time.Time{}
	}
	if u == milliseconds {
		return time.UnixMilli(n).UTC()
	}
	if n > maxMillis/1000 {
		return time.Time{}
	}
	micros := int64(0)
	if fraction != "" && u == seconds {
		micros, _ = strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	}
	return time.Unix(n, micros*1000).UTC()
}

// maxMillis is the end of the year 9999, which is the last that JSON can say.
const maxMillis = 253402300799999

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }

func calendarTime(text string) time.Time {
	for _, layout := range [...]string{
		time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07",
		"2006-01-02T15:04:05Z0700",
	} {
		if t, err := time.Parse(layout, text); err == nil { // each layout takes a fraction
			return exact(t)
		}
	}
	return time.Time{}
}

// exact returns a time in UTC to the microsecond; zero where JSON could not say it.
func exact(t time.Time) time.Time {
	t, _ = jsonscan.WritableTime(t.UTC().Truncate(time.Microsecond))
	return t
}

// bare returns the address without a display name; the text as it is where it is not one.
func bare(text string) string {
	if strings.IndexByte(text, '<') < 0 {
		return strings.TrimSpace(text)
	}
	if a, err := mail.ParseAddress(text); err == nil {
		return a.Address
	}
	if _, rest, ok := strings.Cut(text, "<"); ok {
		if inner, _, ok := strings.Cut(rest, ">"); ok {
			return strings.TrimSpace(inner)
		}
	}
	return strings.TrimSpace(text)
}

// firstAddress returns the first address of a list that is separated by commas, without a display name.
func firstAddress(text string) string {
	if list, err := mail.ParseAddressList(text); err == nil && len(list) > 0 {
		return list[0].Address
	}
	first, _, _ := strings.Cut(text, ",")
	return bare(first)
}

// nameAndValue are the places of a header in a list of objects.
var nameAndValue = jsonscan.Compile("/name", "/value") //lint:immutable never written

// eachHeader calls fn with each header of a list of objects with name and value.
func eachHeader(raw []byte, fn func(name, value string)) {
	items, err := jsonscan.Items(raw, maxList)
	if err != nil {
		return
	}
	for _, item := range items {
		var found [2][]byte
		if !isObject(item) || nameAndValue.Read(item, found[:]) != nil {
			continue
		}
		name, named := jsonscan.Text(found[0])
		if value, ok := jsonscan.Text(found[1]); named && ok {
			fn(name, value)
		}
	}
}
