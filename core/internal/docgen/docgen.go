// Package docgen writes the table of providers from the entries, so that the documentation cannot differ from the code.
package docgen

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/entry"
	"github.com/sallyport-go/sallyport/core/provider"
)

// Providers is the text of docs/providers.md.
func Providers() string {
	var b strings.Builder
	b.WriteString(`# Providers

Generated from the entries in core/provider by "go run ./core/internal/docgen/cmd > docs/providers.md"; a test fails when it is stale.

"Remembered by" is what an event's identity is made of. What stands under "not covered" could be changed by whoever
captured a delivery. Without a signed time, a captured delivery can be replayed once it is no longer remembered.
Confidence: A, an official source was read or a recorded delivery verifies; B, official documentation was read; C,
descriptions by third parties.

| name | sender | authenticated by | signed | fresh | remembered by | not covered | sends again for | waits | body | failed authentication | confidence |
|---|---|---|---|---|---|---|---|---|---|---|---|
`)
	for _, p := range provider.All() {
		e, _ := core.EntryOf(p)
		fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %s | %s | %s | %s | %s | %s | %s | %d | %s |\n",
			e.Name, e.Title, e.Docs, proof(e), signed(e), fresh(e), remembered(e), either(strings.Join(e.Unsigned, ", "), "-"),
			again(e), length(e.AckLimit), size(e.MaxBody), orElse(e.AuthStatus, http.StatusBadRequest), e.Confidence)
	}
	b.WriteString("\nA sender of your own: `provider.HMAC`, `provider.PublicKey`, `provider.Basic`, `provider.Bearer`, `provider.Token`.\n")
	return b.String()
}

func proof(e *entry.Entry) string {
	if s := e.Scheme; s != nil {
		where := "the body"
		if names := slices.Concat(s.Signature.Headers, s.Signature.Beside); len(names) > 0 {
			where = "`" + strings.Join(names, "` or `") + "`"
		}
		text := algorithm(s.Algorithm)
		if s.Second != nil {
			text += " or " + algorithm(s.Second.Algorithm)
		}
		return text + " in " + where
	}
	switch e.Credential.Kind {
	case entry.Basic:
		return "HTTP Basic"
	case entry.Bearer:
		return "bearer token"
	case entry.QueryToken:
		return "shared secret in the URL's `" + e.Credential.Name + "`"
	default:
		return "shared secret in `" + e.Credential.Name + "`"
	}
}

func algorithm(a entry.Algorithm) string {
	return map[entry.Algorithm]string{
		entry.HMACSHA1: "HMAC-SHA1", entry.HMACSHA256: "HMAC-SHA256", entry.HMACSHA384: "HMAC-SHA384", entry.HMACSHA512: "HMAC-SHA512",
		entry.DigestSHA1: "SHA-1 with the secret", entry.DigestSHA256: "SHA-256 with the secret",
		entry.DigestSHA512: "SHA-512 with the secret", entry.DigestMD5: "MD5 with the secret",
		entry.Ed25519: "Ed25519", entry.ECDSAP256SHA256: "ECDSA P-256", entry.RSAPKCS1SHA256: "RSA PKCS #1 SHA-256",
		entry.RSAPKCS1SHA1: "RSA PKCS #1 SHA-1", entry.RSAPSSSHA256: "RSA-PSS SHA-256",
	}[a]
}

func signed(e *entry.Entry) string {
	if e.Scheme == nil {
		return "nothing"
	}
	var b strings.Builder
	for _, p := range e.Scheme.Signed {
		b.WriteString(p.Before)
		switch p.Kind {
		case entry.PartBody:
			b.WriteString("{body}")
		case entry.PartTimestamp:
			b.WriteString("{timestamp}")
		case entry.PartID:
			b.WriteString("{id}")
		case entry.PartLiteral:
			b.WriteString(p.Text)
		case entry.PartHeader:
			b.WriteString("{header:" + p.Text + "}")
		case entry.PartURL:
			b.WriteString("{url}")
		case entry.PartMethod:
			b.WriteString("{method}")
		case entry.PartPath:
			b.WriteString("{path}")
		case entry.PartSecret:
			b.WriteString("{secret}")
		case entry.PartJSON:
			b.WriteString("{" + p.Text + "}")
		case entry.PartForm:
			b.WriteString("{form:" + p.Text + "}")
		case entry.PartQuery:
			b.WriteString("{query:" + p.Text + "}")
		case entry.PartSortedForm:
			b.WriteString("{sorted form}")
		case entry.PartSortedQuery:
			b.WriteString("{sorted query}")
		case entry.PartURLBare:
			b.WriteString("{url without its query}")
		case entry.PartURLWithPort, entry.PartURLWithoutPort:
			b.WriteString("{url, with or without its port}")
		case entry.PartReplacedBody:
			b.WriteString("{body with the secret in the signature's place}")
		case entry.PartBodyMD5:
			b.WriteString("{MD5 of the body}")
		case entry.PartBodySHA256:
			b.WriteString("{SHA-256 of the body}")
		case entry.PartCRC32:
			b.WriteString("{CRC-32 of the body}")
		case entry.PartCanonicalQuery:
			b.WriteString("{sorted query}")
		case entry.PartEscapedPath:
			b.WriteString("{escaped path}")
		case entry.PartListedHeaders:
			b.WriteString("{headers that " + p.Text + " lists}")
		}
		b.WriteString(p.After)
	}
	text := "`" + strings.NewReplacer("\n", "\\n", "|", "\\|").Replace(b.String()) + "`"
	if e.Scheme.Items != "" {
		return text + " of each item"
	}
	return text
}

func fresh(e *entry.Entry) string {
	if e.Scheme == nil || !strings.Contains(signed(e), "{timestamp}") && !strings.Contains(signed(e), "{headers that ") {
		return "no signed time"
	}
	tolerance := e.Scheme.Timestamp.Tolerance
	if tolerance == 0 {
		tolerance = 5 * time.Minute
	}
	if past := e.Scheme.Timestamp.Past; past > 0 {
		return length(past) + " back, " + length(tolerance) + " ahead"
	}
	return "±" + length(tolerance)
}

func remembered(e *entry.Entry) string {
	var text string
	switch e.Identity.Kind {
	case entry.BySignedID:
		text = "the signed id"
	case entry.ByPointer:
		text = "`" + strings.Join(append([]string{e.Identity.Pointer}, e.Identity.And...), "`, `") + "` in the body"
	case entry.BySigned:
		text = "what is signed"
	case entry.None:
		return "nothing: " + e.Identity.Why
	default:
		text = "the body"
		if len(e.Identity.With) > 0 {
			text += " with `" + strings.Join(e.Identity.With, "`, `") + "`"
		}
	}
	if e.Identity.NoneForForms {
		text += "; forms by nothing: " + e.Identity.Why
	}
	return text
}

func again(e *entry.Entry) string {
	if e.NeverRetries {
		return "never by itself"
	}
	return length(e.RetryHorizon)
}

func length(d time.Duration) string {
	switch {
	case d == 0:
		return "unknown"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}

func size(n int64) string { return fmt.Sprintf("%d MiB", orElse(n, 1<<20)>>20) }

func either(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func orElse[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}
