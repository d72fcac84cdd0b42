package sqlstore

import (
	"bytes"

	"github.com/sallyport-go/sallyport/core/replay"
)

// groups splits steps into those that one statement does. Mostly there is one.
func groups(steps []step) [][]step {
	type kind struct {
		verb verb
		span int64
	}
	at := make(map[kind]int)
	var list [][]step
	for _, st := range steps {
		k := kind{st.verb, st.span}
		if st.verb == release {
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

func keysOf(steps []step) []replay.Key {
	keys := make([]replay.Key, len(steps))
	for i := range steps {
		keys[i] = steps[i].key
	}
	return keys
}

func wantedKeys(wanted []claim) []replay.Key {
	keys := make([]replay.Key, len(wanted))
	for i := range wanted {
		keys[i] = wanted[i].key
	}
	return keys
}

// unknown returns the claims of whose keys nothing is known.
func unknown(wanted []claim, known map[replay.Key]row) []claim {
	var rest []claim
	for i := range wanted {
		if _, ok := known[wanted[i].key]; !ok {
			rest = append(rest, wanted[i])
		}
	}
	return rest
}

// fresh is what is known of keys that were all claimed just now.
func fresh(wanted []claim) map[replay.Key]row {
	known := make(map[replay.Key]row, len(wanted))
	for i := range wanted {
		known[wanted[i].key] = row{token: wanted[i].token, digest: wanted[i].digest}
	}
	return known
}

func compareKeys(a, b replay.Key) int { return bytes.Compare(a[:], b[:]) }
