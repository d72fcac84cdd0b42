package signature

import (
	"time"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// CutURL cuts a URL as the parts that sign one do, and gives its forms with and without a port.
func CutURL(text string) (parts [4]string, with, without string) {
	scheme, host, port, rest := SplitURL(text)
	return [4]string{scheme, host, port, rest}, urlWithPort(text), urlWithoutPort(text)
}

// SortedForm gives names and values in turn.
func SortedForm(body []byte) (fields []string, ok bool) {
	sorted, ok := sortedForm(body, entry.RepeatsSorted)
	for _, f := range sorted {
		fields = append(fields, f.name, f.value)
	}
	return fields, ok
}

// ParseSeconds, ParseMilliseconds and ParseRFC3339 read timestamps.
func ParseSeconds(text string) (time.Time, bool) { return parseTimestamp(entry.Seconds, text) }

// ParseMilliseconds reads milliseconds.
func ParseMilliseconds(text string) (time.Time, bool) {
	return parseTimestamp(entry.Milliseconds, text)
}

// ParseRFC3339 reads an RFC 3339 time.
func ParseRFC3339(text string) (time.Time, bool) { return parseTimestamp(entry.RFC3339, text) }
