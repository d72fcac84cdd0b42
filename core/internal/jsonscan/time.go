package jsonscan

import "time"

// WritableTime returns a time that somebody else wrote in a form that time.Time can write as JSON, also in UTC: an app
// that writes it down must not fail on a proved delivery. A zone of a whole day or more, which time.Parse accepts,
// becomes UTC. ok is false, and the time is zero, before the year 1 and behind the year 9999.
//
// The zone has no name. time.Parse makes the machine's own zone of an offset that it has at that time, and the same
// event would print differently elsewhere.
func WritableTime(t time.Time) (writable time.Time, ok bool) {
	utc := t.UTC()
	switch name, offset := t.Zone(); {
	case offset == 0, offset <= -day, offset >= day: // the last two are of no real zone: the instant is what counts
		t = utc
	case name != "":
		t = t.In(time.FixedZone("", offset))
	}
	for _, year := range [...]int{t.Year(), utc.Year()} {
		if year < 1 || year > 9999 {
			return time.Time{}, false
		}
	}
	return t, true
}

const day = 24 * 60 * 60 // seconds east or west of UTC
