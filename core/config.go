package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sources"
)

// Config describes one endpoint: whose deliveries it takes and how they are proved. [New] validates and copies it;
// later changes have no effect. The zero value of every field is the safe one. What has good defaults stands in groups:
// [Limits], [Setup] and [Answers].
type Config struct {
	// Endpoint names the endpoint in the replay store, logs and metrics. It is part of every identity: a new name
	// remembers nothing. Required with a replay store; two guards on one request may not share it.
	Endpoint string
	// Provider is who sends: one of package provider.
	Provider Provider
	// Secrets are the accepted signing secrets, the public keys of a provider that signs with a key pair, or, for a
	// provider that signs nothing, the accepted credentials of the kind it sends ("user:pass" pairs for Basic).
	Secrets secrets.Source
	// Credentials are required in addition to the signature. Each place has to be passed: the Authorization header
	// (Basic and Bearer are alternatives there), each named header, each parameter of the URL.
	Credentials []Credential
	// Keys is where public keys come from that a delivery names, for providers that publish theirs (see package keys).
	// Where Secrets hold keys, those count and nothing is fetched.
	Keys KeySource
	// Tenant says where a request names its tenant, for an endpoint that receives for many: Secrets and Credentials are
	// then looked up by it, from [secrets.ByTenant], [secrets.FromFunc] or a source of your own, and it is part of
	// every identity, of the events, the records, and of what RateLimit counts by. Default: there are no tenants.
	Tenant TenantKey
	// PublicURL is the URL registered at the provider, with its query, for schemes that sign it. Default: rebuilt from
	// the request. It may hold {tenant}, for the key that Tenant finds. The request's own query never joins it, except
	// for a parameter that the provider adds (a digest of the body) or that is a credential: leave PublicURL out where
	// the URL differs from delivery to delivery. It is required where nothing else ends the signed URL.
	PublicURL string

	// Replay remembers what was processed: memstore for one process, a shared store for several. Required; the way
	// to do without is [DangerouslyNoReplay].
	Replay replay.Store
	// Journal keeps the events that failed: until the provider's retry succeeds, and what nobody sends again until a
	// person runs it again ([Redriver]) or dismisses it. Successful events are not kept, and cost nothing. Default:
	// none, and what the provider does not send again is in the log only. Several guards share one.
	Journal *journal.Journal
	// StoreFailure says what happens to a delivery when the store cannot answer. Default: 503, so that the provider
	// sends it again. For a provider that never retries, the choice has to be made.
	StoreFailure StoreFailure
	// Ordered stops a batch at the first event that fails or that another delivery is working on: the events after it
	// run with the provider's retry. By default they run, and the retry runs only what failed.
	Ordered bool
	// Identity overrides what an event is remembered by. It sees authenticated fields only: an ID, Type, Tenant or Time
	// that the proof does not cover is empty, Payload and Data too where the body is not proved, and Attempt always.
	// The event is remembered as the provider's entry says where the text is empty, where it is made of an ID that is
	// empty for that reason, and where nothing of the event changes it: one name for many events would lose all but the
	// first. Logger then gets an error, at most once a minute. To find that out Identity is called up to three times an
	// event, also with fields left out. It must have no effect but its text, and be safe for concurrent use.
	Identity func(Event) string

	// TrustedProxies are the peers whose X-Forwarded-Proto, X-Forwarded-For and Forwarded count. Default: nobody's.
	TrustedProxies Networks
	// Sources are the addresses that deliveries may come from: [Networks], or a list of package sources. The address is
	// the connection's peer or, where that is one of TrustedProxies, the right-most address in X-Forwarded-For or
	// Forwarded that is not; where it is unknown the delivery is refused. Default: from anywhere.
	Sources sources.Source
	// RateLimit bounds what one source may send. The zero value bounds failed authentications only.
	RateLimit RateLimit
	// Budget bounds what unverified senders may use of the process: memory for their bodies, time for finding out why
	// they were refused. Default: one for all guards of the process, with 64 MiB. Each guard has a part of it that no
	// other guard can take. Give several guards one [NewBudget] to set them apart from the rest.
	Budget *Budget

	// Observers receive the record of every outcome, in addition to the log: for metrics and traces. One that is slow,
	// blocks or panics hurts neither the others nor the log.
	Observers []Observer
	// Logger writes what an operator has to know: at start, the first accepted delivery, refusals, every event that
	// failed. See docs/operating.md. Default: slog.Default(). slog.New(slog.DiscardHandler) turns it off.
	Logger *slog.Logger
	// SilenceAfter raises an alarm in Logger when no new delivery has been proved for that long: the provider has
	// stopped sending, or every delivery is refused. What is new is what moves [Health.LastProved]. Default: no alarm.
	// [Guard.Shutdown] ends it.
	SilenceAfter time.Duration
	// Now is the clock that freshness and validity are checked against. Default: time.Now.
	Now func() time.Time

	// Limits bound a delivery in size and time.
	Limits Limits
	// Setup is for the time in which the URL is registered at the provider.
	Setup Setup
	// Answers change what the provider is answered.
	Answers Answers

	// DangerouslyReportOnly are checks that refuse nothing: they are made, what they would have refused is in
	// [Record.WouldRefuse], and the delivery is let through. It is for turning a check on in a running system; empty it
	// as soon as the records are.
	//
	// A delivery without proof, because its signature, or for a provider that signs nothing a credential, failed and
	// was only reported, is unproved ([Event.Unproved], [Record.Unproved]): nothing of it is authenticated; it has no
	// identity, is not remembered, and its retry runs again; a handshake that needs proof is refused. A check that
	// could not run refuses all the same: [New] refuses a config without a secret, and a delivery is refused while no
	// secret is valid or no key is available.
	DangerouslyReportOnly []Check
	// DangerouslyDropEqualBodies remembers an event by its body alone also where the provider sends two events with
	// equal bodies that nothing signed distinguishes (docs/providers.md says which): the second one is answered as a
	// duplicate, and lost. By default the provider's delivery id, which no proof covers, distinguishes them. Whoever
	// captured such a delivery can then run it again, under invented ids, until the secret changes.
	DangerouslyDropEqualBodies bool
	// DangerouslyAllowHTTP accepts deliveries over plain HTTP: for development on one machine.
	DangerouslyAllowHTTP bool
	// DangerouslyAllowWeakSecrets accepts short secrets and placeholders: for recorded deliveries. An empty secret is
	// never accepted.
	DangerouslyAllowWeakSecrets bool
}

