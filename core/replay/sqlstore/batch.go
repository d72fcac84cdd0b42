package sqlstore

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core/replay"
)

// groups splits steps into lists that one statement can do: of one verb and one span. Usually there is one list. The
// order of the steps within a list stays, because it is the order in which rows are locked.
func groups(steps []step) [][]step {
	type kind struct {
		verb verb
		span int64
	}
	at := make(map[kind]int) // the place of each kind in list
	var list [][]step
	for _, st := range steps {
		k := kind{st.verb, st.span}
		if st.verb == release { // a release has no span that matters
			k.span = 0
		}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, nil)
		}
		list[i] = append(list[i], st)
	}
	return list
}

// keysOf returns the keys of steps, in their order.
func keysOf(steps []step) []replay.Key {
	keys := make([]replay.Key, len(steps))
	for i := range steps {
		keys[i] = steps[i].key
	}
	return keys
}

// wantedKeys returns the keys of claims, in their order.
func wantedKeys(wanted []claim) []replay.Key {
	keys := make([]replay.Key, len(wanted))
	for i := range wanted {
		keys[i] = wanted[i].key
	}
	return keys
}

// unknown returns the claims whose keys are not in known.
func unknown(wanted []claim, known map[replay.Key]row) []claim {
	var rest []claim // in the order of wanted: it stays sorted
	for i := range wanted {
		if _, ok := known[wanted[i].key]; !ok {
			rest = append(rest, wanted[i])
		}
	}
	return rest
}

// fresh returns the rows of keys that were all claimed just now. They need no SELECT: the claims hold all that answers
// need.
func fresh(wanted []claim) map[replay.Key]row {
	known := make(map[replay.Key]row, len(wanted))
	for i := range wanted {
		known[wanted[i].key] = row{token: wanted[i].token, digest: wanted[i].digest}
	}
	return known
}

// compareKeys orders keys by their bytes. All batches lock rows in this order, so two of them cannot wait for each
// other.
func compareKeys(a, b replay.Key) int { return bytes.Compare(a[:], b[:]) }
