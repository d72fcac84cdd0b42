package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

func TestEveryRecordHasTheGuardsTime(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	outer := mustNew(t, c)
	c, rec := config(timestamped())
	inner := mustNew(t, c)
	for want, r := range map[core.Reason]*http.Request{
		core.ReasonAccepted: signed(event), core.ReasonMissingSignature: post(event), core.ReasonMethod: signed(event),
	} {
		if want == core.ReasonMethod {
			r.Method = http.MethodPatch
		}
		run(inner, r, ok)
		require.Equal(t, want, rec.last(t, inner).Reason)
		require.Equal(t, testTime, rec.last(t, inner).Time)
	}
	core.Handler(outer, core.Handler(inner, core.Signal(never(t)))).ServeHTTP(httptest.NewRecorder(), signed(event))
	require.Equal(t, core.ReasonGuardConflict, rec.last(t, inner).Reason)
	require.Equal(t, testTime, rec.last(t, inner).Time)
}
