package interop_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
)

// TestAFaultyLibraryIsSeen runs libraries that are wrong on purpose.
func TestAFaultyLibraryIsSeen(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		peer peer
		want string
	}{
		{"one that takes everything", peer{verify: func(*http.Request, []byte, string) error { return nil }},
			`"X-Razorpay-Signature: none": we refuse it`},
		{"one that takes nothing", peer{verify: func(*http.Request, []byte, string) error { return errRefused }},
			`"body: empty": we accept it`},
		{
			"one that signs another body",
			peer{sign: func(r *http.Request, _ []byte, _ string, _ time.Time) error {
				r.Header.Set("X-Razorpay-Signature", strings.Repeat("0", 64))
				return nil
			}},
			"body: empty: the library signs it and we refuse it",
		},
		{"an explanation of what is not there", peer{differences: []difference{ageless(yearOld)}},
			`"signed a year ago": explained as a difference, and there is none`},
		{"a law that the guard breaks", peer{changes: []change{{"nothing is changed", refuse, func(*delivery) {}}}},
			"nothing is changed: both accept it"},
	}
	for _, row := range rows {
		row.peer.provider = provider.Razorpay()
		c := row.peer.compare(t)
		found := strings.Join(c.faults, "\n")
		require.Contains(t, found, row.want, row.name)
	}
}
