package storetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/storetest"
)

func harnessOf(f flaw) storetest.Harness {
	database := map[string]*flawedStore{}
	return storetest.Harness{
		New: func(_ *testing.T, capacity int) replay.Store {
			clear(database)
			s := newFlawed(f, capacity)
			database["own"] = s
			return s
		},
		Namespace: func(_ *testing.T, namespace string) replay.Store {
			switch f {
			case "has one namespace":
				namespace = "own"
			case "cuts namespaces":
				namespace = namespace[:9]
			case "remembers for each process":
				namespace += fmt.Sprint(len(database))
			}
			if database[namespace] == nil {
				database[namespace] = newFlawed(f, 0)
			}
			return database[namespace]
		},
		Test: synctest.Test,
	}
}

func TestAStoreWithoutFlawsPasses(t *testing.T) {
	storetest.Run(t, harnessOf(none))
	storetest.RunConcurrent(t, harnessOf(none))
	storetest.RunHistories(t, harnessOf(none), 300, 1)
}

// flaws says which rules catch which flaw; others may catch it too.
var flaws = []struct {
	flaw      flaw
	rules     []string
	histories bool // random histories catch it as well
}{
	{"claims nothing", []string{"a new key is claimed"}, true},
	{"gives no token", []string{"a new key is claimed"}, true},
	{"claims what is in flight", []string{"a claimed key is in flight for all others"}, true},
	{"claims what is done", []string{"a committed key is done until its TTL expires"}, true},
	{"shortens keys", []string{"keys are compared in full"}, false},
	{"sorts the batch", []string{"results come in the order of the items"}, true},
	{"claims a key twice in a batch", []string{"a key that comes twice in a batch is claimed once"}, true},
	{"gives the same token again",
		[]string{"two claims of a key never have the same token", "a forgotten claim cannot be settled"}, true},
	{"sees no conflict", []string{"another digest is a conflict"}, true},

	{"ends leases early", []string{"a lease holds until it expires"}, true},
	{"never ends a lease", []string{"an expired lease frees the key"}, true},
	{"has one lease for all", []string{"each lease is its own"}, true},
	{"has a fixed RetryAfter", []string{"RetryAfter is the rest of the lease"}, true},
	{"renews what is in flight", []string{"a refused claim does not extend the lease"}, true},
	{"accepts any lease", []string{"a lease that is not positive is refused"}, false},
	{"wraps round", []string{"a very long lease or TTL does not expire early"}, false},

	{"forgets what is done", []string{"a committed key is done until its TTL expires"}, true},
	{"remembers as long as the lease", []string{"a committed key is done until its TTL expires"}, true},
	{"remembers for the lease at least", []string{"a TTL may be shorter than the lease was"}, true},
	{"renews what is done", []string{"claiming a done key does not extend its TTL"}, true},
	{"takes DoneAt from the claim", []string{"DoneAt is when the key was committed"}, true},
	{"gives another token for what is done", []string{"a done key has the token it was committed with"}, true},
	{"claims what it looks at", []string{"a look changes nothing"}, false},
	{"makes one digest of all", []string{"a digest of the store's own tells another event"}, false},
	{"hashes the beginning alone", []string{"a digest of the store's own tells another event"}, false},
	{"makes a digest by the time of day", []string{"a digest of the store's own tells another event"}, false},
	{"compares digests of two kinds", []string{"two kinds of digests are not a conflict"}, false},
	{"sees conflicts in a look", []string{"a look changes nothing"}, false},
	{"takes DoneAt from the clock", []string{"DoneAt is when the key was committed"}, true},
	{"releases when the lease ends", []string{"a released key is free at once"}, true},
	{"does not repeat a commit", []string{"a commit may be repeated", "the same settlement twice in a batch succeeds"},
		true},
	{"commits again", []string{"a commit may be repeated"}, true},
	{"does not repeat a release",
		[]string{"a release may be repeated", "a release after the lease has expired succeeds",
			"a key that nobody holds can be released"}, true},
	{"accepts any TTL", []string{"a commit without a positive TTL is refused"}, false},
	{"accepts any verdict", []string{"an unknown verdict is refused"}, false},
	{"validates as it goes", []string{"a commit without a positive TTL is refused", "an unknown verdict is refused"},
		false},
	{"wants a TTL with a release", []string{"a release ignores the TTL"}, false},

	{"ignores tokens", []string{"a stale token cannot commit", "a stale token cannot release"}, true},
	{"takes token 0 for any", []string{"a token that was never given settles nothing"}, false},
	{"hides lost claims", []string{"a stale token cannot commit", "a claim that is no longer held cannot be extended"},
		true},
	{"releases what is done", []string{"a done key cannot be released"}, true},
	{"ignores tokens of what is done", []string{"a stale token cannot touch what its successor committed"}, true},
	{"settles what has ended",
		[]string{"a claim whose lease has expired cannot be committed", "a commit cannot be repeated after its TTL"},
		true},
	{"commits what nobody holds",
		[]string{"a key that was never claimed cannot be committed", "a released claim cannot be committed",
			"a forgotten commit cannot be repeated"}, true},
	{"stops at the first lost claim",
		[]string{"lost claims do not hold back the others", "lost claims do not hold back the extension of others"},
		true},
	{"sorts lost claims", []string{"lost claims do not hold back the others"}, true},

	{"extends nothing", []string{"an extended claim lasts for the new lease from now"}, true},
	{"extends from the end", []string{"an extended claim lasts for the new lease from now"}, true},
	{"extends under a new token", []string{"an extended claim keeps its token"}, true},
	{"shortens", []string{"Extend never shortens a claim"}, true},
	{"extends for anybody", []string{"a claim that is no longer held cannot be extended"}, true},
	{"extends what is done", []string{"a claim that is no longer held cannot be extended"}, true},

	{"forgets nothing", []string{"a forgotten key runs again"}, true},
	{"forgets only what is done", []string{"a forgotten key runs again", "a forgotten claim cannot be settled"}, true},
	{"cannot forget the unknown", []string{"forgetting an unknown key is not an error"}, true},

	{"forgets and reports what is in flight", []string{"ForgetDone keeps what is in flight"}, false},
	{"hides what is in flight", []string{"ForgetDone keeps what is in flight"}, false},

	{"evicts when full", []string{"a full store forgets nothing", "a batch beyond the capacity is refused"}, true},
	{"holds one less", []string{"the whole capacity can be used, and no more"}, true},
	{"holds one more", []string{"the whole capacity can be used, and no more"}, true},
	{"claims half a batch when full",
		[]string{"a batch that does not fit claims nothing", "a batch beyond the capacity is refused"}, true},
	{"refuses what it knows when full", []string{"a full store still answers for known keys"}, true},
	{"counts a key twice", []string{"a key that comes twice needs room once"}, true},
	{"keeps what has ended when full", []string{"expired keys make room"}, true},
	{"gives no room back", []string{"releasing and forgetting make room"}, true},
	{"keeps the first digest", []string{"a new claim brings its own digest"}, true},

	{"has one namespace", []string{"namespaces do not see each other"}, false},
	{"cuts namespaces", []string{"namespaces do not see each other"}, false},
	{"remembers for each process", []string{"a namespace is one memory"}, false},
	{"keeps nothing for decades", []string{"a marker is kept for decades", "a text is a digest like any other"}, false},
	{"compares texts by their length", []string{"a marker is kept for decades", "a text is a digest like any other"},
		false},
	{"reads no digest", []string{"a text is read as it was given"}, false},

	{"ignores the context", []string{"a canceled context changes nothing"}, false},
	{"refuses an empty batch", []string{"an empty batch succeeds"}, false},
	{"changes slices", []string{"the slices of the caller are the caller's"}, false},
	{"has no scope", []string{"a store has a scope"}, false},
	{"works on after Close", []string{"a closed store does nothing more",
		"Close does not disturb calls that are under way"}, false},
	{"has an error of its own after Close", []string{"a closed store does nothing more",
		"Close does not disturb calls that are under way"}, false},
	{"closes once", []string{"a closed store does nothing more"}, false},

	{"is not atomic", []string{
		"of many claims of one key exactly one wins", "batches that overlap share out the keys",
		"one holder at a time, and none after the commit",
		"batches that compete for the last room fit whole or not at all",
	}, false},
	{"forgets in two steps", []string{"ForgetDone never frees a claim"}, false},
	{"is too busy to repeat a commit", []string{"many repetitions of a commit all succeed"}, false},
}

