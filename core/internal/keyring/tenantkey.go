package keyring

import (
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

// maxTenantKey is how long the key of a tenant may be.
const maxTenantKey = 128

// ValidTenant reports whether a text can be the key of a tenant.
func ValidTenant(key string) bool {
	if key == "" || len(key) > maxTenantKey {
		return false
	}
	for i := range len(key) {
		c := key[i]
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':' || c == '@'
		if !ok {
			return false
		}
	}
	return true
}

// UnknownTenant is the end of a delivery that was judged by keys that nobody has.
func UnknownTenant(why reason.Reason, found string) fault.Failure {
	if found == "" {
		found = "the tenant that the delivery names is unknown: no secret is configured for it"
	}
	return fault.New(why, found)
}
