package webhooktest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func TestAnEventIsReadFromASampleAsTheGuardReadsIt(t *testing.T) {
	t.Parallel()
	e := webhooktest.Event(t, provider.Stripe(), "invoice.paid")
	require.Equal(t, "stripe", e.Provider)
	require.Equal(t, "stripe", e.Endpoint)
	require.NotEmpty(t, e.ID)
	require.NotZero(t, e.Identity)
	require.True(t, e.Authenticated.ID)
	require.Contains(t, string(e.Payload), string(e.Data))
	type invoice struct {
		ID string `json:"id"`
	}
	called := false
	require.NoError(t, core.Typed(func(ctx context.Context, of core.Event, in invoice) error {
		called = true
		require.Equal(t, e.ID, of.ID)
		require.NotEmpty(t, in.ID)
		return ctx.Err()
	})(t.Context(), e))
	require.True(t, called)
	require.NoError(t, e.Context().Err())
}

func TestEverySampleOfEverySenderGivesItsEvent(t *testing.T) {
	t.Parallel()
	for _, name := range sampled(t) {
		p := entryOf(t, name)
		for _, sample := range webhooktest.Samples(p) {
			require.Equal(t, sample.Type, webhooktest.Event(t, p, sample.Type).Type, name)
		}
	}
}

// failing is a test that fails where no other test does.
type failing struct {
	testing.TB
	errors  []string
	cleanup []func()
}

func (f *failing) Cleanup(fn func())            { f.cleanup = append(f.cleanup, fn) }
func (f *failing) Error(args ...any)            { f.errors = append(f.errors, fmt.Sprint(args...)) }
func (f *failing) Fatalf(text string, a ...any) { f.errors = append(f.errors, fmt.Sprintf(text, a...)) }

func (f *failing) end() {
	for _, fn := range f.cleanup {
		fn()
	}
}

func TestATypeWithoutASampleFailsTheTestAndNamesThoseThereAre(t *testing.T) {
	t.Parallel()
	f := &failing{TB: t}
	defer f.end()
	require.Zero(t, webhooktest.Event(f, provider.GitHub(), "pushed"))
	require.Equal(t, []string{
		`webhooktest: no sample of github has an event of type "pushed"; there are issues, pull_request, push`,
	}, f.errors)
}
