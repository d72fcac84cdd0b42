package journal_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/storetest"
)

func TestMemoryKeepsTheContract(t *testing.T) { storetest.Run(t, journal.NewMemory) }

// The store of the example is a page of code, and a journal works on it as on any other.
func TestAStoreOfOnesOwnKeepsTheContract(t *testing.T) { storetest.Run(t, newStore) }