func TestEveryFlawIsCaughtByItsRule(t *testing.T) {
	for _, tt := range flaws {
		t.Run(string(tt.flaw), func(t *testing.T) {
			broken := storetest.Violations(t, harnessOf(tt.flaw))
			for _, rule := range tt.rules {
				require.Contains(t, storetest.RuleNames(), rule)
				require.Error(t, broken[rule], rule)
				require.ErrorContains(t, broken[rule], rule)
				require.ErrorContains(t, broken[rule], storetest.Explanation(rule))
			}
		})
	}
}

func TestEveryRuleIsBrokenByAFlaw(t *testing.T) {
	var proved []string
	for _, tt := range flaws {
		proved = append(proved, tt.rules...)
	}
	for _, rule := range storetest.RuleNames() {
		require.Contains(t, proved, rule, "nothing shows that this rule can fail")
	}
}

func TestRandomHistoriesCatchFlaws(t *testing.T) {
	for _, tt := range flaws {
		if !tt.histories {
			continue
		}
		t.Run(string(tt.flaw), func(t *testing.T) {
			err := storetest.HistoryViolation(t, harnessOf(tt.flaw), 2000, 1)
			require.ErrorContains(t, err, "of seed 1")
		})
	}
}

func TestEqualSeedsMakeEqualHistories(t *testing.T) {
	first := storetest.HistoryViolation(t, harnessOf("shortens"), 2000, 5)
	again := storetest.HistoryViolation(t, harnessOf("shortens"), 2000, 5)
	require.Error(t, first)
	require.EqualError(t, again, first.Error())
}