// Limits bound a delivery in size and time. A zero field means its default.
type Limits struct {
	// MaxBody is the most bytes of a body that are read. Default: the provider's documented maximum, else 1 MiB.
	MaxBody int64
	// BodyTimeout is how long a body may take to arrive. Default 10 seconds; a shorter ReadTimeout of the server
	// stands, and a read deadline that something before the guard has set is replaced.
	BodyTimeout time.Duration
	// SignalTimeout is how long the signals of one delivery may run in all: then their context ends, and the lease is
	// not renewed any more. Default 15 minutes, and at most half the time for which the provider retries.
	SignalTimeout time.Duration
	// MaxRunning is how many deliveries of this endpoint the app's code works on at once, in this process. One more is
	// answered 503 with Retry-After ([reason.Busy]): nothing of it is claimed, remembered or kept in the journal,
	// because the provider sends it again. A receiver counts until it returns, also beyond SignalTimeout and behind
	// middleware that has timed out. Duplicates, handshakes, redrives and workers of an inbox do not count. Default 0:
	// no bound.
	MaxRunning int
	// Tolerance is how far a signed timestamp may be from now, on both sides. Default: the provider's recommendation,
	// five minutes where it has none. At most 24 hours.
	Tolerance time.Duration
	// Lease is how long an event stays claimed after the process that works on it has died; then a retry may take it
	// over. While a signal runs its lease is renewed. Default one minute, and at most half the time in which the
	// provider's first retries come.
	Lease time.Duration
	// Retention is how long a processed event is remembered. Default and least: as long as the provider retries, and
	// longer than a timestamp stays fresh; 72 hours where the provider does not say.
	Retention time.Duration
}

// Setup is what the provider needs while the URL is registered. The zero value answers none of it.
type Setup struct {
	// AwaitingSecret starts without a secret, for providers that show it only after a first request was answered:
	// handshakes are answered and everything else is 503.
	AwaitingSecret bool
	// SecretSink takes the secret from a provider that hands it over in its first request, with
	// AwaitingSecret. It must store the secret before it returns nil; an error is a 503. It is called once: nothing
	// proves that request, so that whoever knows the URL could be first. Compare what came with what the provider
	// shows, restart with it in Secrets, and without a sink.
	SecretSink func(context.Context, secrets.Secret) error
	// VerifyTokens are accepted in handshakes that carry a verify token.
	VerifyTokens secrets.Source
}

