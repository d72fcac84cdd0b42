// Package inbound reads messages that came in through an email sender: raw, as parsed fields, as forms with files, or
// by asking the sender's API for their content.
//
//	inbound.On(mails, onMail, inbound.Config{})
//
//	func onMail(ctx context.Context, _ core.Event, m *inbound.Message) error {
//		return tickets.Open(ctx, m.EnvelopeRecipient, m.Subject, m.Text, m.Attachments)
//	}
//
// # Bounds
//
// The number and the depth of parts, the size of headers and the size of all content are bounded by [Config]. Beyond
// a bound the rest is left out, and [Message.Defects] says so: a message is never refused for what its writer put
// into it, because the sender would only repeat it. Nothing is written to disk.
//
// Content that has to be fetched comes from hosts that are pinned, over https, without redirects. It is fetched after
// the guard has claimed the event, while the sender waits: for large messages hand the event to an inbox first. A
// failure is the receiver's error, and the sender's retry tries again.
//
// # The MIME library
//
// Media types, encoded words, addresses, dates and transfer encodings are read by the standard library, and charsets by
// golang.org/x/text, which is all that this package links. Others were compared by what real mail needs:
//
//   - github.com/jhillyerd/enmime/v2 is the most forgiving with broken mail. It brings fifteen more modules, does not
//     keep the order of headers, and has no bound on parts or depth.
//   - github.com/emersion/go-message keeps the order and streams. One malformed header line ends the message, and so it
//     does in net/mail and mime/multipart.
//   - mime/multipart copies each part, so that parts in parts multiply what a message takes.
//
// So header lines and the parts of a multipart body are cut here, in place and leniently.
package inbound

import (
	"cmp"
	"context"
	"errors"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// Func is the app's code for a message. Its error decides what becomes of the event, as [core.Receiver] says.
type Func = func(ctx context.Context, e core.Event, m *Message) error

// ErrNoMessage is returned for a delivery that holds no message, such as a ping.
var ErrNoMessage = errors.New("inbound: the delivery holds no message")

// On registers fn for every message that comes in. A tracking event is reported as undecodable
// ([email.WrongEndpointError]): its URL stands in the wrong setting at the sender, unless [Config.SharedURL] is set.
// Mandrill sends both to one URL; its tracking events are unhandled as far as fn is concerned.
func On(to core.Registrar, fn Func, c Config) { to.On("*", Receiver(fn, c)) }

// Receiver returns the receiver that [On] registers, for a set in which it gets a name.
func Receiver(fn Func, c Config) core.Receiver {
	if fn == nil {
		panic("inbound: the receiver is nil")
	}
	return func(ctx context.Context, e core.Event) error {
		m, err := Read(ctx, e, c)
		wrong := (*email.WrongEndpointError)(nil)
		switch {
		case errors.Is(err, ErrNoMessage), c.SharedURL && errors.As(err, &wrong):
			return core.Unhandled
		case errors.As(err, &wrong), errors.Is(err, email.ErrUnknownSender), errors.Is(err, errSetUp):
			return core.Undecodable(err)
		case err != nil:
			return err
		}
		return fn(ctx, e, m)
	}
}

// errSetUp is wrapped by errors that a change of a setting ends, and a retry does not.
var errSetUp = errors.New("inbound: the sender is set up in another way")

// Read returns the message of an event. What of it cannot be read is a defect of the message and not an error. Errors
// are mistakes in the set-up, [ErrNoMessage], and failures to fetch content.
func Read(ctx context.Context, e core.Event, c Config) (*Message, error) {
	name := cmp.Or(c.Sender, e.Provider)
	read := readerOf(name)
	if read == nil {
		return nil, &unknownSender{name}
	}
	m := &Message{}
	if err := read(ctx, &e, &c, m); err != nil {
		return nil, err
	}
	return m, nil
}

type reader func(ctx context.Context, e *core.Event, c *Config, m *Message) error

func readerOf(name string) reader {
	switch name {
	case "ahasend":
		return readAhaSend
	case "amazon-ses", "aws-sns":
		return readAmazonSES
	case "brevo":
		return readBrevo
	case "mailersend":
		return readMailerSend
	case "mailgun":
		return readMailgun
	case "mailjet":
		return readMailjet
	case "mailpace":
		return readMailPace
	case "mailtrap":
		return readMailtrap
	case "mandrill":
		return readMandrill
	case "postal", "postal-sha1":
		return readPostal
	case "postmark":
		return readPostmark
	case "resend":
		return readResend
	case "sendgrid", "sendgrid-inbound":
		return readSendGrid
	case "sparkpost", "sparkpost-relay":
		return readSparkPost
	case "sweego":
		return readSweego
	default:
		return nil
	}
}

type unknownSender struct{ name string }

func (e *unknownSender) Error() string {
	return "inbound: " + e.name + " is not an email sender whose messages are read; " +
		"set Config.Sender behind a general provider"
}

func (e *unknownSender) Unwrap() error { return email.ErrUnknownSender }
