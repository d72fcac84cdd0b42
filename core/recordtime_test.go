package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

func TestEveryRecordHasTheGuardsTime(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	outer := mustNew(t, c)
	c, rec := config(timestamped())
	inner := mustNew(t, c)
	for want, r := range map[reason.Reason]*http.Request{
		reason.Accepted: signed(event), reason.MissingSignature: post(event), reason.Method: signed(event),
	} {
		if want == reason.Method {
			r.Method = http.MethodPatch
		}
		run(inner, r, ok)
		require.Equal(t, want, rec.last(t, inner).Reason)
		require.Equal(t, testTime, rec.last(t, inner).Time)
	}
	httpwebhook.Verify(outer)(httpwebhook.Verify(inner)(signal(never(t)))).ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, reason.GuardConflict, rec.last(t, inner).Reason)
	require.Equal(t, testTime, rec.last(t, inner).Time)
}
