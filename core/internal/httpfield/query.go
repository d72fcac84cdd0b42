package httpfield

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxQueryBytes is the longest query that is parsed. net/http allows one of a megabyte, and nothing is proved yet.
const maxQueryBytes = 16 << 10

// QueryValue returns the first value of one parameter, and how many values there are. The caller decides about n above
// 1.
//
// It fails closed on the whole query, not only on the wanted parameter. A semicolon or a malformed escape is an error,
// as for url.ParseQuery: another reader may divide the query in a different way. So is a query that is longer than any
// provider's.
func QueryValue(rawQuery, name string) (value string, n int, err error) {
	if len(rawQuery) > maxQueryBytes {
		return "", 0, errors.New("the query is too long")
	}
	// No map of all parameters: the query is unverified, and only one parameter is wanted.
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
		if key != name || pair == "" { // "a=1&&b=2" has an empty pair, which is not a parameter
			continue
		}
		if n++; n == 1 { // as url.Values.Get
			value = text
		}
	}
	return value, n, nil
}

// Query returns the value of a parameter of a handshake, or "" where it is absent. It fails closed on a query that is
// malformed, or that has the parameter twice.
func Query(r *http.Request, name string) (string, fault.Failure) {
	value, n, err := QueryValue(r.URL.RawQuery, name)
	if err != nil || n > 1 {
		return "", fault.New(reason.BadCredential, "the query is malformed, or repeats a parameter of the handshake")
	}
	return value, fault.Failure{}
}
