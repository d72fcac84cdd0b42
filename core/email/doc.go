// Package email reads the events of every email sender in one vocabulary: whatever the service, a bounce is a bounce.
//
//	signals := core.NewSignals()
//	email.On(signals, suppress, email.Bounced, email.Complained)
//
//	func suppress(ctx context.Context, _ core.Event, m email.Event) error {
//		return db.Suppress(ctx, m.Recipient, string(m.RejectReason), m.MTAResponse)
//	}
//
// Another sender needs another provider and secret in the guard's configuration, and no other receiver.
//
// The names are those of Django's Anymail. Senders: AhaSend, Amazon SES, Brevo, Customer.io, Loops, Mailchimp's
// audiences, MailerSend (versions 1 and 2), Mailgun (and its legacy forms), Mailjet, Mailomat, MailPace, Mailtrap,
// Mandrill, Postal, Postmark, Resend, Scaleway, SendGrid, SparkPost, Sweego and Unisender Go.
// Messages that come in are read by the package core/email/inbound.
//
// # What to rely on
//
// Nothing in a proved delivery is an error: what cannot be read is one event of the type [Unknown], and [Event.Raw]
// has it as sent. Message content, addresses, file names, and at Amazon SES and Resend also tags and metadata, are
// chosen by whoever wrote the mail.
//
// Events come out of order: delivered may precede sent. Never move a message's state backwards because of the order in
// which events arrive.
//
// Deduplication is the guard's, by the identity of the core.Event. Do not deduplicate by [Event.EventID]: some
// senders have none, and Amazon SES has one for all recipients of a notification.
//
// # Several recipients
//
// One core.Event is one email event, except at Amazon SES, whose notification of one bounce can name several
// recipients. They are one event of the guard: SES signs and repeats them as a whole, and their number is not part of
// what is remembered. The receiver is called for each of them, also after one has failed. The retry then calls it for
// all of them again: a receiver must be able to handle one recipient twice.
package email
