package publickey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"sync/atomic"
)

// LastChecked is the key that was found fit last, and for which algorithm. The zero value has none. It is safe for
// concurrent use. Keys are told apart by where they are: whoever hands one out must not change it.
type LastChecked struct{ fit atomic.Pointer[fit] }

type fit struct {
	algorithm string
	key       crypto.PublicKey // a pointer
}

// Check is check for a key that is not the one that was found fit last.
func (l *LastChecked) Check(
	algorithm string, key crypto.PublicKey, check func(algorithm string, key crypto.PublicKey) (problem string),
) (problem string) {
	switch key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey: // others are no pointers, or none of ours
	default:
		return check(algorithm, key)
	}
	if f := l.fit.Load(); f != nil && f.algorithm == algorithm && f.key == key { //lint:notsecret public keys, by where they are
		return ""
	}
	if problem := check(algorithm, key); problem != "" {
		return problem
	}
	l.fit.Store(&fit{algorithm, key})
	return ""
}
