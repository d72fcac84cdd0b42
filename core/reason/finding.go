package reason

import "strings"

// Finding is one thing that was found out about a delivery that failed: what is the matter, as far as it can be known,
// and how to fix it. It holds no secret, no signature and nothing of the body.
type Finding struct {
	Code Code
	Text string // what was found, in plain words
	Fix  string // how to fix it
	// Secret is the label of the secret that the finding is about: that which would have matched, or which looks wrong.
	Secret string
}

// Code names a kind of finding, one of a closed list. The names are an API: tables and metrics may use them.
type Code string

// What is missing.
const (
	Unsigned    Code = "unsigned"       // the provider's other headers are there, the signature's is not
	Renamed     Code = "header_renamed" // the header is there in another form
	Stripped    Code = "proxy_between"  // it came through a proxy, which may have removed the header
	OtherSender Code = "other_sender"   // nothing that this provider sends is there
	// NoCredential is for a delivery whose other headers are there, the signature's among them, and the credential
	// is not.
	NoCredential Code = "no_credential"
	// OtherProduct is for what the provider sends for another product, or in another format.
	OtherProduct Code = "other_product"
	// HandsSecretOver is for the request in which a provider hands over its secret, once a secret is configured.
	HandsSecretOver Code = "hands_secret_over"
)

// What was changed on the way: with it undone, the signature would match. None of it is ever accepted.
const (
	BodyEmpty        Code = "body_empty"
	BodySlashes      Code = "body_slashes"      // "\/" became "/", or the other way round
	BodyNewline      Code = "body_newline"      // a line break at the end was added or lost
	BodyLineEnds     Code = "body_line_ends"    // CRLF became LF, or the other way round
	BodyReserialised Code = "body_reserialised" // JSON was parsed and written again
	URL              Code = "url"               // another URL is signed
)

// What is wrong with a secret.
const (
	SecretNotValid Code = "secret_not_valid" // it matches, and is not valid now
	SecretSpelling Code = "secret_spelling"  // it matches in another form
	SecretKind     Code = "secret_kind"      // it looks like another kind of key
	SecretUnknown  Code = "secret_unknown"   // nothing tried makes it match
)

// What is wrong with the time.
const (
	Clock    Code = "clock"          // how far the time is off
	TimeUnit Code = "timestamp_unit" // seconds and milliseconds are mixed up
)

// Codes returns every code, for tables and the labels of metrics.
func Codes() []Code {
	return []Code{
		Unsigned, NoCredential, Renamed, Stripped, OtherSender, OtherProduct, HandsSecretOver,
		BodyEmpty, BodySlashes, BodyNewline, BodyLineEnds, BodyReserialised, URL,
		SecretNotValid, SecretSpelling, SecretKind, SecretUnknown,
		Clock, TimeUnit,
	}
}

// String is the finding in one line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(string(f.Code) + ": " + f.Text)
	if f.Secret != "" {
		b.WriteString(" (secret " + f.Secret + ")")
	}
	b.WriteString(". To fix it: " + f.Fix)
	return b.String()
}
