// Package fitkey says which public keys are fit to verify with, and remembers which was last found fit, so that a key that a
// source hands out for one delivery after another is looked at once.
package fitkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"sync/atomic"
)

// Last is the key that was found fit last, and for which algorithm. The zero value has none. It is safe for concurrent
// use. Keys are told apart by where they are: whoever hands one out must not change it.
type Last struct{ fit atomic.Pointer[fit] }

type fit struct {
	algorithm string
	key       crypto.PublicKey // a pointer
}

// Check is check for a key that is not the one that was found fit last.
func (l *Last) Check(algorithm string, key crypto.PublicKey, check func(algorithm string, key crypto.PublicKey) (problem string)) (problem string) {
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
