package signature

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// proofTexts are the details of refusals about the parts of a proof. They are made once, so that a flood of refusals
// allocates none.
type proofTexts struct {
	noHeader      string // there is no header with a signature; empty where the body holds it
	missingTime   string
	malformedTime string // follows the number of characters that came
	missingID     string
	noSignature   string
	misfits       [3]string // in the place of a signature is a shorter text, one as long, a longer one
	length        int       // of a signature, in characters; 0: it varies
}

const cutOrChanged = "something on the way cut or changed it, or Provider is not the entry of this sender"

// compileTexts compiles the texts. The caller must have compiled everything else.
func (v *Verifier) compileTexts(title string) {
	// The texts are made from the entry alone. They hold nothing of a delivery, and no secret.
	unit := map[entry.Unit]string{
		entry.Seconds: "a Unix time in seconds", entry.Milliseconds: "a Unix time in milliseconds",
		entry.SecondsOrMilliseconds: "a Unix time in seconds or milliseconds",
		entry.RFC3339:               "a time as in RFC 3339, 2006-01-02T15:04:05Z",
		entry.HTTPDate:              "a date of HTTP, Mon, 02 Jan 2006 15:04:05 GMT",
		entry.RFC3339InUTC:          "a time as in RFC 3339 without a zone, 2006-01-02T15:04:05",
	}[v.Unit]
	v.texts = proofTexts{
		missingTime:   "the delivery carries no timestamp: " + v.lacks(fieldTimestamp, title),
		malformedTime: " characters, and is not " + unit + ", as " + title + " sends it: " + cutOrChanged,
		missingID:     "the delivery carries no id, which is part of what is signed: " + v.lacks(fieldID, title),
	}
	if len(v.headers) > 0 && !v.inBody && v.scheme.Signature.Query == "" {
		v.texts.noHeader = "no " + v.headers[0][fieldSignature] +
			" header: set the secret at the provider, or find the proxy that strips the header"
	}
	form, length := v.form()
	form = " than the " + form + " that " + title + " sends: " + cutOrChanged
	v.texts.noSignature = "the signature's list holds nothing else" + form
	v.texts.length = length
	for i, what := range [...]string{"it is shorter", "it has other characters", "it is longer"} {
		if length == 0 {
			what = "it is something else"
		}
		v.texts.misfits[i] = "no signature of the right length and encoding: " + what + form
	}
}

// lacks returns where a field of the proof should be, and why it may be missing there.
//
// A missing field is nearly always a proxy or a wrong entry, and seldom an attack. The text therefore
// begins with those.
func (v *Verifier) lacks(field int, title string) string {
	f, signature := v.field(field), v.field(fieldSignature)
	listed := f.Key != "" || f.First
	switch {
	case listed && len(signature.Headers) > 0 && f.Key != "":
		return "the header " + signature.Headers[0] + " has no item " + f.Key + ": " + cutOrChanged
	case listed:
		return "the signature's list does not hold it: " + cutOrChanged
	case f.Query != "":
		return "the URL has no parameter " + f.Query + ", which a proxy may strip"
	case len(f.Headers) > 0:
		return "there is no header " + f.Headers[0] + ", which a proxy may strip"
	case f.JSON != "":
		return "the body has no " + f.JSON + ": " + cutOrChanged
	case f.Form != "":
		return "the form has no field " + f.Form + ": " + cutOrChanged
	}
	return "it is not a delivery of " + title + ", or it was changed on the way"
}

// form describes a well-formed signature. Its length is 0 where signatures may differ in it.
func (v *Verifier) form() (text string, length int) {
	var forms []string
	for i := range v.kinds {
		k := &v.kinds[i]
		least := k.Least
		if i == v.mac {
			least = k.Most
		}
		var n int
		text, n = encodedForm(v.scheme.Signature.Encoding, least, k.Most)
		if length = n; i > 0 {
			length = 0
		}
		if !slices.Contains(forms, text) {
			forms = append(forms, text)
		}
	}
	text = strings.Join(forms, " or ")
	if prefix := v.scheme.Signature.Prefix; prefix != "" && v.scheme.Signature.Layout == entry.Bare {
		text += " behind " + prefix
	}
	return text, length
}

func encodedForm(enc entry.Encoding, least, most int) (text string, length int) {
	if least != most || most == 0 {
		return "signature in " + encodingName(enc), 0
	}
	if enc == entry.Hex {
		return strconv.Itoa(2*most) + " hexadecimal digits", 2 * most
	}
	n := base64.StdEncoding.EncodedLen(most)
	if enc == entry.Base64Raw || enc == entry.Base64URLRaw {
		n = base64.RawStdEncoding.EncodedLen(most)
	}
	return strconv.Itoa(n) + " characters of " + encodingName(enc), n
}

func encodingName(enc entry.Encoding) string {
	switch enc {
	case entry.Hex:
		return "hexadecimal digits"
	case entry.Base64URL, entry.Base64URLRaw:
		return "base64url"
	default:
		return "base64"
	}
}

// malformedSignature returns the detail of a refusal where no text in the place of the signature can be one.
//
// It compares lengths only. The text that came is not repeated, because it may be a token that was sent
// to the wrong place.
func (v *Verifier) malformedSignature(t *tally) string {
	switch {
	case t.longest == 0:
		return v.texts.noSignature
	case t.longest < v.texts.length:
		return v.texts.misfits[0]
	case t.longest > v.texts.length:
		return v.texts.misfits[2]
	}
	return v.texts.misfits[1]
}
