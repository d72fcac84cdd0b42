package memstore_test

import (
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

// quiet is for tests that fill a store and are not about the warning.
var quiet = slog.New(slog.DiscardHandler)

var harness = storetest.Harness{
	New: func(_ *testing.T, capacity int) replay.Store {
		return memstore.NewWithConfig(memstore.Config{Capacity: capacity, Logger: quiet})
	},
	Test: synctest.Test,
}

func TestStoreKeepsTheContract(t *testing.T) { storetest.Run(t, harness) }

func TestStoreKeepsTheContractConcurrently(t *testing.T) { storetest.RunConcurrent(t, harness) }

func TestStoreAnswersAsTheModelDoes(t *testing.T) { storetest.RunHistories(t, harness, 2000, 1) }

func TestStoreKeepsItsPromisesWhateverAnswersAreLost(t *testing.T) {
	storetest.RunFaultyHistories(t, harness, 10_000, 1)
}
