package guardtests_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
)

// wired are the stores that a connection leads to.
var wired = map[string]func(*testing.T, func(addr string) string) *bench{"Redis": onRedisBy,
	"PostgreSQL": onPostgreSQLBy}

// cutting says what is lost on the wire.
var cutting = map[string]int32{"before the server sees it": questions, "with the answer": answers}

// A claim that is lost on the wire is 503 and runs nothing; the event runs once the wire holds, and once only.
func TestAConnectionThatIsResetDuringAClaim(t *testing.T) {
	t.Parallel()
	for store, open := range wired {
		for when, what := range cutting {
			t.Run(store+", "+when, func(t *testing.T) {
				t.Parallel()
				w, way := newWire(t)
				deliver, records, ran := receiver(t, open(t, way), func() {})
				require.Equal(t, 200, deliver(1).Code)
				require.Equal(t, reason.Accepted, (<-records).Reason)

				w.reset(what, always)
				for range 2 {
					answer := deliver(2)
					require.Equal(t, 503, answer.Code)
					require.NotEmpty(t, answer.Header().Get("Retry-After"))
					r := <-records
					require.Equal(t, reason.StoreUnavailable, r.Reason)
					require.Error(t, r.Err)
					require.EqualValues(t, 1, ran.Load(), "no signal")
				}
				require.Less(t, w.left.Load(), int32(always))

				w.reset(nothing, 0)
				seen := map[reason.Reason]bool{}
				require.Eventually(t, func() bool {
					code := deliver(2).Code
					seen[(<-records).Reason] = true
					return code == 200
				}, 60*time.Second, 50*time.Millisecond)
				require.Equal(t, what == answers, seen[reason.InFlight],
					"the lease of a claim whose answer was lost runs on; one that was lost itself holds nothing")
				require.Equal(t, 200, deliver(2).Code)
				require.Equal(t, reason.Duplicate, (<-records).Reason)
				require.EqualValues(t, 2, ran.Load(), "each event ran once")
			})
		}
	}
}

// A commit that is lost on the wire is repeated until the wire holds: the event is done, and does not run again.
func TestAConnectionThatIsResetDuringACommit(t *testing.T) {
	t.Parallel()
	for store, open := range wired {
		for when, what := range cutting {
			t.Run(store+", "+when, func(t *testing.T) {
				t.Parallel()
				w, way := newWire(t)
				deliver, records, ran := receiver(t, open(t, way), func() { w.reset(what, 5) })
				for n := range 3 {
					require.Equal(t, 200, deliver(n).Code)
					require.Equal(t, reason.Accepted, (<-records).Reason)
					require.LessOrEqual(t, w.left.Load(), int32(0), "the wire was cut, and holds again")
					require.Equal(t, 200, deliver(n).Code)
					require.Equal(t, reason.Duplicate, (<-records).Reason)
				}
				require.EqualValues(t, 3, ran.Load(), "each event ran once")
			})
		}
	}
}

// A client of Redis repeats a command whose answer was lost. What it finds then is its own claim, not another's.
func TestAClaimThatTheClientRepeatsIsItsOwn(t *testing.T) {
	t.Parallel()
	w, way := newWire(t)
	deliver, records, ran := receiver(t, onRedisBy(t, way), func() {})
	require.Equal(t, 200, deliver(1).Code)
	require.Equal(t, reason.Accepted, (<-records).Reason)
	w.reset(answers, 1)
	require.Equal(t, 200, deliver(2).Code)
	require.Equal(t, reason.Accepted, (<-records).Reason)
	require.EqualValues(t, 2, ran.Load())
}