// Answers change what the provider is answered. The zero value is right for nearly every provider.
type Answers struct {
	// AuthenticationStatus answers every failed authentication alike: 400 (the default, unless the provider needs
	// another), 401, 403, 409, 429, 500 or 503.
	AuthenticationStatus int
	// RefuseConflicts answers 400, not 200, to an event whose id was processed with another body.
	RefuseConflicts bool
	// CancelAtAckLimit cancels a signal's context when the provider stops waiting for the answer.
	CancelAtAckLimit bool
}

// StoreFailure says what happens to a proved delivery when the replay store cannot answer.
type StoreFailure uint8

// The choices.
const (
	// StoreFailureUnset is 503, except for providers that never retry, where [New] asks for a choice.
	StoreFailureUnset StoreFailure = iota
	// RefuseDelivery answers 503: nothing runs twice; a provider that does not retry has lost the delivery.
	RefuseDelivery
	// DangerouslyAcceptUnclaimed runs the signal unremembered: nothing is lost; an event may run twice, and a captured
	// delivery may be replayed while the store is down.
	DangerouslyAcceptUnclaimed
)

// ConfigError is one mistake in a [Config]. [New] reports all of them, joined; [ConfigErrors] lists them.
type ConfigError struct {
	Field  string // the field's path: "Secrets[1]", "Credentials[0].Name"
	Value  string // the value found, redacted; empty where it is a secret or where nothing was given
	Reason string // what is wrong and how to fix it
}

// Error names the field, what was found and how to fix it.
func (e *ConfigError) Error() string { return fault.Mistake(*e).Error() }

// ConfigErrors returns every mistake in an error of [New], in the order of the config's fields. An error of anything
// else gives nil.
func ConfigErrors(err error) []*ConfigError {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*ConfigError
		for _, e := range joined.Unwrap() {
			all = append(all, ConfigErrors(e)...)
		}
		return all
	}
	if one, ok := errors.AsType[*ConfigError](err); ok {
		return []*ConfigError{one}
	}
	return nil
}

// configError joins what was collected; nil: there is no mistake.
func configError(m fault.Mistakes) error {
	all := make([]error, len(m))
	for i := range m {
		all[i] = (*ConfigError)(&m[i])
	}
	return errors.Join(all...)
}

// isTypedNil reports whether v is an interface that holds a nil pointer, function or channel: it passes a comparison
// with nil and panics at the first delivery. It is called by New only.
func isTypedNil(v any) bool {
	if v == nil {
		return false
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan: // a nil map can be read
		return r.IsNil()
	default:
		return false
	}
}

// ofThisModule begins the paths of the packages whose types are made by a constructor.
const ofThisModule = "github.com/sallyport-go/sallyport/core/"

// isUnmade reports whether v points to the zero value of a type of this module, which only its constructor makes
// usable. The zero value of an app's own type may well work.
func isUnmade(v any) bool {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Pointer || r.IsNil() || r.Elem().Kind() != reflect.Struct {
		return false
	}
	t := r.Type().Elem()
	return strings.HasPrefix(t.PkgPath(), ofThisModule) && isExported(t.Name()) && t.NumField() > 0 &&
		r.Elem().IsZero()
}

// isExported reports whether an app can name a type of this module: they have letters of ASCII only.
func isExported(name string) bool { return name != "" && name[0] >= 'A' && name[0] <= 'Z' }

// unusable returns why a setting would panic at the first delivery; empty: it would not. It is called by New only.
func unusable(v any) string {
	switch {
	case isTypedNil(v):
		return fmt.Sprintf("it holds a nil %T, which would panic at the first delivery; give a value, or leave it out",
			v)
	case isUnmade(v):
		return fmt.Sprintf("it is the zero value of %T; make it with a function of its package, or leave it out", v)
	}
	return ""
}

