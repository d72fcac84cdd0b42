package core_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
)

// TestAnEntryOfAWorkerHoldsTheWholeEvent: it is what runs again.
func TestAnEntryOfAWorkerHoldsTheWholeEvent(t *testing.T) {
	t.Parallel()
	e := wholeEvent()
	e.Unproved = false
	s := core.NewSignals()
	s.Named("mail").On("*", func(context.Context, core.Event) error { return nil })
	s.On("*", func(context.Context, core.Event) error { return core.Permanent(errColumn) })
	result := s.Run(t.Context(), e)
	entry := result.Entry(&e, 3)
	require.Equal(t, journal.Parked, entry.State)
	require.Equal(t, journal.FromInbox, entry.Kind)
	require.Equal(t, reason.Permanent, entry.Reason)
	require.Equal(t, errColumn.Error(), entry.Err)
	require.Equal(t, []string{"mail"}, entry.Finished)
	require.Equal(t, 3, entry.Attempts)
	require.Equal(t, journal.Authenticated{ID: true, Time: true}, entry.Authenticated)
	require.EqualValues(t, e.Identity, entry.Identity)
	require.Equal(t, []string{e.Endpoint, e.Provider, e.ID, e.Type, e.Action, e.Tenant, e.Secret},
		[]string{entry.Endpoint, entry.Provider, entry.EventID, entry.Type, entry.Action, entry.Tenant, entry.Secret})
	var kept core.Event
	require.NoError(t, kept.UnmarshalBinary(entry.Body))
	require.Equal(t, e, kept)
	e.Unproved = true
	require.Panics(t, func() { result.Entry(&e, 3) }, "nothing unproved may stand where it could be run")
}