func TestAStoreWithoutCapacityIsNotAskedForIt(t *testing.T) {
	h := harnessOf("evicts when full")
	h.Unbounded, h.Namespace = true, nil
	h.New = func(t *testing.T, capacity int) replay.Store {
		require.Zero(t, capacity)
		return newFlawed("evicts when full", capacity)
	}
	require.Empty(t, storetest.Violations(t, h))
	require.NoError(t, storetest.HistoryViolation(t, h, 50, 1))
}

func TestRuleNamesAreUnique(t *testing.T) {
	names := storetest.RuleNames()
	slices.Sort(names)
	require.Len(t, slices.Compact(slices.Clone(names)), len(names))
	for _, name := range names {
		require.NotEmpty(t, storetest.Explanation(name), name)
		require.False(t, strings.Contains(name, "/"), name)
	}
}

// What lost answers bring to light, apart from what the model sees without them.
func TestHistoriesWithFaultsCatchFlaws(t *testing.T) {
	require.NoError(t, storetest.FaultyHistoryViolation(t, harnessOf(none), 500, 1))
	for _, tt := range []struct {
		flaw flaw
		want string
	}{
		{"claims what is in flight", "(I1)"},
		{"ends leases early", "(I1)"},
		{"claims what is done", "(I2)"},
		{"forgets what is done", "(I2)"},
		{"releases what is done", "(I2)"},
		{"never ends a lease", "(I3)"},
		{"hides lost claims", "(I4)"},
		{"settles what has ended", "(I4)"},
		{"extends for anybody", "(I4)"},
		{"extends nothing", "(I1)"},
		{"ignores the context", "whose context had ended"},
		{"does not repeat a commit", "was not settled for its holder"},
	} {
		t.Run(string(tt.flaw), func(t *testing.T) {
			err := storetest.FaultyHistoryViolation(t, harnessOf(tt.flaw), 500, 1)
			require.ErrorContains(t, err, "faulty history")
			require.ErrorContains(t, err, tt.want)
		})
	}
}
