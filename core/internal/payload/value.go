package payload

import (
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// value returns a value, and whether it comes from the body. twice reports that the body holds it more than once.
//
// It never fails: what cannot be read is empty. A query that repeats a parameter counts as twice,
// because readers differ in which one they take.
func (r *Reader) value(v *entry.Value, t *Source) (text string, inBody, twice bool) {
	var raw []byte
	if v.With != "" && len(t.found()[r.at[v.With]]) == 0 {
		return "", false, false
	}
	switch {
	case v.JSON != "" && v.Const != "":
		if raw = t.found()[r.at[v.JSON]]; len(raw) > 0 {
			text = v.Const
		}
		return text, true, jsonscan.Twice(raw)
	case v.Header != "":
		return t.header(v.Header), false, false
	case v.JSON != "":
		raw = t.found()[r.at[v.JSON]]
	case v.Query != "":
		text, n, err := httpfield.QueryValue(t.RawQuery, v.Query)
		if err != nil {
			return "", false, false
		}
		return text, false, n > 1
	case v.Envelope != "" && t.envelope != nil:
		raw = t.envelope[r.envelope[v.Envelope]]
	case v.FirstKey != "":
		text, _ = jsonscan.FirstKey(t.Payload, v.FirstKey, v.NotKeys)
		return text, true, false
	case v.Form != "" && t.fields != nil:
		return r.formText(v, &t.fields[r.formAt[v.Form]])
	default:
		return "", false, false
	}
	text, _ = jsonscan.Text(raw)
	return text, true, jsonscan.Twice(raw)
}

// formText returns the value that a field of a form has.
//
// Form fields come from the body, so they are as proved as the body is.
func (r *Reader) formText(v *entry.Value, field *formscan.Field) (text string, inBody, twice bool) {
	value, ok := field.Bytes()
	switch {
	case !ok:
		return "", true, field.Count > 1
	case v.Const != "":
		return v.Const, true, false
	case v.InForm == "":
		return string(value), true, false
	}
	var one [1][]byte
	if r.inForm[v.InForm].Read(value, one[:]) != nil {
		return "", true, false
	}
	text, _ = jsonscan.Text(one[0])
	return text, true, jsonscan.Twice(one[0])
}

// parseEventTime reads an event's own time. It is lenient, where the reading of signed timestamps is strict: nothing is
// decided by this one. A time that JSON cannot hold is none: an app that writes it down would fail on a proved
// delivery.
//
// Seconds beyond some 9.2e12 do not fit into a count of microseconds: such a time is wrong, and still
// decides nothing.
func parseEventTime(unit entry.Unit, text string) (time.Time, bool) {
	if unit == entry.SecondsOrRFC3339 {
		unit = entry.Seconds
		if strings.Contains(text, "T") {
			unit = entry.RFC3339
		}
	}
	if unit == entry.DateTimeInUTC || unit == entry.DateTimeInChina {
		t, err := time.Parse(time.DateTime, text)
		if unit == entry.DateTimeInChina {
			t = t.Add(-8 * time.Hour)
		}
		return writable(t, err)
	}
	if unit == entry.RFC3339 || unit == entry.RFC3339InUTC {
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil && unit == entry.RFC3339InUTC {
			t, err = time.Parse("2006-01-02T15:04:05", text) // and a fraction, if there is one
		}
		return writable(t, err)
	}
	n, err := strconv.ParseFloat(text, 64)
	// NaN compares as false.
	if err != nil || !(n >= 0 && n <= latestTime) {
		return time.Time{}, false
	}
	if unit == entry.Milliseconds || (unit == entry.SecondsOrMilliseconds && n > 99_999_999_999) { // the year 5138
		return time.UnixMilli(int64(n)).UTC(), true
	}
	if n > latestTime/1000 {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(n * 1e6)).UTC(), true
}

// writable returns a parsed time as JSON can hold it.
func writable(t time.Time, err error) (time.Time, bool) {
	if err != nil {
		return time.Time{}, false
	}
	return jsonscan.WritableTime(t)
}

// latestTime is the end of the year 9999, in milliseconds since 1970.
const latestTime = 253_402_300_799_999
