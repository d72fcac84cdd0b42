package secrets_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestAListGrowsOldWhileTheMachineSleeps: the monotonic clock stands still then, and a revoked secret would be accepted
// for longer than RefuseAfter allows.
func TestAListGrowsOldWhileTheMachineSleeps(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	var down atomic.Bool
	s := secrets.FromFunc(func(context.Context, string) ([]secrets.Secret, error) {
		calls.Add(1)
		if down.Load() {
			return nil, errors.New("the secret manager is down")
		}
		return []secrets.Secret{secrets.New("current", "an-accepted-secret-of-32-bytes!!")}, nil
	}, time.Minute).RefuseAfter(time.Hour)
	_, err := s.Lookup(t.Context(), "")
	require.NoError(t, err)
	secrets.Asleep(s, "", 2*time.Hour)
	_, err = s.Lookup(t.Context(), "")
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load(), "it is looked up again before it is used")
	down.Store(true)
	secrets.Asleep(s, "", 2*time.Hour)
	_, err = s.Lookup(t.Context(), "")
	require.ErrorContains(t, err, "more than the limit of 1h0m0s")
}
