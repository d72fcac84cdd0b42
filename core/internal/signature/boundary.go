package signature

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// checkBoundary refuses a delivery whose signature matches, and would match with a boundary elsewhere as well. It
// fails closed: what could be read in two ways is refused, whichever of them is genuine.
func (v *Verifier) checkBoundary(in *Input) fault.Failure {
	p := in.Claims
	b := &v.Boundary
	// The checks run after the signature matched. An attacker here holds one genuine delivery and its
	// signature, and sends the same signed bytes divided in another way.
	switch {
	case b.Form != nil:
		return checkForm(b.Form, in.URL, p.form, v.Route.Pinned)
	// A configured URL that is the same for every tenant cannot take bytes from the body, so the rest
	// needs no check.
	case v.Route.Pinned:
	case b.JSON:
		return checkJSON(in.URL, in.Body)
	case b.Query && !readsOnce(in.URL, p.form):
		return fault.New(reason.BadSignature, queryMoves)
	}
	return fault.Failure{}
}

const (
	signedAlike  = "the signature matches, and would match if bytes moved from the URL to the body or back: "
	ifGenuine    = "; if the sender is genuine, set PublicURL to the URL that is registered at the provider"
	notOneJSON   = signedAlike + "the body is not one JSON object or list from its first byte to its last" + ifGenuine
	endsInJSON   = signedAlike + "there is no body, and the URL ends as JSON does" + ifGenuine
	notBeginning = signedAlike + "the form does not begin, in the order of names, with one field " // its name
	inTheURL     = signedAlike + "the URL holds the form's field "                                 // its name
	notOneForm   = "the signature matches, and would match other fields: the form must have one field, a JSON list: "
	queryForm    = "the signature matches, and would match a query in place of the form: a name begins as a query does"
	queryMoves   = "the signature matches, and would match another query or form: a query with a dot or " +
		"an escaped &, or a form with = before its first dot" + ifGenuine
	queryAdded = "the request has a query, and PublicURL has none: set PublicURL to the whole URL that is registered " +
		"at the provider; where the provider adds to it, remove PublicURL"
)

// The texts name the setting that ends the ambiguity, PublicURL. They quote nothing of the request.
// checkJSON demands a body that is one whole JSON text beginning with a bracket. Only blanks may follow it.
//
// Then the boundary cannot be anywhere else. Suppose that S, a proper end of the whole text B, begins with a bracket
// and is whole as well.
//
//   - S begins outside of B's strings: both read alike from there. In B the depth at that place is one or more, so that
//     the bracket that closes B is one too many in S.
//   - S begins inside one of B's strings: S reads as structure what B reads as strings, and the other way round.
//     Backslashes stand only inside B's strings, and a whole S has none outside its own. So there are none, and every
//     quotation mark begins or ends a string for both. The last bracket is outside of B's strings. For S it is inside a
//     string that nothing closes.
//
// A longer body that ends with B is the same case, with B as S. Where the URL follows the body: no proper beginning of
// B is whole, except for the blanks at its end, and no URL begins with blanks.
//
// Without a body, all of the text is the URL. A URL that ends as JSON does could be a URL and a body, and is refused.
// No genuine URL does, because brackets and blanks are escaped there.
func checkJSON(url string, body []byte) fault.Failure {
	if len(body) == 0 {
		// Only a forger benefits from this form: the whole signed text, URL and body, moved into the
		// URL.
		end := strings.TrimRight(url, " \t\r\n")
		if strings.HasSuffix(end, "}") || strings.HasSuffix(end, "]") {
			return fault.New(reason.BadSignature, endsInJSON)
		}
		return fault.Failure{}
	}
	// The first byte must be a bracket: a number or a text could be continued at its beginning by the
	// URL's last bytes.
	if !wholeJSON(body) {
		return fault.New(reason.BadSignature, notOneJSON)
	}
	return fault.Failure{}
}

// wholeJSON reports whether a text is one whole JSON object or list. Only blanks may follow it.
func wholeJSON(text []byte) bool {
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') && jsonscan.Whole(text)
}

// checkForm demands the field that closes a form. It fails closed.
//
// A field that must be the only one holds a JSON list. The proof at checkJSON then says that neither its name nor its
// value nor the URL can be divided in another way.
//
// Any other closing field must be the first one, and come once. Its name and the beginning of its value mark the end
// of the URL. They never stand side by side in the URL, where an equals sign follows the name.
func checkForm(c *entry.Closing, url string, form []formField, pinned bool) fault.Failure {
	// Fails closed: a second field, or a value that is not a list, could be the rest of another field's
	// name.
	if c.Only {
		if len(form) != 1 || form[0].name != c.Field || !jsonList(form[0].value) {
			return fault.New(reason.BadSignature, notOneForm+c.Field)
		}
		return fault.Failure{}
	}
	if pinned {
		// A parameter of the request may have joined the configured URL.
		if slices.ContainsFunc(form, func(f formField) bool { return strings.IndexAny(f.name, "?&") == 0 }) {
			return fault.New(reason.BadSignature, queryForm)
		}
		return fault.Failure{}
	}
	// An empty form is closed: all that is signed is the URL, and no field can be made from it without
	// the closing name.
	closed := len(form) == 0 || form[0].name == c.Field && strings.HasPrefix(form[0].value, c.Prefix) &&
		(len(form) == 1 || form[1].name != c.Field)
	if !closed {
		return fault.New(reason.BadSignature, notBeginning+c.Field+ifGenuine)
	}
	// Fails closed. A genuine URL writes an equals sign between a name and its value, so it never holds
	// both in a row.
	if strings.Contains(url, c.Field+c.Prefix) {
		return fault.New(reason.BadSignature, inTheURL+c.Field)
	}
	return fault.Failure{}
}

// jsonList reports whether a text is one whole JSON list. Whole refuses anything behind it, which
// another reading could use.
func jsonList(text string) bool {
	return strings.HasPrefix(text, "[") && jsonscan.Whole([]byte(text))
}

// readsOnce reports whether the sorted query of a URL, and the form that follows it, can be read in one way only. A
// query has an equals sign, and here no dot. A form without a query has no equals sign before its first dot.
func readsOnce(url string, form []formField) bool {
	_, raw, _ := strings.Cut(url, "?")
	// A query that cannot be decoded has no certain reading. Fails closed.
	query, ok := sortedForm([]byte(raw), entry.RepeatsSorted)
	if !ok {
		return false
	}
	for _, f := range query {
		// The names and values are decoded here. A dot would end the query for another reading, and an
		// ampersand would begin another parameter.
		if strings.ContainsAny(f.name, ".&=") || strings.ContainsAny(f.value, ".&") {
			return false
		}
	}
	if len(query) > 0 {
		return true
	}
	for _, f := range form {
		// Names and values follow each other with nothing between them, so the first dot or equals sign
		// decides for both.
		for _, text := range [...]string{f.name, f.value} {
			switch at := strings.IndexAny(text, ".="); {
			case at < 0:
			case text[at] == '=':
				return false
			default:
				return true
			}
		}
	}
	return true
}
