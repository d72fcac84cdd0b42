package docgen

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const indexHead = `# Senders

Generated from the entries by "make docs"; a test fails when it is stale. One page a sender: how a delivery is proved,
what to configure, where to click, what arrives first and what the log says then. [providers.md](../providers.md) has all
of them on one page.

Confidence: A, an official source was read or a recorded delivery verifies; B, official documentation; C, third parties.
The date is the day on which the facts were last confirmed. A sender is found under its other names as well (provider.ByName);
its own name is what stores, logs and metrics hold.

| name | also found as | sender | proved by | confidence | confirmed |
|---|---|---|---|---|---|
`

// index returns the text of docs/providers/README.md.
func index() string {
	var b strings.Builder
	b.WriteString(indexHead)
	for _, c := range catalogue.All() {
		e, _ := entry.Of(c.Sample())
		fmt.Fprintf(&b, "| [`%s`](%s.md) | %s | %s | %s | %s | %s |\n",
			e.Name, e.Name, aliasesOf(c), e.Title, proof(e), e.Confidence, c.Fact().Confirmed)
	}
	return b.String()
}

// aliasesOf lists the other names of an entry; empty where it has none.
func aliasesOf(c catalogue.Entry) string {
	if len(c.Aliases()) == 0 {
		return ""
	}
	return "`" + strings.Join(c.Aliases(), "`, `") + "`"
}

// Pages are the texts of docs/providers, by the name of the file.
func Pages() map[string]string {
	pages := map[string]string{"README.md": index()}
	for _, c := range catalogue.All() {
		pages[c.Name+".md"] = page(c)
	}
	return pages
}

// page is the page of one sender.
func page(c catalogue.Entry) string {
	e, _ := entry.Of(c.Shown())
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n[Its documentation](%s), `%s` in `%s`. Confidence %s; %s.\n",
		e.Title, e.Docs, e.Name, c.Package, e.Confidence, confirmed(c))
	b.WriteString("Generated from the entry by \"make docs\". [All senders](README.md).\n\n## How a delivery is " +
		"proved\n\n")
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", name, text)
		}
	}
	line("Not confirmed", c.Unconfirmed())
	line("Proof", proof(e))
	line("Signed", signed(e))
	line("Not covered", strings.Join(e.Unsigned, "; "))
	line("Methods", strings.Join(append([]string{http.MethodPost}, e.Methods...), ", "))
	line("Signed time", fresh(e))
	line("Encrypted", encrypted(e.Event.Sealed))
	line("Remembered by", e.Remembered())
	line("Event", details(e))
	line("Answers", answers(e))
	line("Sends again for", again(e))
	line("Waits", length(e.AckLimit))
	line("Largest body", size(e.MaxBody))
	line("Addresses", e.Addresses)
	b.WriteString("\n## Configure\n\n```go\n" + snippet(c, e) + "```\n\n" + around(c, e))
	for n, p := range c.Parameters {
		if n == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- %s: %s\n", setting(p), p.Doc)
	}
	b.WriteString("\n## Setting it up\n\n")
	for n, step := range steps(c, e) {
		fmt.Fprintf(&b, "%d. %s\n", n+1, step)
	}
	if awaits(e) {
		b.WriteString("\nThe guard of the first start:\n\n```go\n" + firstSnippet(c, e) + "```\n")
	}
	writeFirst(&b, c, e)
	if refused := c.Guide().Refuses; len(refused) > 0 {
		b.WriteString("\n## Refused, and what to do instead\n\n")
		for _, text := range refused {
			b.WriteString("- " + text + "\n")
		}
	}
	b.WriteString("\n## What one capture can do\n\n" + captured(e))
	return b.String()
}

func confirmed(c catalogue.Entry) string {
	f := c.Fact()
	text := "facts confirmed on " + f.Confirmed
	if f.Source != "" {
		text += " (" + f.Source + ")"
	}
	return text
}

// steps are where to click: the guide's, or what the entry's data say.
func steps(c catalogue.Entry, e *entry.Entry) (all []string) {
	if own := c.Guide(); len(own.Steps) > 0 {
		return append(slices.Clone(own.Steps), own.Notes...)
	}
	target := "https://hooks.example.com/webhooks/" + e.Name
	switch e.Credential.Kind {
	case entry.Basic:
		target = "https://user:password@hooks.example.com/webhooks/" + e.Name
	case entry.QueryToken:
		target += "?" + e.Credential.Name + "=SECRET"
	}
	if awaits(e) {
		all = append(all, firstStart(e))
	}
	secret := secretStep(c, e)
	register := "Deploy the endpoint, reachable over HTTPS, and register `" + target + "`: [how](" + e.Docs + ")."
	all = append(all, register, secret)
	if e.AsksVerifyToken() {
		all = append(all, "The verify token is one of your own (`secrets.Generate()`). Give it to the sender, and "+
			"put it into `"+
			upper(e)+"_VERIFY_TOKEN`.")
	}
	if awaits(e) {
		all = append(all, secondStart(e))
	}
	return append(all, c.Guide().Notes...)
}

