package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/identity"
)

// derived computes an identity without the code that is tested: every part after its length in eight bytes.
func derived(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		length := strconv.FormatUint(uint64(len(part)), 16)
		for len(length) < 16 {
			length = "0" + length
		}
		head, _ := hex.DecodeString(length)
		_, _ = h.Write(head)
		_, _ = h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestNoDerivationEverChanges compares each derivation with a value that was written down when it was first released,
// and with the one that the test computes itself. A line may be added here, and none may change.
func TestNoDerivationEverChanges(t *testing.T) {
	t.Parallel()
	const version = "sallyport identity 1"
	shop, tenant := identity.Scope{Endpoint: "shop"}, identity.Scope{Endpoint: "shop", Tenant: "acme"}
	digest := sha256.Sum256([]byte("body"))
	event := sha256.Sum256([]byte("event"))
	for _, row := range []struct {
		name   string
		have   [32]byte
		parts  []string
		golden string
	}{
		{"an id", identity.OfID(shop, "evt_1", nil), []string{version, "shop", "", "id", "evt_1"},
			"5c1c393c7f72220b6f76659463c9fce0e47b19f96f75a69b0daa532cd3522308"},
		{"an id of a tenant", identity.OfID(tenant, "evt_1", nil), []string{version, "shop", "acme", "id", "evt_1"},
			"a63bae67089a7d6d6c6e4b0960f78ed6597d9e3ad6d469e409b4d76500728516"},
		{"an id and what belongs to it", identity.OfID(shop, "evt_1", []string{"a", ""}),
			[]string{version, "shop", "", "id", "evt_1", "a", ""},
			"dccee80db09241155c05d916cc70fb23405705849f28c05c2128fd9017c1a799"},
		{"two values and what belongs to them", identity.OfIDs(shop, [][]byte{[]byte("a"), []byte("b")}, []string{"c"}),
			[]string{version, "shop", "", "id", "a", "b", "c"},
			"c1d6efab3d99a82b735c1c9bc4030f0cd3434bea068b589b60fa8d9514539c58"},
		{"one value is an id", identity.OfIDs(shop, [][]byte{[]byte("evt_1")}, nil),
			[]string{version, "shop", "", "id", "evt_1"},
			"5c1c393c7f72220b6f76659463c9fce0e47b19f96f75a69b0daa532cd3522308"},
		{"a digest", identity.OfDigest(shop, digest, nil), []string{version, "shop", "", "digest", string(digest[:])},
			"898321cd45ffd422b70f9b8163e3c504040b675563033dd97b82632c2abe0a24"},
		{"a digest and a header", identity.OfDigest(shop, digest, []string{"orders/create"}),
			[]string{version, "shop", "", "digest", string(digest[:]), "orders/create"},
			"68b256eb555aba68b69100016a6982dfad4c4e832b19d23ad3364db848cb6d7d"},
		{"what was signed", identity.OfSigned(tenant, digest),
			[]string{version, "shop", "acme", "signed", string(digest[:])},
			"b74c4e4c342989db53619780d9a1bf81d58e5f2ac6f422dd529cbdb12ab3f31b"},
		{"the app's own text", identity.OfApp(tenant, "order 7"), []string{version, "shop", "acme", "app", "order 7"},
			"30b79071811b0fda63ee5afe569c3fed21eef07b48a6e13ccaf9422651610b74"},
		{"a named receiver", identity.OfReceiver(event, "mailer"),
			[]string{version, "", "", "receiver", string(event[:]), "mailer"},
			"7a480092da1552f46aa506dabc5c6e130cd60cc0760e9acb503ba6fa0279592c"},
		{"a run of an entry of the journal", identity.OfAgain(event, "abc", 3),
			[]string{version, "", "", "again", string(event[:]), "abc", "3"},
			"1e55b92a072fa2a0205f31b39bfb36b9a7f6ae6bb6c194529a7bd3391144ee39"},
		{"the worker of a message", identity.OfWorker("abc"),
			[]string{version, "", "", "again", hashOf("abc"), "worker", "0"},
			"90066d13085494e7d71215625091cdf99e303ed6956969fd1554e0e4cb36db90"},
		{"a marker of an endpoint", identity.OfMarker("shop", "provider"),
			[]string{"sallyport marker", "shop", "provider"},
			"fcf237978234c223076f2181060eeb263c047962cb523c938c983606309ded7f"},
		{"the tenants of endpoint and provider",
			identity.OfID(identity.Scope{Tenant: identity.Tenants("acme", "a.example")}, "1", nil),
			[]string{version, "", "acme\x00a.example", "id", "1"},
			"84ac48af10e979eb9efcfc746712ca4b7f397e3858abfbd80a71ebd56db33556"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			const how = "stores hold this identity: undo the change, and give the new derivation a kind of its own"
			require.Equal(t, derived(row.parts...), hex.EncodeToString(row.have[:]), how)
			require.NotEmpty(t, row.golden, "a new derivation: its golden value is %x", row.have)
			require.Equal(t, row.golden, hex.EncodeToString(row.have[:]), how)
		})
	}
	require.Equal(t, "1", identity.Version, "with another version every event that is sent again runs again")
}

// TestEachDerivationHasAGoldenValue looks for each function that derives an identity in the table above.
func TestEachDerivationHasAGoldenValue(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("identity.go")
	require.NoError(t, err)
	tests, err := os.ReadFile("identity_test.go")
	require.NoError(t, err)
	table, _, found := strings.Cut(string(tests), "func TestEachDerivationHasAGoldenValue")
	require.True(t, found)
	derivations := regexp.MustCompile(`(?m)^func (Of\w+)\(`).FindAllStringSubmatch(string(code), -1)
	require.NotEmpty(t, derivations)
	for _, name := range derivations {
		require.True(t, strings.Contains(table, "identity."+name[1]+"("), "nothing notices when %s derives something "+
			"else: add a line to TestNoDerivationEverChanges", name[1])
	}
}

// TestNoTwoListsOfPartsAreAlike moves bytes from one part to the next: each division is another event.
func TestNoTwoListsOfPartsAreAlike(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]string{}
	add := func(name string, id [32]byte) {
		require.Empty(t, seen[id], name)
		seen[id] = name
	}
	for _, scope := range []identity.Scope{{}, {Endpoint: "ab"}, {Tenant: "ab"}, {Endpoint: "a", Tenant: "b"}} {
		add("one id", identity.OfID(scope, "xy", nil))
		add("an id and one more", identity.OfID(scope, "x", []string{"y"}))
		add("an id and an empty text", identity.OfID(scope, "xy", []string{""}))
		add("another kind", identity.OfApp(scope, "xy"))
	}
}

func TestAProvidersTenantJoinsTheEndpoints(t *testing.T) {
	t.Parallel()
	require.Equal(t, "acme", identity.Tenants("acme", ""))
	require.Equal(t, "acme\x00shop", identity.Tenants("acme", "shop"))
	require.Equal(t, "\x00shop", identity.Tenants("", "shop"))
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}
