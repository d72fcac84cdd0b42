package credential

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Values are the accepted values of one list. A presented value is hashed once, with a key of this process, and the
// hash is compared with those of all accepted values: the time does not depend on which one matches.
//
// Hashing also hides the length: hmac.Equal returns at once for texts of different lengths, but all
// sums have one length.
type Values struct {
	ring     *keyring.Ring[[]accepted]
	mismatch string // the detail where the presented value matches no accepted one
	inactive string // the detail where no accepted value is valid now
}

// accepted is one accepted value. Its hash is what is compared. Its Secret, which holds the text, stays
// for labels, times and warnings.
type accepted struct {
	keyring.Checked
	labels []string // its label alone; never changed
}

// NewValues compiles the values that src accepts. what names the credential in refusals ("the Bearer token").
func NewValues(
	owner *keyring.Owner, src secrets.Source, rules keyring.Rules, what string, m *fault.Mistakes,
) (v *Values, notes []string) {
	v = &Values{
		mismatch: what + " matches none that are accepted: compare " + rules.Field + " with what the provider was " +
			"given",
		inactive: "no accepted credential is valid now: check their validity and " + rules.Field,
	}
	v.ring = keyring.New(owner, src, rules, compile, decoys)
	return v, v.ring.Open(m)
}

// compile drops the decoded key. The decoded bytes are not kept a second time.
func compile(list []keyring.Checked) []accepted {
	out := make([]accepted, len(list))
	for i := range list {
		list[i].Key = keyring.Key{} // the hash is all that is compared
		out[i] = accepted{list[i], []string{list[i].Label()}}
	}
	return out
}

// decoys returns a value that nobody has. Credentials for an unknown tenant are compared with it, at the same cost.
//
// The sum is random, so no text hashes to it that anybody could find. A match would be refused all the
// same.
func decoys() []keyring.Checked {
	decoy := keyring.Checked{Secret: secrets.New("", "")}
	_, _ = rand.Read(decoy.Sum[:])
	return []keyring.Checked{decoy}
}

// Ring returns the keyring that holds the values.
func (v *Values) Ring() *keyring.Ring[[]accepted] { return v.ring }

// Secrets returns the accepted values of an endpoint without tenants, whether or not they are valid now.
//
// The caller must not log them. They are for checks of the configuration at the start.
func (v *Values) Secrets(ctx context.Context, now time.Time) (all []*secrets.Secret) {
	if v.ring.ByTenant() {
		return nil
	}
	list, err := v.ring.Current(ctx, "", now)
	if err != nil {
		return nil
	}
	for i := range list.Keys {
		all = append(all, &list.Keys[i].Secret)
	}
	return all
}

// Check returns the label of the accepted value that equals the presented text. It fails closed.
func (v *Values) Check(ctx context.Context, text string, in *Input) (labels []string, f fault.Failure) {
	return v.checkSum(ctx, v.ring.SumOf(text), in)
}

// First returns the first accepted value that is valid now. It fails closed for an unknown tenant, and where none is.
//
// The caller must not show it. It is for answers that are made of it.
func (v *Values) First(ctx context.Context, in *Input) (text string, f fault.Failure) {
	list, err := v.ring.Current(ctx, in.Tenant, in.Now)
	if err != nil {
		return "", keyring.Unavailable(err)
	}
	if list.Unknown {
		return "", keyring.UnknownTenant(reason.BadCredential, in.TenantFault)
	}
	for n := range list.Keys {
		if s := &list.Keys[n]; s.ActiveAt(in.Now) {
			return s.DangerouslyReveal(), fault.Failure{}
		}
	}
	return "", fault.New(reason.NoActiveSecret, v.inactive)
}

// checkSum compares a sum with all accepted values. It fails closed where the source fails, where no
// value is valid now, and for an unknown tenant, whatever matched.
func (v *Values) checkSum(ctx context.Context, sum [sha256.Size]byte, in *Input) (labels []string, f fault.Failure) {
	list, err := v.ring.Current(ctx, in.Tenant, in.Now)
	if err != nil {
		return nil, keyring.Unavailable(err)
	}
	var match *accepted
	active := 0
	// No early exit: the time must not tell which one matched.
	for n := range list.Keys {
		s := &list.Keys[n]
		if !s.ActiveAt(in.Now) {
			continue
		}
		active++
		if hmac.Equal(sum[:], s.Sum[:]) && match == nil {
			match = s
		}
	}
	switch {
	// It comes first, and after the comparisons: an unknown tenant costs the time of a known one.
	case list.Unknown:
		return nil, keyring.UnknownTenant(reason.BadCredential, in.TenantFault)
	case active == 0:
		return nil, fault.New(reason.NoActiveSecret, v.inactive)
	case match == nil:
		return nil, fault.New(reason.BadCredential, v.mismatch)
	}
	// A match is only noted here. It is counted when the whole delivery is proved.
	if in.Matches != nil {
		list.Matched(in.Matches, match.Use, &match.Secret, in.Now)
	}
	return match.labels, fault.Failure{}
}

// decodeBasic decodes the word of a Basic credential strictly: one base64 word with padding and no stray bits, a colon,
// no control characters. A pair that fits stands in room.
func decodeBasic(room []byte, word string) (pair []byte, ok bool) {
	if strings.ContainsAny(word, " \r\n") {
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(room, []byte(word))
	if err != nil {
		return nil, false
	}
	// Without a colon it is not a pair (RFC 7617, section 2). Control characters are forbidden there
	// too.
	colon := false
	for _, b := range raw {
		if b < 0x20 || b == 0x7f {
			return nil, false
		}
		colon = colon || b == ':'
	}
	return raw, colon
}
