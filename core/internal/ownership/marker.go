package ownership

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/identity"
	"github.com/sallyport-go/sallyport/core/internal/lease"
	"github.com/sallyport-go/sallyport/core/replay"
)

// A marker is what a shared store remembers of an endpoint itself: which provider its name belongs to, and in which
// versions identities and values are written. It is a committed claim like any other, under a key that no event has.
const (
	markerOwner  = "provider"
	markerFormat = "versions"

	// markerLease is how long a process that dies between claim and commit keeps other providers from the name.
	markerLease = 10 * time.Second
	// markerRetention is as good as for ever: a marker that expired would free the name while it is in use.
	markerRetention = 50 * 365 * 24 * time.Hour
)

// markerKey returns the key of one marker of an endpoint.
func markerKey(endpoint, kind string) replay.Key {
	return identity.OfMarker(endpoint, kind)
}

// markerDigest returns a text as a marker holds it. A short plain text is readable, because operators look at stores.
// Any other text is its beginning and a hash.
func markerDigest(text string) (digest replay.Digest) {
	if text != "" && len(text) <= replay.TextDigest && isPlain(text) {
		copy(digest[:], text)
		return digest
	}
	sum := sha256.Sum256([]byte(text))
	sum[0] |= 0x80 // not plain: it cannot be mistaken for a short text
	copy(digest[:markerBeginning], text)
	copy(digest[markerBeginning:replay.TextDigest], sum[:])
	return digest
}

// markerBeginning is how much of a long text a digest shows.
const markerBeginning = 10

// markerText returns what a digest shows of its text. Empty: nothing.
func markerText(digest replay.Digest) string {
	text := strings.TrimRight(string(digest[:replay.TextDigest]), "\x00")
	if isPlain(text) {
		return text
	}
	if beginning := text[:min(len(text), markerBeginning)]; isPlain(beginning) {
		return beginning + "..."
	}
	return ""
}

// isPlain reports whether a text is printable ASCII. A store is shared: another application's bytes must not reach the
// log as they are.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

// versions returns the text of the marker of formats.
func (n *Name) versions() string {
	values := 0 // the store does not say
	if v, ok := n.Store.(replay.Versioned); ok {
		values = v.Version()
	}
	return fmt.Sprintf("ids %s values %d", identity.Version, values)
}

// readMarker returns what the store says under a marker's key. Empty: it cannot be read.
func (n *Name) readMarker(ctx context.Context, kind string) string {
	reader, ok := n.Store.(replay.DigestReader)
	if !ok {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lease.StoreTimeout)
	defer cancel()
	digests, err := reader.Digests(ctx, []replay.Key{markerKey(n.Endpoint, kind)})
	if err != nil || len(digests) != 1 {
		return "" // the refusal stands without the name
	}
	return markerText(digests[0])
}

// claimMarker claims a marker. The caller commits it where the result says that it was claimed.
func (n *Name) claimMarker(ctx context.Context, kind, text string) (replay.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, lease.StoreTimeout)
	defer cancel()
	items := []replay.Item{{Key: markerKey(n.Endpoint, kind), Digest: markerDigest(text)}}
	results, err := n.Store.Claim(ctx, items, markerLease)
	if err != nil {
		return replay.Result{}, err
	}
	// Fails closed: an answer that is none must not count as a name that is ours.
	if err := lease.CheckResults(results, len(items)); err != nil {
		return replay.Result{}, err
	}
	return results[0], nil
}

// commitMarker commits a claimed marker, so that it stays.
func (n *Name) commitMarker(ctx context.Context, kind string, claimed replay.Result) error {
	ctx, cancel := context.WithTimeout(ctx, lease.StoreTimeout)
	defer cancel()
	return n.Store.Settle(ctx, []replay.Settlement{{
		Key: markerKey(n.Endpoint, kind), Token: claimed.Token, Verdict: replay.Commit, TTL: markerRetention,
	}})
}

// forgetMarkers makes the store forget markers of the endpoint.
func (n *Name) forgetMarkers(ctx context.Context, kinds ...string) error {
	ctx, cancel := context.WithTimeout(ctx, lease.StoreTimeout)
	defer cancel()
	keys := make([]replay.Key, len(kinds))
	for i, kind := range kinds {
		keys[i] = markerKey(n.Endpoint, kind)
	}
	return n.Store.Forget(ctx, keys)
}

// ErrMarker is the error of forgetting a marker as if it were an event: the name would be free for another provider.
//
//lint:immutable an error value
var ErrMarker = errors.New("core: the identity is the marker that says whose the endpoint's name is, " +
	"and not an event: see Guard.TakeOver")

// IsMarker reports whether a key is a marker of this endpoint, as a list of a store's keys shows it.
func (n *Name) IsMarker(key replay.Key) bool { return slices.Contains(n.markers[:], key) }
