package email

import (
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/formscan"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// ErrUnknownSender is returned for an event of a provider that is not an email sender of this package.
var ErrUnknownSender = errors.New("email: not a known email sender")

// Events returns the email events that a verified event reports, in the sender's order. Mostly it is one; see the
// package's documentation for when there are several. There is none for a ping, a test and what is not about mail
// that was sent.
//
// What cannot be read is one event of the type [Unknown]. An error is a mistake in the set-up, never in the payload: a
// [WrongEndpointError], or [ErrUnknownSender].
//
// Events reads e.Provider and e.Payload, and for senders that write them outside of the payload e.ID and e.Time.
func Events(e core.Event) ([]Event, error) { return Options{}.Events(e) }

// Options change what events mean. The zero value is right for most apps.
type Options struct {
	// InitialOpenAsOpened makes SparkPost's initial_open and amp_initial_open events of the type [Opened]. They are
	// [Unknown] otherwise, because SparkPost reports a first open as open, too. Set it where the webhook sends the
	// initial ones alone.
	InitialOpenAsOpened bool
	// SharedURL says that messages that come in have the URL of tracking events, and that the set has a receiver for
	// them, such as inbound.On: [ReceiverWith] leaves them to it. Without it they are reported as deliveries to the
	// wrong endpoint. It changes nothing for [Options.Events].
	SharedURL bool
}

// Events is the function [Events] with these options.
func (o Options) Events(e core.Event) ([]Event, error) {
	t := tableOf(e.Provider)
	if t == nil {
		return nil, fmt.Errorf("%w: %q; use the receivers of package core for its events", ErrUnknownSender, e.Provider)
	}
	if (t == amazonSES || t == scaleway) && e.ID == "" && !openSNS(&e) {
		return nil, nil
	}
	payload := e.Payload
	if formscan.Is(payload) {
		switch {
		case t == mailgun:
			return mailgunForm(&e)
		case t == mailchimp:
			return mailchimpForm(&e)
		case t == mandrill:
			list := formValue(payload, "mandrill_events")
			if list == nil {
				return t.conclude(&e, payload, isOdd)
			}
			payload = list
		case t == sendgrid:
			return t.conclude(&e, payload, sendgridForm(payload))
		}
	}
	if isList(payload) {
		return t.readAll(&e, o, payload)
	}
	if t.batch != nil {
		if list := t.batch(payload); list != nil {
			return t.readAll(&e, o, list...)
		}
	}
	return t.read(&e, payload, o)
}

// readAll normalises the items of lists that no guard has split. A list in a list is not opened.
func (t *table) readAll(e *core.Event, o Options, lists ...[]byte) (all []Event, err error) {
	for _, list := range lists {
		items, malformed := jsonscan.Items(list, maxList)
		if malformed != nil {
			items = [][]byte{list}
		}
		for _, item := range items {
			some, err := t.read(e, item, o)
			if err != nil {
				return all, err
			}
			if all = append(all, some...); len(all) > maxList {
				return all, nil
			}
		}
	}
	return all, nil
}

// formValue returns the value of a field that comes once.
func formValue(body []byte, name string) []byte {
	var out [1]formscan.Field
	if formscan.Compile(name).Read(body, out[:]) != nil {
		return nil
	}
	value, _ := out[0].Bytes()
	return value
}

func tableOf(provider string) *table {
	switch provider {
	case "ahasend":
		return ahasend
	case "amazon-ses", "aws-sns":
		return amazonSES
	case "brevo":
		return brevo
	case "customer-io":
		return customerIO
	case "loops":
		return loops
	case "mailchimp":
		return mailchimp
	case "mailersend":
		return mailersend
	case "mailgun":
		return mailgun
	case "mailjet":
		return mailjet
	case "mailomat":
		return mailomat
	case "mailpace":
		return mailpace
	case "mailtrap":
		return mailtrap
	case "mandrill":
		return mandrill
	case "postal", "postal-sha1":
		return postal
	case "postmark":
		return postmark
	case "resend":
		return resend
	case "scaleway-tem":
		return scaleway
	case "sendgrid", "sendgrid-inbound":
		return sendgrid
	case "sparkpost", "sparkpost-relay":
		return sparkpost
	case "sweego":
		return sweego
	case "unisender-go":
		return unisenderGo
	default:
		return nil
	}
}