// firstStart says how to start before there is a secret.
func firstStart(e *entry.Entry) string {
	text := "Start the endpoint with the guard below: the first requests come before there is a secret."
	if handsOver(e) {
		text += " " + e.Title + " hands it over in its first request, once, and `store` writes it to `" + e.Name +
			".secret`."
	}
	return text
}

// secondStart says what follows when the secret is there.
func secondStart(e *entry.Entry) string {
	const again = "start again with the guard above. Until then events are answered 503."
	if !handsOver(e) {
		return strings.ToUpper(again[:1]) + again[1:]
	}
	// Nothing proves that request: anybody who knows the URL could have been first.
	return "Compare the secret with what " + e.Title + " shows, where it does, and " + again
}

// secretStep says where the secret comes from, and where it goes.
func secretStep(c catalogue.Entry, e *entry.Entry) string {
	into := ", into `" + variable(e) + "`."
	switch {
	case e.BringsKeys():
		return "No secret is shared: " + e.Title + " sends its certificates, which the settings of the entry vouch for."
	case c.AsksForKeys():
		return "No secret is shared: `source` fetches the keys that " + e.Title + " publishes, from the places that " +
			"are pinned for it."
	case keyPair(e) && e.SecretFrom != "":
		return "The public key, which is not secret: " + e.SecretFrom + into
	case e.SecretFrom != "":
		return "The secret: " + e.SecretFrom + into
	case e.Credential.Kind == entry.Basic:
		return "Choose a user and a password of at least 16 bytes: `secrets.GeneratePair()` makes both, as one text " +
			"`user:password`. Give them to the sender with the URL, and put the text into `" + variable(e) + "`."
	default:
		return "Choose a secret of at least 16 bytes (`secrets.Generate()`). Give it to the sender with the URL" +
			presented(e) + ", and put it into `" + variable(e) + "`."
	}
}

// presented says where a sender that signs nothing presents the secret.
func presented(e *entry.Entry) string {
	if e.Scheme != nil {
		return ""
	}
	switch c := e.Credential; c.Kind {
	case entry.Bearer:
		return ", to be sent as `Authorization: Bearer SECRET`"
	case entry.HeaderToken:
		return ", to be sent in the header `" + c.Name + "`"
	case entry.BodyToken:
		return ", as `" + c.Name[strings.LastIndexByte(c.Name, '/')+1:] + "`"
	case entry.QueryToken:
		return ", as `" + c.Name + "` in it"
	default:
		return ""
	}
}

func awaits(e *entry.Entry) bool {
	early := func(h entry.Handshake) bool { return h.WhileAwaiting || h.HandsSecretOver() }
	return slices.ContainsFunc(e.Handshakes, early)
}

func handsOver(e *entry.Entry) bool {
	return slices.ContainsFunc(e.Handshakes, func(h entry.Handshake) bool { return h.HandsSecretOver() })
}

// writeFirst writes what arrives first, and what the log says then.
func writeFirst(b *strings.Builder, c catalogue.Entry, e *entry.Entry) {
	b.WriteString("\nWhat arrives first:\n\n")
	for i := range e.Handshakes {
		h := &e.Handshakes[i]
		fmt.Fprintf(b, "- %s: %s. No signal runs.\n", h.When, handshake(h))
	}
	events, empty := 0, false
	steps := webhooktest.NewSender(c.Sample()).Setup() // it makes keys, which takes long for RSA
	for _, step := range steps {
		if step.Handshake {
			continue
		}
		events++
		empty = empty || step.Empty
		what := "an event of the type `" + step.Type + "`"
		switch {
		case step.Empty:
			what = "a delivery without events, answered 200"
		case step.Type == "":
			what = "an event without a type"
		}
		fmt.Fprintf(b, "- %s: %s, %s as every other one.\n", step.When, what, provenBy(e))
	}
	for _, when := range c.Tests() {
		events++
		fmt.Fprintf(b, "- %s: a delivery, %s as every other one.\n", when, provenBy(e))
	}
	if len(e.Handshakes)+events == 0 {
		b.WriteString("- nothing before the first event, as far as is known.\n")
	}
	if len(steps) > 0 {
		b.WriteString("\nA test of yours can send it first: [how](../testing.md#before-the-url-is-registered).\n")
	}
	b.WriteString("\nWhat the log says: `first webhook delivery accepted: the endpoint works` for the first event " +
		"that a receiver takes, and a line for a type that none takes.")
	if empty {
		b.WriteString(" A delivery without events counts as one, and has a line of its own.")
	}
	if len(e.Handshakes) > 0 {
		b.WriteString(" A handshake is no sign of life: the first has the line `webhook handshake or test answered`, " +
			"and further ones are counted.")
	}
	b.WriteString(" A refusal says what came and which setting to change.\n")
}

// provenBy says how an event of a test button is proved.
func provenBy(e *entry.Entry) string {
	if e.Scheme == nil {
		return "with the secret"
	}
	return "signed"
}

// captured says what somebody can do who has one genuine delivery.
func captured(e *entry.Entry) string {
	if e.Scheme == nil {
		return "A delivery holds the secret itself: whoever captured one can send anything until the secret is " +
			"changed.\n"
	}
	return "- The same delivery again: " + replayed(e) + ".\n- What else: " + other(e) + ".\n"
}