// dropUnusable reports every setting that would panic at the first delivery. It then clears the setting: the other
// mistakes of the config are found as well.
func (c *Config) dropUnusable(m *fault.Mistakes) {
	drop := func(field string, value any, clearField func()) {
		// Fails closed: New refuses the config, and does not take nil for "no check".
		if why := unusable(value); why != "" {
			m.Add(field, "", "%s", why)
			clearField()
		}
	}
	drop("Secrets", c.Secrets, func() { c.Secrets = nil })
	drop("Keys", c.Keys, func() { c.Keys = nil })
	drop("Replay", c.Replay, func() { c.Replay = nil })
	drop("Sources", c.Sources, func() { c.Sources = nil })
	drop("Setup.VerifyTokens", c.Setup.VerifyTokens, func() { c.Setup.VerifyTokens = nil })
	drop("RateLimit.Limiter", c.RateLimit.Limiter, func() { c.RateLimit.Limiter = nil })
	drop("RateLimit.FailureLimiter", c.RateLimit.FailureLimiter, func() { c.RateLimit.FailureLimiter = nil })
	if c.Journal != nil { // it is no interface: nil is none
		drop("Journal", c.Journal, func() { c.Journal = nil })
	}
	if c.Logger != nil && c.Logger.Handler() == nil {
		m.Add("Logger", "", "it is the zero value, which has no handler; make it with slog.New, or leave it out")
		c.Logger = nil
	}
}

// serverLimits are the numbers that this page, the documentation and the examples recommend: one table, so that what
// CheckServer says is what the documentation says. Above most a limit no longer protects.
var serverLimits = [...]struct { //lint:immutable a table of constants
	field      string
	good, most time.Duration
	of         func(*http.Server) time.Duration
	why        string
}{
	{"ReadHeaderTimeout", 5 * time.Second, 30 * time.Second,
		func(s *http.Server) time.Duration { return s.ReadHeaderTimeout },
		"a sender may take for ever to send its headers"},
	{"ReadTimeout", 30 * time.Second, 5 * time.Minute, func(s *http.Server) time.Duration { return s.ReadTimeout },
		"a sender may take for ever to send its request"},
	{"IdleTimeout", time.Minute, 10 * time.Minute, func(s *http.Server) time.Duration { return s.IdleTimeout },
		"an idle connection is kept for ever"},
}

// goodHeaderBytes is the recommended MaxHeaderBytes.
const goodHeaderBytes = 64 << 10

// CheckServer returns what a server lacks to face the internet, as one [*ConfigError] for each setting. An empty result
// is a server with all of its limits. Guards bound what unverified senders may cost; a server without these limits lets
// them hold connections before any guard sees them. Log what it returns at start.
//
// Good for webhooks: ReadHeaderTimeout 5s, ReadTimeout 30s, WriteTimeout 30s or longer than your slowest signal,
// IdleTimeout 1m, MaxHeaderBytes 64 KiB.
func CheckServer(s *http.Server) []*ConfigError {
	var m fault.Mistakes
	// A finding, not a panic: CheckServer runs at start, where its result is logged.
	if s == nil {
		m.Add("Server", "", "it is nil")
		return ConfigErrors(configError(m))
	}
	for _, limit := range serverLimits {
		d := limit.of(s)
		switch {
		case d <= 0 && limit.field == "ReadHeaderTimeout" && s.ReadTimeout > 0: // which covers the headers
		case d <= 0:
			m.Add("Server."+limit.field, "", "it is not set: %s; set it to %s", limit.why, httpfield.Span(limit.good))
		// Limits of an hour protect nobody: an attacker opens connections faster than they expire.
		case d > limit.most:
			m.Add("Server."+limit.field, d.String(), "it is longer than %s: %s; set it to %s",
				httpfield.Span(limit.most), limit.why, httpfield.Span(limit.good))
		}
	}
	// No upper bound: the right value depends on the slowest signal of the app.
	if s.WriteTimeout <= 0 {
		m.Add("Server.WriteTimeout", "",
			"it is not set: a sender that does not read its answer holds the connection for "+
				"ever; "+
				"set it to 30s, or longer than your slowest signal")
	}
	if limit := s.MaxHeaderBytes; limit <= 0 || limit > http.DefaultMaxHeaderBytes {
		shown := ""
		if limit > 0 {
			shown = strconv.Itoa(limit)
		}
		m.Add("Server.MaxHeaderBytes", shown,
			"a request may have 1 MiB of headers or more; set it to %d, which is enough for every provider",
			goodHeaderBytes)
	}
	return ConfigErrors(configError(m))
}
