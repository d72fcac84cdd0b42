package provider_test

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// lengthened gives what somebody makes of a SHA-256 over unknown bytes of a known length: the hash of those bytes, of
// glue and of more. It is what a plain hash with the secret in front cannot prevent.
func lengthened(t *testing.T, sum []byte, length int, more string) (glue string, longer []byte) {
	t.Helper()
	glue = "\x80" + strings.Repeat("\x00",
		(119-length%64)%64) + string(binary.BigEndian.AppendUint64(nil, uint64(length)*8))
	require.Zero(t, (length+len(glue))%64)
	var h hash.Hash = sha256.New()
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	require.NoError(t, err)
	copy(state[4:], sum)
	binary.BigEndian.PutUint64(state[len(state)-8:], uint64(length+len(glue)))
	require.NoError(t, h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state))
	_, _ = h.Write([]byte(more))
	return glue, h.Sum(nil)
}

// TestNobodyLengthensWhatAPlainHashSigns: whoever captured one delivery could otherwise put anything behind its body,
// and have it run again as another event, without knowing the secret.
func TestNobodyLengthensWhatAPlainHashSigns(t *testing.T) {
	t.Parallel()
	const genuine, url = `[{"eventId":1,"subscriptionId":2,"objectId":3,"occurredAt":4}]`, "https://example.com/hooks"
	for _, row := range []struct {
		provider     core.Provider
		version      string
		method, body string
		before       string // the body, behind the secret
	}{
		{provider.HubSpotV1(), "v1", http.MethodPost, genuine, ""},
		{provider.HubSpotV2(), "v2", http.MethodPost, genuine, http.MethodPost + url},
		{provider.HubSpotV2(), "v2", http.MethodGet, "", http.MethodGet + url},
	} {
		key := secretFor(row.provider)
		g := guardOf(t, row.provider, key, time.Unix(ownTime, 0))
		sent := func(body string, sum []byte) bool {
			r := httptest.NewRequest(row.method, url, strings.NewReader(body))
			r.Header.Set("X-Hubspot-Signature-Version", row.version)
			r.Header.Set("X-Hubspot-Signature", hex.EncodeToString(sum))
			return accepts(g, r)
		}
		sum := sha256.Sum256([]byte(key + row.before + row.body))
		require.True(t, sent(row.body, sum[:]), row.version)
		for _, more := range []string{"", "x", genuine, strings.Repeat(" ", 300)} {
			glue, longer := lengthened(t, sum[:], len(key)+len(row.before)+len(row.body), more)
			whole := sha256.Sum256([]byte(key + row.before + row.body + glue + more))
			require.Equal(t, whole[:], longer, "the attack is sound")
			require.False(t, sent(row.body+glue+more, longer), "%s %s", row.method, row.version)
		}
	}
}
