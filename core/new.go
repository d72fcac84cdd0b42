package core

import (
	"cmp"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/explain"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/handshake"
	"github.com/sallyport-go/sallyport/core/internal/head"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/internal/logbook"
	"github.com/sallyport-go/sallyport/core/internal/origin"
	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// New validates the config and compiles it. The error joins every mistake as a [*ConfigError] that says how to fix
// it. A guard that New gave cannot fail to start.
func New(c Config) (*Guard, error) {
	var m fault.Mistakes
	// First: a nil pointer in an interface would pass every check for nil below.
	c.dropUnusable(&m)
	g := compile(&c, &m)
	e := g.entry
	// Fails closed: with one identity for all, every event after the first would be lost as a duplicate.
	if e.Batch != nil && e.Identity.Kind.NamesDelivery() {
		m.Add("Provider", e.Name, "its entry gives every event of a batch the identity of the delivery")
	}
	// Before the proof: the keyrings that are made there report to this owner.
	g.tenants.owner = &keyring.Owner{
		Endpoint: g.endpoint, Provider: g.provider, Logger: g.logger, Now: g.now,
		Silence: g.silence(), Tenants: c.Tenant.set,
	}
	g.handshakes.Awaiting, g.handshakes.Sink = c.Setup.AwaitingSecret, c.Setup.SecretSink
	// The order matters from here on: the later steps read the verifier, the credentials and the store.
	notes := g.configureProof(&c, &m)
	g.journaling.secret = g.secretHeaders()
	g.handshakes.Verifier = g.signature
	g.watch.diagnosis = &explain.Endpoint{
		Entry: e, Verifier: g.signature, Credentials: g.credentials, Name: g.endpoint, Logger: g.logger,
	}
	g.configureTenant(&c, &m)
	g.configureReplay(&c, &m)
	g.configureRequest(&c, &m)
	g.configureReportOnly(&c, &m)
	g.configureSlots(&c, &m)
	g.watch.log = newGuardLog(g.logger, g.endpoint, g.provider)
	g.watch.log.typed = len(e.Event.Type) > 0
	g.configureObservers(&c, &m)
	// Last of the checks, because it leaves a trace in the store.
	shared := g.enter(&m)
	// Fails closed: one mistake, and there is no guard. All are reported together.
	if err := configError(m); err != nil {
		g.memory.leave()
		return nil, err
	}
	g.announce(&c, notes)
	if shared {
		g.announceShared()
	}
	// After every check: a config with a mistake starts no goroutine and takes no part of a budget.
	g.start(&c)
	return g, nil
}

// compile makes the guard of what needs no check but the provider's.
func compile(c *Config, m *fault.Mistakes) *Guard {
	e, known := knownEntry(c, m)
	g := &Guard{
		name: name{
			endpoint: endpointName(c, e), provider: e.Name, entry: e, logger: c.Logger, now: c.Now, hasClock: true,
			unknown: !known,
		},
		origin: origin.Policy{AllowHTTP: c.DangerouslyAllowHTTP}, tenants: tenants{key: c.Tenant},
		handshakes: handshake.New(e),
		events:     events{Reader: payload.New(e, c.DangerouslyDropEqualBodies), identity: c.Identity},
		memory:     memory{strict: c.Answers.RefuseConflicts},
		journaling: journaling{journal: c.Journal, headers: payload.Headers(e)},
		signals:    signalRules{ordered: c.Ordered, ackLimit: e.AckLimit, cancelAck: c.Answers.CancelAtAckLimit},
		answers:    answers{differ: e.Answers != entry.Answers{} || e.Drops4xx},
	}
	// The app's default logger: a guard without any would report its refusals nowhere.
	g.logger = cmp.Or(g.logger, slog.Default())
	g.logger = logbook.Contain(g.logger)
	// hasClock stays false, so that the path of a delivery reads the real clock once and not twice.
	if g.now == nil {
		g.now, g.hasClock = time.Now, false
	}
	return g
}

// start begins what a guard does in the background, and takes its part of the budget. A guard that is dropped without
// Shutdown keeps no part of it.
func (g *Guard) start(c *Config) {
	if p, ok := c.Keys.(prefetcher); ok && g.signature != nil && g.signature.FetchesKeys() {
		_ = p.Prefetch() // a failure is the first delivery's to report: it tries again
	}
	g.watch.vitals.Begin(time.Now())
	if c.SilenceAfter > 0 {
		g.watch.vitals.Watch(c.SilenceAfter, g.raiseAlarm)
	}
	g.introduce()
	g.bodies.share = g.bodies.budget.join()
	g.bodies.room = g.bodies.share.bodies
	runtime.AddCleanup(g, (*share).close, g.bodies.share)
}

// endpointName returns the name that is configured. Without a replay store it may be left out: it is the provider's.
func endpointName(c *Config, e *entry.Entry) string {
	if _, none := c.Replay.(noReplay); none {
		return cmp.Or(c.Endpoint, e.Name)
	}
	return c.Endpoint
}

// knownEntry returns the entry of the configured provider. Where there is none, or a wrong one, it returns an empty
// entry: the other mistakes of the config are reported together with this one.
func knownEntry(c *Config, m *fault.Mistakes) (e *entry.Entry, known bool) {
	e, err := entry.Of(c.Provider)
	switch {
	case e == nil:
		m.Add("Provider", "", "no provider is configured; use one of package provider")
	case err != nil:
		m.Add("Provider", e.Name, "%v", err)
	default:
		return e, true
	}
	// An empty entry, not nil: New goes on, and g.unknown keeps checks of provider facts from reporting nonsense.
	return &entry.Entry{Title: "the provider"}, false
}

// configureRequest compiles what is checked of a request before its proof, and how a failed one is answered.
func (g *Guard) configureRequest(c *Config, m *fault.Mistakes) {
	g.configureMaxBody(c, m)
	g.configureProxies(c, m)
	g.configurePublicURL(c, m)
	if c.SilenceAfter < 0 || (c.SilenceAfter > 0 && c.SilenceAfter < time.Second) {
		m.Add("SilenceAfter", c.SilenceAfter.String(), "it must be at least 1s; 0 means no alarm")
	}
	g.answers.status = c.Answers.AuthenticationStatus
	if g.answers.status == 0 {
		g.answers.status = g.entry.AuthStatus
		// Such a provider sends its credentials only after a 401.
		if g.entry.AsksFirst && slices.ContainsFunc(g.credentials, (*credential.Place).TakesBasic) {
			g.answers.status = http.StatusUnauthorized
		}
	}
	switch g.answers.status {
	case 0:
		g.answers.status = http.StatusBadRequest
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
	default:
		m.Add("Answers.AuthenticationStatus", strconv.Itoa(g.answers.status),
			"it must be 400, 401, 403, 409, 429, 500 or 503: providers disable an endpoint on others, and a redirect "+
				"or a success would be no refusal")
	}
	g.methods = head.NewMethods(g.entry)
	g.configurePerimeter(c, m)
	g.configureBodies(c, m)
}

// announce logs at start what is dangerous and what is configured twice.
func (g *Guard) announce(c *Config, notes []string) {
	for _, note := range notes {
		g.logger.Info("sallyport: a secret is configured twice", "endpoint", g.endpoint, "detail", note)
	}
	for _, k := range g.tenants.rings {
		k.RemindAll(g.now())
	}
	off := func(field string) {
		g.logger.Warn("sallyport: a protection is switched off",
			"endpoint", g.endpoint, "provider", g.provider, "setting", field)
	}
	// Each switched-off protection is a line of its own, so that an alert can match the name of the setting.
	if c.DangerouslyAllowHTTP {
		off("DangerouslyAllowHTTP")
	}
	if c.DangerouslyAllowWeakSecrets {
		off("DangerouslyAllowWeakSecrets")
	}
	if g.memory.Store == nil {
		off("DangerouslyNoReplay")
	}
	if c.DangerouslyDropEqualBodies {
		off("DangerouslyDropEqualBodies")
	}
	// It fails open, loudly: what is public proves nothing, and the app may stand behind something else that does.
	if why := g.entry.PublicCredential; why != "" && len(c.Credentials) == 0 {
		g.logger.Warn("sallyport: the provider's credential is no secret: add one of Credentials, such as a token in "+
			"the URL (core.QueryToken), or let a proxy demand a client certificate",
			"endpoint", g.endpoint, "provider", g.provider, "why", why)
	}
	g.announceApart()
	if g.memory.failOpen {
		off("DangerouslyAcceptUnclaimed")
	}
	if g.signature != nil && g.signature.SignsURL && c.PublicURL == "" {
		// A delivery that was signed for another host under the same secret would pass with that host's name.
		g.logger.Warn("sallyport: the provider signs the URL, and the host is taken from the request: set PublicURL",
			"endpoint", g.endpoint, "provider", g.provider)
	}
	g.announceLease()
	g.announceSlots()
	g.announceReportOnly(c)
	g.announceShapes()
	if g.handshakes.Awaiting {
		g.logger.Warn("sallyport: no secret yet: handshakes only", "endpoint", g.endpoint, "provider", g.provider)
	}
}
