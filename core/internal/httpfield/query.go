package httpfield

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxQueryBytes is the longest query that is parsed: net/http lets one of a megabyte through, and nobody is proved yet.
const maxQueryBytes = 16 << 10

// QueryValue returns the first value of one parameter, and how many there are. Semicolons and malformed escapes in the
// whole query are errors, as for url.ParseQuery, and so is a query that is longer than any provider's.
func QueryValue(rawQuery, name string) (value string, n int, err error) {
	if len(rawQuery) > maxQueryBytes {
		return "", 0, errors.New("the query is too long")
	}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if strings.Contains(pair, ";") {
			return "", 0, errors.New("the query holds a semicolon")
		}
		key, text, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return "", 0, err
		}
		text, err = url.QueryUnescape(text)
		if err != nil {
			return "", 0, err
		}
		if key != name || pair == "" {
			continue
		}
		if n++; n == 1 {
			value = text
		}
	}
	return value, n, nil
}

func Query(r *http.Request, name string) (string, fault.Failure) {
	value, n, err := QueryValue(r.URL.RawQuery, name)
	if err != nil || n > 1 {
		return "", fault.New(reason.BadCredential, "the query is malformed, or repeats a parameter of the handshake")
	}
	return value, fault.Failure{}
}
