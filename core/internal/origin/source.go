package origin

import (
	"context"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
)

const noList = "the list of source addresses is not available: see the log of whatever fetches it"

// CheckSource refuses a sender that the endpoint's list does not name. It fails closed where there is no list, or no
// address to look up.
//
// An address is no proof of a sender: it only makes forgeries harder. The proof is checked in any case.
func (p *Policy) CheckSource(ctx context.Context, o *Origin) fault.Failure {
	// No list is configured, so there is nothing to check. It fails open, as the operator chose.
	if p.Sources == nil {
		return fault.Failure{}
	}
	set, err := p.Sources.Sources(ctx)
	// An outage of the list must not let everybody in. The provider sends the event again.
	if err != nil || set == nil {
		return fault.New(reason.KeysUnavailable, noList)
	}
	if !o.Source.IsValid() {
		return fault.New(reason.SourceNotAllowed, "the sender's address is not known: "+o.Unknown)
	}
	if set.Contains(o.Source) {
		return fault.Failure{}
	}
	detail := "the address " + o.Source.String() + " is not in Sources"
	switch {
	case o.Trusted && o.Source == o.Peer:
		detail += ": it is your proxy's own, which sent neither X-Forwarded-For nor Forwarded: make it set one of them"
	// Headers of a peer that is not trusted were not read. The hint is the usual mistake, and not a
	// reason to trust it.
	case !o.Trusted:
		detail += ": if it is your proxy, add it to TrustedProxies"
	}
	return fault.New(reason.SourceNotAllowed, detail)
}
