package core

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Check is one of the checks that [Config.DangerouslyReportOnly] can hold back. The names are an API: configurations,
// logs and metrics use them.
type Check string

// The checks.
const (
	CheckHTTPS       Check = "https"       // the request came over TLS
	CheckSources     Check = "sources"     // from one of Config.Sources
	CheckRateLimit   Check = "rate_limit"  // at most RateLimit's PerSecond and Burst; failures stay limited
	CheckCredentials Check = "credentials" // every credential
	CheckSignature   Check = "signature"   // the signature, with everything that belongs to it, freshness included
	CheckFreshness   Check = "freshness"   // the signed timestamp alone, of a delivery whose signature is right
	CheckReplay      Check = "replay"      // what the replay store says
)

// Checks returns every check, in the order in which they are made.
func Checks() []Check {
	return []Check{
		CheckHTTPS, CheckSources, CheckRateLimit, CheckCredentials, CheckSignature, CheckFreshness, CheckReplay,
	}
}

// Reported is a refusal that did not take place, because its check is in [Config.DangerouslyReportOnly].
type Reported struct {
	Check  Check
	Reason reason.Reason
	Status int    // what would have been answered
	Detail string // what was seen and which setting to check; no secrets
}

// checkSet is a set of checks, as bits in the order of Checks.
type checkSet uint16

// bitOf returns the bit of a check; 0 for a name that is not one, so that it switches nothing off.
func bitOf(c Check) checkSet {
	at := slices.Index(Checks(), c)
	if at < 0 {
		return 0
	}
	return 1 << at
}

func (s checkSet) has(c Check) bool { return s&bitOf(c) != 0 }

// reporting is which checks only report.
type reporting struct {
	set    checkSet
	replay bool // CheckReplay is in set
	time   bool // CheckFreshness is in set
}

// configureReportOnly compiles the set. A check that has nothing to report is a mistake: whoever lists it expects
// reports.
func (g *Guard) configureReportOnly(c *Config, m *fault.Mistakes) {
	for i, check := range c.DangerouslyReportOnly {
		field := fmt.Sprintf("DangerouslyReportOnly[%d]", i)
		bit := bitOf(check)
		switch {
		// Fails closed: an unknown name is a mistake, not a check that goes on refusing without notice.
		case bit == 0:
			m.Add(field, string(check), "there is no such check; known are %s", checkNames())
		case g.reporting.set&bit != 0:
			m.Add(field, string(check), "it stands twice")
		default:
			if nothing := g.nothingToReport(c, check); nothing != "" {
				m.Add(field, string(check), "there is nothing to report: %s", nothing)
			}
			g.reporting.set |= bit
		}
	}
	if g.reporting.set.has(CheckSignature) {
		g.reporting.set |= bitOf(CheckFreshness) // the timestamp is a part of it
	}
	g.reporting.replay = g.reporting.set.has(CheckReplay)
	g.reporting.time = g.reporting.set.has(CheckFreshness)
}

// nothingToReport says why a check would never report anything; empty: it would.
func (g *Guard) nothingToReport(c *Config, check Check) string {
	switch check {
	case CheckHTTPS:
		if c.DangerouslyAllowHTTP {
			return "DangerouslyAllowHTTP switches the check off; remove one of the two"
		}
	case CheckSources:
		if c.Sources == nil {
			return "Sources are not configured"
		}
	case CheckRateLimit:
		if g.rates.deliveries == nil {
			return "RateLimit has no PerSecond and no Limiter"
		}
	case CheckCredentials:
		if len(g.credentials) == 0 {
			return "no credential is configured"
		}
	case CheckSignature:
		switch {
		case g.handshakes.Awaiting:
			return "there is no secret yet, and until there is one nothing but handshakes is answered"
		case g.entry.Scheme == nil:
			return g.entry.Title + " signs nothing; its credential is the check " + string(CheckCredentials)
		}
	case CheckFreshness:
		switch {
		case slices.Contains(c.DangerouslyReportOnly, CheckSignature):
			return "it is a part of " + string(CheckSignature)
		case g.signature != nil && !g.signature.SignsTime, g.signature == nil:
			return g.entry.Title + " signs no timestamp, or there is no secret yet"
		}
	case CheckReplay:
		if g.memory.Store == nil {
			return "no replay store is configured"
		}
	}
	return ""
}

