package core

import (
	"log/slog"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/reason"
)

// The messages of the log: what happened, then what to do. They are fixed texts. What a sender chose stands in
// attributes only, shortened and without control characters.
const (
	firstAccepted    = "sallyport: first webhook delivery accepted: the endpoint works"
	deliveriesSoFar  = "sallyport: webhook deliveries arrived"
	deliveryAccepted = "sallyport: webhook delivery accepted"
	deliveryKnown    = "sallyport: webhook delivery of an event that was processed before: nothing to do"
	deliveryInFlight = "sallyport: webhook delivery of an event that is being processed: the provider is asked to " +
		"come back"
	handshakeDone   = "sallyport: webhook handshake or test answered"
	deliveryRefused = "sallyport: webhook delivery refused: see detail for what to check"
	deliveryFailed  = "sallyport: webhook delivery refused because of this server: see detail for what to fix"
	letThrough      = "sallyport: webhook delivery let through that would be refused: a check only reports"
	refusedProved   = "sallyport: genuine webhook delivery refused: see detail; the provider is asked to send it again"

	eventFailed = "sallyport: webhook event failed: the receiver returned an error; the provider is asked to " +
		"send it again"
	eventPanicked    = "sallyport: webhook event failed: the receiver panicked; the provider is asked to send it again"
	eventNotAskedFor = "sallyport: webhook event failed, and the provider was answered 2xx: correct what answers " +
		"before the receivers; send it again"
	eventGivenUp = "sallyport: webhook event given up: the receiver returned core.Permanent; fix the cause and " +
		"run it again"
	eventUndecodable  = "sallyport: webhook event not decoded: correct the receiver's type, then send the event again"
	unhandledPanicked = "sallyport: the function of OnUnhandled panicked: fix it; the event had no receiver and was " +
		"answered 200"
	eventLost = "sallyport: webhook event ran longer than its claim: " +
		"make the receiver faster, or raise Limits.SignalTimeout"
	eventNotKept   = "sallyport: webhook event done but not remembered: check the replay store; the event may run again"
	eventUnclaimed = "sallyport: webhook event ran without the replay store: check the store; the event may run again"
	eventConflict  = "sallyport: webhook event not run: its id was processed with another body; compare the two at " +
		"the provider"
	handlerReported = "sallyport: webhook event done, and an error reported: see error"

	moreFailures  = "sallyport: more webhook events failed than have lines: each by reason, id and identity"
	moreConflicts = "sallyport: more webhook events conflict than have lines: each by reason, id and identity"
	moreRefused   = "sallyport: more webhook deliveries were refused for this reason since"
	morePassed    = "sallyport: more webhook deliveries had this outcome since"
	moreUnhandled = "sallyport: more webhook events of this type had no receiver since"
	moreNothing   = "sallyport: more webhook deliveries were answered 200 and ran nothing since"

	noReceiver = "sallyport: webhook event without a receiver: answered 200, not remembered; " +
		"register one for its type, or leave the type out at the provider"
	noType = "sallyport: webhook event without a type: answered 200, not remembered, and no receiver ran; the " +
		"provider's " +
		"events have a type, so this is of another product or format: see the provider's page in docs/providers"
	ranNothing = "sallyport: webhook delivery answered 200 and nothing ran: " +
		"mount Dispatch or Signal behind Verify, or use the delivery in the handler"

	noReceivers = "sallyport: webhook event answered 200, not remembered, and nothing ran: the set of signals has no " +
		"receiver; " +
		"register receivers before Handle or Dispatch"
	noEvents = "sallyport: webhook delivery without events: answered 200, nothing to run"

	limiterFails = "sallyport: the limiter of RateLimit failed: see error; this process counts by itself meanwhile"

	panickedObserver  = "sallyport: the observer panicked: fix it; the record is lost to it"
	panickedObservers = "sallyport: the observer panicked more often since: fix it; the records are lost to it"
	behindObserver    = "sallyport: the observer is too slow: records were dropped; make it faster"
)

// message is the text of a kind's count.
func (k logKind) message() string {
	switch {
	case k.panicked:
		return panickedObservers
	case k.observer > 0:
		return behindObserver
	case k.nothing && k.reason == reason.Unhandled:
		return moreUnhandled
	case k.nothing:
		return moreNothing
	case k.check == "" && k.reason.Class() == reason.ClassPassed:
		return morePassed
	case k.check != "":
		return letThrough
	default:
		return moreRefused
	}
}

// messageOf returns the text of a delivery's line. What a check let through comes first: it is the riskier news.
func messageOf(r *pooledRecord) string {
	switch {
	case len(r.WouldRefuse) > 0:
		return letThrough
	case r.Reason == reason.Accepted:
		return deliveryAccepted
	case r.Reason == reason.Handshake:
		return handshakeDone
	case r.Reason == reason.Conflict:
		return eventConflict
	case r.Reason == reason.InFlight:
		return deliveryInFlight
	}
	switch r.Reason.Class() {
	case reason.ClassPassed:
		return deliveryKnown
	case reason.ClassState, reason.ClassMisconfiguration:
		return deliveryFailed
	default:
		return deliveryRefused
	}
}

