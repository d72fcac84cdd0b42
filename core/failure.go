package core

import "github.com/sallyport-go/sallyport/core/reason"

// failure is why a request is refused, before there is a rejection. The zero failure is none.
type failure struct {
	reason reason.Reason
	detail string // what was seen and which setting to check; never a secret
}

// refuseFor returns a failure.
func refuseFor(why reason.Reason, detail string) failure { return failure{why, detail} }

func (f failure) failed() bool { return f.reason != "" }
