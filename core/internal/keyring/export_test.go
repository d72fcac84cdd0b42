package keyring

import (
	"slices"
	"time"
)

// CountMatches counts one delivery that a secret of each of the numbered lists proved, and gives how often each list
// counted it.
func CountMatches(now time.Time, lists ...int) (counted []int64) {
	ledgers := make([]ledger, slices.Max(lists)+1)
	var m Matches
	for _, list := range lists {
		m.add(&Usage{ledger: &ledgers[list]})
	}
	m.Count(now)
	for i := range ledgers {
		counted = append(counted, ledgers[i].proved.Load())
	}
	return counted
}
