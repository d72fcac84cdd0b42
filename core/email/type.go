package email

// Type is what happened to a message.
type Type string

// The event types.
const (
	Queued        Type = "queued"        // the sender accepted the message and will try to send it
	Sent          Type = "sent"          // handed on; its fate is not known
	Rejected      Type = "rejected"      // the sender refused to send it: suppression list, policy, bad address
	Failed        Type = "failed"        // the sender could not send it, such as for an error in a template
	Bounced       Type = "bounced"       // the receiving server refused it
	Deferred      Type = "deferred"      // delayed; Bounced or Delivered follows
	Delivered     Type = "delivered"     // the receiving server accepted it
	AutoResponded Type = "autoresponded" // an automatic reply came back
	Opened        Type = "opened"
	Clicked       Type = "clicked"
	Complained    Type = "complained" // reported as spam
	Unsubscribed  Type = "unsubscribed"
	Subscribed    Type = "subscribed"
	Inbound       Type = "inbound"        // a message came in; see the package inbound
	InboundFailed Type = "inbound_failed" // a message came in, and the sender could not pass it on
	Unknown       Type = "unknown"        // everything else, and what cannot be read
)

// Reason is why a message was not delivered, where the sender says so. Empty: it does not.
type Reason string

// The reject reasons.
const (
	ReasonInvalid      Reason = "invalid"      // a bad address
	ReasonBounced      Reason = "bounced"      // it bounced, now or earlier
	ReasonTimedOut     Reason = "timed_out"    // given up after several tries
	ReasonBlocked      Reason = "blocked"      // a policy
	ReasonSpam         Reason = "spam"         // it looks like spam, or the recipient complained, now or earlier
	ReasonUnsubscribed Reason = "unsubscribed" // the recipient unsubscribed, now or earlier
	ReasonOther        Reason = "other"
)
