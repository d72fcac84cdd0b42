// Package docgen writes docs/providers.md from the entries, so that the documentation cannot differ from the code.
package docgen

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Providers is the text of docs/providers.md.
func Providers() string {
	all := catalogue.All()
	kinds := map[catalogue.Kind]int{}
	for _, c := range all {
		kinds[c.Kind]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, head, len(all), kinds[catalogue.Proved], kinds[catalogue.Library], kinds[catalogue.Unproved])
	b.WriteString(ownEntry)
	b.WriteString("\n## All senders\n\n| name | sender | proof | signed time | remembered by | confidence | " +
		"confirmed |\n|---|---|---|---|---|---|---|\n")
	for _, c := range all {
		e, _ := entry.Of(c.Sample())
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s | %s | %s |\n",
			e.Name, e.Name, e.Title, proof(e), fresh(e), e.Remembered(), e.Confidence, c.Fact().Confirmed)
	}
	for _, c := range all {
		e, _ := entry.Of(c.Sample())
		write(&b, c, e)
	}
	return b.String()
}

// write writes what is known of one sender.
func write(b *strings.Builder, c catalogue.Entry, e *entry.Entry) {
	fmt.Fprintf(b, "\n### %s\n\n[%s](%s), in `%s`, confidence %s; %s. [Setting it up](providers/%s.md).\n\n",
		e.Name, e.Title, e.Docs, c.Package, e.Confidence, confirmed(c), e.Name)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", name, text)
		}
	}
	line("Proof", proof(e))
	line("Signed", signed(e))
	line("Not covered", strings.Join(e.Unsigned, "; "))
	line("Signed time", fresh(e))
	line("Secret", secret(c, e))
	for _, p := range c.Parameters {
		need := "optional"
		if p.Required || p.Field == "PublicURL" && e.Scheme.Boundary().URL {
			need = "required"
		}
		if p.List {
			need += ", a list"
		}
		if p.Field != "" {
			need += ", `core.Config." + p.Field + "`"
		}
		line("Parameter `"+p.Name+"`", p.Doc+" ("+need+")")
	}
	line("Encrypted", encrypted(e.Event.Sealed))
	line("Remembered by", e.Remembered())
	line("Event", details(e))
	for i := range e.Handshakes {
		line("Handshake", handshake(&e.Handshakes[i]))
	}
	line("Answers", answers(e))
	line("Sends again for", again(e))
	line("Waits", length(e.AckLimit))
	line("Addresses", e.Addresses)
	line("Largest body", size(e.MaxBody))
}

// answers says what is special about the statuses.
func answers(e *entry.Entry) string {
	var all []string
	if e.AuthStatus != 0 && e.AuthStatus != http.StatusBadRequest {
		all = append(all, fmt.Sprintf("a failed authentication is %d", e.AuthStatus))
	}
	if e.Answers.Authentication.Empty {
		all = append(all, "a failed authentication has no body")
	}
	if e.Drops4xx {
		all = append(all, "too much and too large are 503, because a 4xx loses the event")
	}
	for _, one := range []struct {
		what   string
		answer entry.Answer
	}{
		{"what is transient", e.Answers.Transient}, {"too much", e.Answers.TooMuch},
		{"a body that is too large", e.Answers.TooLarge}, {"a receiver that failed", e.Answers.App},
	} {
		if one.answer.Status != 0 {
			all = append(all, fmt.Sprintf("%s is %d", one.what, one.answer.Status))
		}
	}
	if e.AckEcho != "" {
		all = append(all, "every answer repeats `"+e.AckEcho+"`")
	}
	if e.AckEmpty {
		all = append(all, "an acknowledgement has no body")
	}
	if e.AckBody != "" {
		text := "an acknowledgement says `" + e.AckBody + "`"
		if e.AckSealed {
			text += ", encrypted and signed for each delivery"
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// encrypted says what is encrypted, and how.
func encrypted(s *entry.Sealed) string {
	if s == nil {
		return ""
	}
	cipher := map[entry.Cipher]string{
		entry.AES256GCM: "AES-256-GCM", entry.AES256CBCHashed: "AES-256-CBC", entry.AES256CBCFramed: "AES-256-CBC",
	}[s.Cipher]
	place := "`" + s.Pointer + "`"
	if s.Element != "" {
		place = "the element `" + s.Element + "`, or " + place
	}
	what := "the payload"
	if s.Data {
		what = "the data"
	}
	if s.XML {
		what += ", whose XML is given as JSON"
	}
	return cipher + " in " + place + "; the plaintext is " + what + " of the event; decrypted after the proof, with " +
		"`" + s.Setting + "`: " + s.KeyFrom
}