func checkNames() string {
	names := make([]string, 0, len(Checks()))
	for _, c := range Checks() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// announceReportOnly says at start which checks refuse nothing, and louder where nothing else proves a delivery.
func (g *Guard) announceReportOnly(c *Config) {
	for _, check := range c.DangerouslyReportOnly {
		g.logger.Warn("sallyport: a check only reports: what it would refuse is let through", "endpoint", g.endpoint,
			"provider", g.provider, "setting", "DangerouslyReportOnly", "check", string(check))
	}
	signed := g.entry.Scheme != nil && !g.reporting.set.has(CheckSignature)
	credentials := len(g.credentials) > 0 && !g.reporting.set.has(CheckCredentials)
	// An error, because the endpoint is open: anybody who finds its URL can run the app's code.
	if len(c.DangerouslyReportOnly) > 0 && !signed && !credentials {
		g.logger.Error("sallyport: nothing that refuses proves who sends: anybody can run this endpoint's signals",
			"endpoint", g.endpoint, "provider", g.provider, "setting", "DangerouslyReportOnly")
	}
}

// enforce returns the failure of a check, unless the check only reports: then it notes the failure, and the delivery
// goes on.
//
// A check that could not run (no valid secret, no key, unknown tenant) refuses even when it only reports. It fails
// closed: otherwise it would not be a check at all.
func (g *Guard) enforce(i *facts, check Check, f fault.Failure) fault.Failure {
	if !f.Failed() { // a check that passes pays one comparison, because this is inlined
		return f
	}
	return g.enforceFailed(i, check, f)
}

// enforceFailed decides on a failure. It fails closed for a check that is not listed, and for one that could not run.
func (g *Guard) enforceFailed(i *facts, check Check, f fault.Failure) fault.Failure {
	switch {
	case g.reporting.set == 0 && !i.trial:
		return f
	// Explain: nothing is refused, because every failure is to be found in one pass. Nothing runs either.
	case i.trial:
	case !g.reporting.set.has(check):
		return f
	case check != CheckSignature && check != CheckCredentials:
	case f.Reason.Class() == reason.ClassState || g.tenants.key.set && i.tenant == "":
		return f
	}
	g.report(i, check, f)
	return fault.Failure{}
}

// report records a refusal that did not take place, once.
func (g *Guard) report(i *facts, check Check, f fault.Failure) {
	// A check may fail twice for one request. Two entries would make it look like two mistakes.
	for _, have := range i.reported {
		if have.Check == check && have.Reason == f.Reason {
			return
		}
	}
	i.reported = append(i.reported, Reported{
		Check: check, Reason: f.Reason, Status: g.statusOf(f.Reason, i), Detail: f.Detail,
	})
}

// enforceProof is enforce for what proves a delivery. One that fails and is let through stays unproved: it claims no
// identity, none of its details counts as authenticated, and it is answered as no handshake.
func (g *Guard) enforceProof(i *inspection, check Check, f fault.Failure) fault.Failure {
	if !f.Failed() {
		return f
	}
	return g.enforceFailedProof(i, check, f)
}

// enforceFailedProof is enforceProof for a check that failed.
func (g *Guard) enforceFailedProof(i *inspection, check Check, f fault.Failure) fault.Failure {
	rest := g.enforceFailed(&i.facts, check, f)
	// The first failure is kept: the ones behind it often follow from it.
	if !rest.Failed() && i.unproved == nil {
		first := f
		i.unproved = &first
	}
	return rest
}

// enforceCredential is enforceProof where the credential is the proof. Next to a signature it is a second check: the
// signature alone proves the delivery.
func (g *Guard) enforceCredential(i *inspection, f fault.Failure) fault.Failure {
	if g.signature != nil {
		return g.enforce(&i.facts, CheckCredentials, f)
	}
	return g.enforceProof(i, CheckCredentials, f)
}

// reportKnown records what the replay store knows of the events, and lets all of them run.
func (d *Delivery) reportKnown() {
	f := fault.New(reason.Duplicate, "")
	known, status := 0, reason.Duplicate.Status()
	var conflict bool
	for i := range d.states {
		s := &d.states[i]
		if s.fresh() {
			continue
		}
		known++
		if s.known == replay.InFlight {
			f.Reason = reason.InFlight
		}
		conflict = conflict || s.result.Conflict
		// known is cleared, and with it fresh is true: the event runs although the store knows it. Fails open, as
		// configured.
		s.noted, s.known = s.known, 0
	}
	d.answering.Withhold(false)
	switch {
	case known == 0:
		return
	case f.Reason == reason.InFlight:
		status = reason.InFlight.Status()
	case conflict:
		f.Reason = reason.Conflict
		if d.guard.memory.strict {
			status = http.StatusBadRequest
		}
	}
	f.Detail = fmt.Sprintf("%d of %d events would not have run: they were processed before, or are being processed",
		known, len(d.states))
	d.guard.enforce(&d.facts, CheckReplay, f)
	d.facts.reported[len(d.facts.reported)-1].Status = status
}
