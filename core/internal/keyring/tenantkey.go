package keyring

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// maxTenantKey is the longest key of a tenant, in bytes.
const maxTenantKey = 128

const badTenantKey = "no request can name this tenant: a key is 1 to %d letters, digits and characters of -_.:@"

// ValidTenant reports whether a text can be the key of a tenant.
//
// It fails closed for everything else: keys get into logs, URLs and file names, where a slash or a line
// break would be an attack. Other letters of Unicode are excluded, because two keys could look alike.
func ValidTenant(key string) bool {
	if key == "" || len(key) > maxTenantKey {
		return false
	}
	for i := range len(key) {
		c := key[i]
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.:@", c) >= 0
		if !ok {
			return false
		}
	}
	return true
}

// UnknownTenant returns the failure of a delivery that was checked with decoys. found says why no tenant was found;
// empty: the tenant is unknown.
//
// It names no tenant. The text comes from a fixed set, and not from the request.
func UnknownTenant(why reason.Reason, found string) fault.Failure {
	if found == "" {
		found = "the tenant that the delivery names is unknown: no secret is configured for it"
	}
	return fault.New(why, found)
}

// SameTenant reports whether two keys have a secret in common. They never have where the source lists its tenants: it
// knows them by their exact keys.
//
// A source that maps several names to one customer would otherwise let an event be replayed under
// another name.
func (k *Ring[T]) SameTenant(ctx context.Context, a, b string) (bool, error) {
	if secrets.ListsTenants(k.source) {
		return false, nil
	}
	one, err := lookup(ctx, k.source, a)
	if err != nil {
		return false, unlessUnknown(err)
	}
	other, err := lookup(ctx, k.source, b)
	if err != nil {
		return false, unlessUnknown(err)
	}
	same, others := 0, other.All()
	for _, mine := range one.All() {
		for i := range others {
			// No early exit, and in constant time: these are secrets, and the sender chooses which
			// tenant to name.
			same |= subtle.ConstantTimeCompare([]byte(mine.DangerouslyReveal()), []byte(others[i].DangerouslyReveal()))
		}
	}
	return same == 1, nil
}

// unlessUnknown returns nil for an unknown tenant, who has no secret in common with anybody. Other
// errors stay: the caller must fail closed on them.
func unlessUnknown(err error) error {
	if errors.Is(err, secrets.ErrUnknownTenant) {
		return nil
	}
	return err
}
