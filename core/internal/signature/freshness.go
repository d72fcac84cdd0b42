package signature

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// parseTimestamp accepts one form per unit, so that the signed text can be read in one way only.
//
// It fails closed for every other form: a sign, a leading zero, a fraction, a space. Two texts for one
// time would let the bytes next to the time move into it.
func parseTimestamp(unit entry.Unit, text string) (time.Time, bool) {
	switch unit {
	case entry.Seconds, entry.Milliseconds, entry.SecondsOrMilliseconds:
		limit := 11 // 99,999,999,999 seconds end in the year 5138
		// The number of digits decides, and it is signed. Nobody can turn seconds into milliseconds
		// without another signature.
		if unit == entry.SecondsOrMilliseconds && len(text) > limit {
			unit = entry.Milliseconds
		}
		if unit == entry.Milliseconds {
			limit = 14
		}
		if text == "" || len(text) > limit || (text[0] == '0' && len(text) > 1) {
			return time.Time{}, false
		}
		// 14 digits are far below 1<<63, so this never overflows into a time of the attacker's choice.
		var n int64 // of 14 digits at most
		for i := range len(text) {
			if text[i] < '0' || text[i] > '9' {
				return time.Time{}, false
			}
			n = 10*n + int64(text[i]-'0')
		}
		if unit == entry.Milliseconds {
			return time.UnixMilli(n), true
		}
		return time.Unix(n, 0), true
	case entry.RFC3339:
		// time.Parse is lenient about commas before fractions, hours of one digit and lengths we do not expect.
		// Each deviation is a second text for the same time. RFC 3339, section 5.6, has a colon after
		// two digits of the hour, and a point before a fraction.
		const hour = len("2006-01-02T15")
		if len(text) <= hour || len(text) > 40 || text[hour] != ':' || strings.Contains(text, ",") {
			return time.Time{}, false
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		return t, err == nil
	case entry.HTTPDate:
		// time.Parse takes other forms of one time, such as another weekday or a zone's name.
		t, err := time.Parse(http.TimeFormat, text)
		return t, err == nil && t.Format(http.TimeFormat) == text
	case entry.RFC3339InUTC:
		// The one form is without a zone: with one it would be another unit.
		return parseTimestamp(entry.RFC3339, text+"Z")
	default:
		return time.Time{}, false
	}
}

// checkFreshness refuses a timestamp outside of the window around now, whose ends are inside. Where the scheme signs no
// time there is nothing to check.
func (v *Verifier) checkFreshness(text string, now time.Time) fault.Failure {
	if !v.SignsTime {
		return fault.Failure{}
	}
	// Fails closed. Leaving the timestamp out must never be a way around the window.
	if text == "" {
		return fault.New(reason.MissingTimestamp, v.texts.missingTime)
	}
	t, ok := parseTimestamp(v.Unit, text)
	if !ok {
		return fault.New(reason.MalformedTimestamp, "the timestamp has "+strconv.Itoa(len(text))+v.texts.malformedTime)
	}
	return v.checkMoment(t, now)
}

// checkMoment refuses a time outside of the window around now.
//
// It fails closed on both sides. An old time is a replay of a captured delivery. A time far ahead would
// stay replayable for as long as it lies ahead.
func (v *Verifier) checkMoment(t, now time.Time) fault.Failure {
	// A difference of centuries is beyond a Duration, and Sub gives the longest one there is. The negative of the
	// shortest would overflow: only the windows, which are short, are negated.
	age := now.Sub(t)
	switch {
	case age > v.Past:
		return fault.New(reason.Stale,
			"the timestamp is "+httpfield.Span(now.Sub(t))+" old, and at most "+httpfield.Span(v.Past)+
				" is allowed: a replay, a slow queue, or this machine's clock is fast (see Limits.Tolerance)")
	case age < -v.Future:
		return fault.New(reason.Early,
			"the timestamp is "+httpfield.Span(t.Sub(now))+" ahead, and at most "+httpfield.Span(v.Future)+
				" is allowed: this machine's clock may be slow (see Limits.Tolerance)")
	}
	return fault.Failure{}
}

// tolerate returns what is wrong with a timestamp. Where the claims are lenient, a stale or early time is recorded in
// StaleNote instead, and the signature must still be right.
//
// Only stale and early times are tolerated. A missing or malformed time still refuses: fails closed.
// The first note stays, because later ones are of later items.
func (p *Claims) tolerate(f fault.Failure) fault.Failure {
	if !p.Lenient || (f.Reason != reason.Stale && f.Reason != reason.Early) {
		return f
	}
	if !p.StaleNote.Failed() {
		p.StaleNote = f
	}
	return fault.Failure{}
}
