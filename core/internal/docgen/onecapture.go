package docgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/onecapture"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const oneCaptureHead = `# What somebody who captured one delivery can still do

Generated from the entries by "make docs"; a test fails when it is stale.

A capture is one genuine delivery, byte for byte: from a log, a proxy, a mirror of the traffic, or a mailbox of error
reports. Whoever has one, and not the secret, can make no second event of it and can change no detail that the event
calls authenticated (` + "`Event.Authenticated`" + `). A test applies every change that it knows to deliveries of every sender; "make
onecapture" runs all of them, and pairs of them.

What remains:

- *Send it again.* While the event is remembered (` + "`Config.Limits.Retention`" + `), that is a duplicate: it is answered, and nothing
  runs. Where a time is signed, it is refused once the time is too old. Where none is, it runs again once it is forgotten:
  choose a long Limits.Retention for what must not happen twice.
- *Be first.* Who sends a capture before the genuine delivery arrives has it processed in its place. What nothing signs
  is then what they wrote.
- *Change what nothing signs.* The table names it. It makes no other event, unless the table says so, and
  ` + "`Event.Authenticated`" + ` says false of it. Decide nothing by it.

To end it all for a captured delivery, change the secret.
`

const oneCaptureTable = `
## Senders that sign

| sender | the same delivery again | what else a capture can do | what nothing signs |
|---|---|---|---|
`

const oneCaptureCredentials = `
## Senders that present a shared secret

Their deliveries hold the secret itself. Whoever captured one can send anything until the secret is changed: use them over
HTTPS only, keep headers, URLs and bodies out of logs, and change the secret when one got out.

`

// OneCapture is the text of docs/one-capture.md.
func OneCapture() string {
	var b strings.Builder
	b.WriteString(oneCaptureHead)
	b.WriteString(oneCaptureTable)
	var credentials []string
	for _, c := range catalogue.All() {
		e, _ := entry.Of(c.Sample())
		if e.Scheme == nil {
			credentials = append(credentials, "`"+e.Name+"`")
			continue
		}
		fmt.Fprintf(&b, "| [`%s`](providers.md#%s) | %s | %s | %s |\n", e.Name, e.Name, replayed(e), other(e),
			strings.Join(e.Unsigned, "; "))
	}
	b.WriteString(oneCaptureCredentials)
	b.WriteString(strings.Join(credentials, ", ") + ".\n")
	return b.String()
}

// replayed says what becomes of a capture that is sent again.
func replayed(e *entry.Entry) string {
	window := ""
	if signsTime(e) {
		window = fresh(e)
	}
	if e.Identity.Kind == entry.None {
		if window == "" {
			return "runs each time: nothing is remembered"
		}
		return "runs each time while the time holds (" + window + "): nothing is remembered"
	}
	text, meanwhile := "duplicate while remembered", ""
	if window != "" {
		text, meanwhile = "duplicate; then stale ("+window+")", " meanwhile"
	}
	if some := runEachTime(&e.Identity); some != "" {
		text += "; " + some + " run each time" + meanwhile
	}
	return text
}

// runEachTime names the deliveries of a sender that are not remembered although others are.
func runEachTime(id *entry.Identity) string {
	var all []string
	for text, holds := range map[string]bool{
		"forms": id.NoneForForms, "deliveries that are not lists": id.NoneForSingles, "GET requests": id.NoneForGET,
	} {
		if holds {
			all = append(all, text)
		}
	}
	for _, a := range id.Apart {
		if a.Answer {
			all = append(all, "those that wait for an answer ("+a.Why+")")
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// other says what else somebody can do with a capture.
func other(e *entry.Entry) string {
	var all []string
	for _, left := range onecapture.LeftBy(e) {
		all = append(all, left.Reason)
	}
	for _, x := range onecapture.Exceptions() {
		if x.Entry == e.Name {
			all = append(all, x.Reason)
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "; ")
}
