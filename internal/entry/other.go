package entry

import "net/url"

// Other is what the sender also sends to URLs that it is given, and this entry refuses: another product under its name,
// or an older format. It changes no decision: a refusal names it, so that the operator looks for no lost signature.
type Other struct {
	// Query are parameters that the URL of such a request has, all of them. None: nothing in the head tells it from a
	// delivery that lost its signature.
	Query []string
	What  string // "an IPN notification, which cannot be verified"
	Do    string // what to do instead: "remove notification_url"
}

// Certain reports whether a request with this query is the other one.
func (o *Other) Certain(query url.Values) bool {
	for _, name := range o.Query {
		if !query.Has(name) {
			return false
		}
	}
	return len(o.Query) > 0
}
