package core

import "strings"

// Finding is one thing that was found out about a delivery that failed: what is the matter, as far as it can be known,
// and how to fix it. It holds no secret, no signature and nothing of the body.
type Finding struct {
	Code FindingCode
	Text string // what was found, in plain words
	Mend string // how to fix it
	// Secret is the label of the secret that the finding is about: that which would have matched, or which looks wrong.
	Secret string
}

// FindingCode names a kind of finding, one of a closed list. The names are an API: tables and metrics may use them.
type FindingCode string

// What is missing.
const (
	FindingUnsigned    FindingCode = "unsigned"       // the provider's other headers are there, the signature's is not
	FindingRenamed     FindingCode = "header_renamed" // the header is there under another spelling
	FindingStripped    FindingCode = "proxy_between"  // it came through a proxy, which may have removed the header
	FindingOtherSender FindingCode = "other_sender"   // nothing that this provider sends is there
	// FindingNoCredential is for a delivery whose other headers are there, the signature's among them, and the credential
	// is not.
	FindingNoCredential FindingCode = "no_credential"
)

// What was changed on the way: with it undone, the signature would match. None of it is ever accepted.
const (
	FindingBodyEmpty        FindingCode = "body_empty"
	FindingBodySlashes      FindingCode = "body_slashes"      // "\/" became "/", or the other way round
	FindingBodyNewline      FindingCode = "body_newline"      // a line break at the end was added or lost
	FindingBodyLineEnds     FindingCode = "body_line_ends"    // CRLF became LF, or the other way round
	FindingBodyReserialised FindingCode = "body_reserialised" // JSON was parsed and written again
	FindingURL              FindingCode = "url"               // another URL is signed
)

// What is wrong with a secret.
const (
	FindingSecretNotValid FindingCode = "secret_not_valid" // it matches, and is not valid now
	FindingSecretSpelling FindingCode = "secret_spelling"  // it matches in another spelling
	FindingSecretKind     FindingCode = "secret_kind"      // it looks like another kind of key
	FindingSecretUnknown  FindingCode = "secret_unknown"   // nothing tried makes it match
)

// What is wrong with the time.
const (
	FindingClock    FindingCode = "clock"          // how far the time is off
	FindingTimeUnit FindingCode = "timestamp_unit" // seconds and milliseconds are mixed up
)

// Findings returns every code, for tables and the labels of metrics.
func Findings() []FindingCode {
	return []FindingCode{
		FindingUnsigned, FindingNoCredential, FindingRenamed, FindingStripped, FindingOtherSender,
		FindingBodyEmpty, FindingBodySlashes, FindingBodyNewline, FindingBodyLineEnds, FindingBodyReserialised, FindingURL,
		FindingSecretNotValid, FindingSecretSpelling, FindingSecretKind, FindingSecretUnknown,
		FindingClock, FindingTimeUnit,
	}
}

// String is the finding in one line.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(string(f.Code) + ": " + f.Text)
	if f.Secret != "" {
		b.WriteString(" (secret " + f.Secret + ")")
	}
	b.WriteString(". To fix it: " + f.Mend)
	return b.String()
}
