// Package fault says why a request is refused, and what is wrong with a configuration.
package fault

import "github.com/sallyport-go/sallyport/core/reason"

// Failure is why a request is refused, before there is a rejection. The zero failure is none.
type Failure struct {
	Reason reason.Reason
	Detail string // what was seen and which setting to check; never a secret
}

// Error returns the detail, so that a mechanism of an entry can return a Failure as its error.
func (f Failure) Error() string { return f.Detail }

// New returns a failure.
func New(why reason.Reason, detail string) Failure { return Failure{why, detail} }

func (f Failure) Failed() bool { return f.Reason != "" }
