package email

import (
	"maps"
	"strconv"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Mailgun's legacy webhooks are forms, which old accounts can still have. The app's variables are fields next to
// Mailgun's own. Where both have one name, Mailgun's value comes first, but for timestamp, token and signature, where
// it comes last.

var mailgunLegacyTypes = map[string]Type{ //lint:immutable never written
	"delivered": Delivered, "dropped": Rejected, "bounced": Bounced, "complained": Complained,
	"unsubscribed": Unsubscribed,
	"opened":       Opened, "clicked": Clicked,
}

func mailgunForm(e *core.Event) ([]Event, error) {
	f := readForm(e.Payload)
	kind, named := f.first("event")
	switch {
	case !named && f.has("sender"):
		return mailgun.conclude(e, e.Payload, isInbound)
	case !named:
		return mailgun.conclude(e, e.Payload, isOdd)
	}
	out := Event{Type: Unknown, Raw: e.Payload}
	if t, ok := mailgunLegacyTypes[kind]; ok {
		out.Type = t
	}
	for _, text := range [...]struct {
		field field
		names []string
	}{
		{fieldMessageID, []string{"Message-Id", "message-id"}}, {fieldRecipient, []string{"recipient"}},
		{fieldDescription, []string{"description"}}, {fieldMTAResponse, []string{"error", "notification"}},
		{fieldUserAgent, []string{"user-agent"}}, {fieldClickURL, []string{"url"}},
	} {
		if value, ok := f.first(text.names...); ok {
			out.set(text.field, value)
		}
	}
	if token, ok := f.last("token"); ok {
		out.set(fieldEventID, token)
	}
	if at, ok := f.last("timestamp"); ok {
		out.Timestamp = seconds.read(at)
	}
	if code, ok := f.first("code"); ok {
		out.RejectReason = mailgunCode(code)
	}
	if out.Tags = f.values["tag"]; out.Tags == nil {
		out.Tags = f.values["X-Mailgun-Tag"]
	}
	out.Metadata = mailgunVariables(&f, kind)
	return []Event{out}, nil
}

// mailgunCode reads Mailgun's own code, or an SMTP server's, which may be extended ("5.1.1").
func mailgunCode(code string) Reason {
	if len(code) > 1 && code[1] == '.' {
		if code[0] == '4' || code[0] == '5' {
			return ReasonBounced
		}
		return ReasonOther
	}
	n, err := strconv.Atoi(code)
	switch {
	case err != nil:
		return ReasonOther
	case n == 605:
		return ReasonBounced
	case n == 607:
		return ReasonSpam
	case n == 499:
		return ReasonTimedOut
	case n >= 400 && n < 600:
		return ReasonBounced
	default:
		return ReasonOther
	}
}

// mailgunVariables returns the app's variables: from the message's headers where the form has them, else, for events
// that are documented whole, from every field that is not Mailgun's.
func mailgunVariables(f *form, kind string) map[string]any {
	if headers, ok := f.first("message-headers"); ok {
		return mailgunHeaderVariables(headers)
	}
	if kind != "opened" && kind != "clicked" && kind != "unsubscribed" {
		return nil
	}
	own := map[string]any{}
	for _, name := range f.names {
		values := f.values[name]
		switch {
		case !mailgunField(name, kind):
			own[name] = values[len(values)-1]
		case name == "tag" || len(values) == 1:
		case name == "signature" || name == "timestamp" || name == "token":
			own[name] = values[0]
		default:
			own[name] = values[1]
		}
	}
	if len(own) == 0 {
		return nil
	}
	return own
}

// mailgunHeaderVariables merges the headers X-Mailgun-Variables out of a list of names and values.
func mailgunHeaderVariables(headers string) (own map[string]any) {
	items, err := jsonscan.Items([]byte(headers), maxList)
	if err != nil {
		return nil
	}
	for _, item := range items {
		pair, err := jsonscan.Items(item, 3)
		if err != nil || len(pair) != 2 || jsonText(pair[0]) != "X-Mailgun-Variables" {
			continue
		}
		variables := objectIn(jsonText(pair[1]))
		if own == nil {
			own = variables
			continue
		}
		maps.Copy(own, variables)
	}
	return own
}

func mailgunField(name, kind string) bool {
	switch name {
	case "event", "recipient", "domain", "ip", "country", "region", "city", "user-agent", "device-type", "client-type",
		"client-name", "client-os", "campaign-id", "campaign-name", "tag", "mailing-list", "timestamp", "token",
		"signature",
		"body-plain", "h", "message-id":
		return true
	default:
		return name == "url" && kind == "clicked"
	}
}
