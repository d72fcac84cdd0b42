package publickey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"sync/atomic"
)

// LastChecked remembers the key that passed a check last, and its algorithm. So the check is not repeated for each
// delivery. The zero value is ready. It is safe for concurrent use.
//
// Keys are compared by their address. A source that returned a key must not change it: the change would not be checked.
type LastChecked struct{ fit atomic.Pointer[fit] }

// fit is a key that passed the check for an algorithm.
type fit struct {
	algorithm string
	key       crypto.PublicKey // a pointer
}

// Check calls check, unless the key is the one that passed last for this algorithm. A key that did not pass is not
// remembered.
func (l *LastChecked) Check(
	algorithm string, key crypto.PublicKey, check func(algorithm string, key crypto.PublicKey) (problem string),
) (problem string) {
	switch key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
	default: // ed25519.PublicKey is a slice: it has no address to compare, and its check is cheap
		return check(algorithm, key)
	}
	if f := l.fit.Load(); f != nil && f.algorithm == algorithm && f.key == key { //lint:notsecret addresses
		return ""
	}
	// Two goroutines may check the same key at once, which only costs time.
	if problem := check(algorithm, key); problem != "" {
		return problem
	}
	l.fit.Store(&fit{algorithm, key})
	return ""
}