// messageOfEvent returns the text of an event's line. A failure that was answered 2xx has its own: no retry will come,
// and only the operator can have the event sent again.
func messageOfEvent(why reason.Reason, r *pooledRecord) string {
	if (why == reason.SignalFailed || why == reason.SignalPanicked) && r.Status >= 200 && r.Status <= 299 {
		return eventNotAskedFor
	}
	switch why {
	case reason.SignalFailed:
		return eventFailed
	case reason.SignalPanicked:
		return eventPanicked
	case reason.Permanent:
		return eventGivenUp
	case reason.Undecodable:
		return eventUndecodable
	case reason.InFlight:
		return eventLost
	case reason.Unhandled:
		return unhandledPanicked
	}
	switch {
	case r.Replay == ReplayCommitFailed:
		return eventNotKept
	case r.Replay == ReplayUnclaimed:
		return eventUnclaimed
	case why.Class() == reason.ClassPassed:
		return handlerReported
	default:
		return refusedProved
	}
}

// levelOf returns Error for what this server or the app has to fix, and Warn for what a sender causes.
func levelOf(r *pooledRecord) slog.Level {
	switch class := r.Reason.Class(); {
	case r.Reason == reason.InFlight:
		return slog.LevelInfo
	case r.Err != nil, class == reason.ClassState, class == reason.ClassMisconfiguration, class == reason.ClassApp:
		return slog.LevelError
	case len(r.WouldRefuse) > 0, r.Reason == reason.Conflict:
		return slog.LevelWarn
	case r.Reason == reason.Accepted:
		return slog.LevelDebug
	case class == reason.ClassPassed:
		return slog.LevelInfo
	default:
		return slog.LevelWarn
	}
}

// levelOfEvent is Error, but for proved deliveries that a limit of the config refused as it should.
func levelOfEvent(why reason.Reason, r *pooledRecord) slog.Level {
	if why == reason.RateLimited || why.Class() == reason.ClassRequest {
		return levelOf(r)
	}
	return slog.LevelError
}

// line gathers the attributes of one line.
type line []slog.Attr

// add adds a text, cleaned, unless it is empty. Every text that a sender may have chosen must pass it or addAll.
func (l *line) add(name, value string) {
	if value != "" {
		*l = append(*l, slog.String(name, httpfield.Clean(value)))
	}
}

// addAll puts several texts into one attribute: a second one of the same name would hide the first.
func (l *line) addAll(name string, n int, text func(int) string) {
	all := make([]string, n)
	for i := range all {
		all[i] = httpfield.Clean(text(i))
	}
	if n > 0 {
		*l = append(*l, slog.String(name, strings.Join(all, "; ")))
	}
}

func (l *line) addIdentity(id Identity) {
	if !id.IsZero() {
		*l = append(*l, slog.String("identity", id.String()))
	}
}

// addSource adds where the delivery came from. The address is one that the guard parsed, not the sender's text.
func (l *line) addSource(r *pooledRecord) {
	l.add("route", r.Route)
	l.add("tenant", r.Tenant)
	if r.Source.IsValid() {
		*l = append(*l, slog.String("source", r.Source.String()))
	}
}

// lineAbout begins the line of a delivery, or of one of its events: what came of it, where it came from, and its names.
func (l *guardLog) lineAbout(r *pooledRecord, why reason.Reason, typ, id string, identity Identity) line {
	out := line(l.About(slog.String("reason", string(why)), slog.Int("status", r.Status)))
	out.addSource(r)
	out.add("detail", r.Detail)
	out.add("signed_url", string(r.SignedURL))
	out.add("secret", r.Secret)
	out.add("type", typ)
	out.add("id", id)
	out.addIdentity(identity)
	return out
}

// attrsOf describes a delivery.
func (l *guardLog) attrsOf(r *pooledRecord) []slog.Attr {
	out := l.lineAbout(r, r.Reason, r.Type, r.ID, r.Identity)
	out.addAll("would_refuse", len(r.WouldRefuse), func(i int) string {
		would := &r.WouldRefuse[i]
		return string(would.Check) + ": " + string(would.Reason) + ": " + would.Detail
	})
	out.addAll("found", len(r.Findings), func(i int) string { return r.Findings[i].String() })
	if r.Unproved {
		out = append(out, slog.Bool("unproved", true))
	}
	if r.Err != nil {
		out.add("error", httpfield.OneLine(httpfield.TextOf(r.Err)))
	}
	return out
}

// eventAttrs describes an event of a delivery.
func (l *guardLog) eventAttrs(r *pooledRecord, e *FailedEvent) []slog.Attr {
	out := l.lineAbout(r, e.Reason, e.Type, e.ID, e.Identity)
	if r.Events > 1 {
		out = append(out, slog.Int("events", r.Events))
	}
	out.add("replay", string(r.Replay))
	if e.Err != nil {
		out.add("error", httpfield.OneLine(httpfield.TextOf(e.Err)))
	}
	return out
}

// attrsOf describes the first event of a type that ran nothing.
func (k logKind) attrsOf(r *pooledRecord, typ string) []slog.Attr {
	var out line
	out.add("reason", string(k.reason))
	out = append(out, slog.Int("status", r.Status))
	out.addSource(r)
	out.add("type", typ)
	return out
}

// lineOfCount returns the line of a count.
func (l *guardLog) lineOfCount(c logbook.Count[logKind]) logbook.Line {
	k := &c.Kind
	var out line
	out.add("reason", string(k.reason))
	out.add("check", string(k.check))
	out.add("type", c.Type)
	if k.observer > 0 {
		out = append(out, slog.Int("observer", k.observer-1))
	}
	out = append(out, slog.Int("count", c.N), slog.Time("since", c.Since))
	return logbook.Line{Level: k.level, Message: k.message(), Attrs: l.About(out...)}
}
