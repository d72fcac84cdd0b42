package httpsig_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestTheWorkBeforeTheProofIsBounded: anybody chooses what a signature says that it covers, and net/http lets a
// megabyte of headers or of a URL through. The work must not grow with the square of a header's lines, or with the
// parameters of the query for each component.
func TestTheWorkBeforeTheProofIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	g, err := core.New(core.Config{
		Endpoint: "acme", Provider: httpsig.RFC9421(config()), Secrets: secrets.Static(secret),
		Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	var params []string
	query := strings.Repeat("x="+strings.Repeat("%61", 33)+"&", 9000)
	for n := range 27 {
		params = append(params, fmt.Sprintf(`"@query-param";name="p%d"`, n))
		query += fmt.Sprintf("p%d=1&", n)
	}
	for name, row := range map[string]struct {
		covered, query string
		lines          int
		want           reason.Reason
	}{
		"a header of many lines": {`"x-a"`, "", 160_000, reason.HeaderTooLarge},
		"many parameters of a query": {strings.Join(params, " "), strings.TrimSuffix(query, "&"), 0,
			reason.BadSignature},
	} {
		r := request(fmt.Sprintf(`sig=("@method" "@authority" "@path" "content-digest" %s);created=%d`, row.covered,
			now.Unix()), "sig=:"+strings.Repeat("A", 43)+"=:")
		r.URL.RawQuery = row.query
		r.RequestURI = r.URL.RequestURI()
		for range row.lines {
			r.Header["X-A"] = append(r.Header["X-A"], "")
		}
		began := time.Now()
		_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Equal(t, row.want, reply.Rejection.Reason, name)
		require.Less(t, time.Since(began), 500*time.Millisecond, name)
	}
}

// TestALongHeaderIsJoinedAtOnce: below the bound of each header there may still be thousands of lines, in every header
// that a signature covers.
func TestALongHeaderIsJoinedAtOnce(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	g, err := core.New(core.Config{
		Endpoint: "acme", Provider: httpsig.RFC9421(config()), Secrets: secrets.Static(secret),
		Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	input := fmt.Sprintf(`sig=("@method" "@authority" "@path" "content-digest" "x-a" "x-b");created=%d`, now.Unix())
	require.Less(t, testing.AllocsPerRun(1, func() {
		r := request(input, "sig=:"+strings.Repeat("A", 43)+"=:")
		r.Header["X-A"], r.Header["X-B"] = make([]string, 4000), make([]string, 4000)
		_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Equal(t, reason.BadSignature, reply.Rejection.Reason)
	}), 500.0)
}
