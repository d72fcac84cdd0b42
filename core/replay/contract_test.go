package replay_test

import (
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

// TestMain fails where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheExampleKeepsTheContract is all the tests that a store needs. One on a database has no synctest and a shorter
// Unit; a bounded one heeds the capacity, and is not Unbounded.
func TestTheExampleKeepsTheContract(t *testing.T) {
	h := storetest.Harness{
		New:       func(*testing.T, int) replay.Store { return newStore() },
		Unbounded: true,
		Test:      synctest.Test,
	}
	storetest.Run(t, h)
	storetest.RunConcurrent(t, h)
	storetest.RunHistories(t, h, 1000, 1)
	storetest.RunFaultyHistories(t, h, 1000, 1)
}
