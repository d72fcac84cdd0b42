package explain

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/reason"
)

// otherProduct returns what the request is where its URL shows that it is not a delivery of this entry: no secret can
// make its signature match.
//
// The parameters are the sender's claim. They choose the text of a finding, and the delivery stays
// refused.
func (x *Examiner) otherProduct() (reason.Finding, bool) {
	if len(x.Entry.Others) == 0 {
		return reason.Finding{}, false
	}
	// Parsed leniently: a malformed query gives fewer parameters, and then no finding.
	query := x.Request.URL.Query()
	for i := range x.Entry.Others {
		if o := &x.Entry.Others[i]; o.Certain(query) {
			return reason.Finding{Code: reason.OtherProduct, Text: "it is " + o.What, Fix: o.Do}, true
		}
	}
	return reason.Finding{}, false
}

// unsignedOnes returns what the sender sends without the signature of this entry, as far as the request may be one.
//
// The texts say "may be", because nothing of the request proves it.
func (x *Examiner) unsignedOnes() (all []reason.Finding) {
	if f, ok := x.handover(); ok {
		all = append(all, f)
	}
	for i := range x.Entry.Others {
		if o := &x.Entry.Others[i]; len(o.Query) == 0 {
			all = append(all, reason.Finding{Code: reason.OtherProduct, Text: "it may be " + o.What, Fix: o.Do})
		}
	}
	return all
}

// handover returns the request that hands over the sender's secret, which comes before anything is signed. Where a
// secret is configured it is refused: anybody could send another.
//
// An attacker sends such a request to replace the secret by one of their own. The finding must not tell
// an operator to accept it unseen: it names the setting for a new start.
func (x *Examiner) handover() (reason.Finding, bool) {
	title := x.Entry.Title
	for i := range x.Entry.Handshakes {
		h := &x.Entry.Handshakes[i]
		text := "it may be the request that hands over the secret: " + title + " sends it without a signature, " +
			h.When
		switch {
		case h.SecretHeader != "":
			if len(x.Request.Header[http.CanonicalHeaderKey(h.SecretHeader)]) == 0 {
				continue
			}
			text = "it hands over a secret in " + h.SecretHeader + ": " + title + " sends it " + h.When
		case h.SecretJSON == "":
			continue
		}
		return reason.Finding{
			Code: reason.HandsSecretOver, Text: text,
			Fix: "to take it, start with Setup.AwaitingSecret and Setup.SecretSink in place of Secrets, and let " +
				title + " send it again",
		}, true
	}
	return reason.Finding{}, false
}
