package core

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// Health is how an endpoint is doing. The worst failure of a webhook is that none arrives any more, and it makes no
// noise: after a rotation that was half done, every delivery is refused, and the provider gives up one day.
type Health struct {
	Endpoint string    `json:"endpoint"`
	Provider string    `json:"provider"`
	Since    time.Time `json:"since"` // the guard was made
	// LastProved is when a delivery that brought something new was proved last; zero: never by this process.
	// Handshakes, tests, duplicates and conflicts do not count: whoever has captured a delivery can send it again, for
	// ever. A genuine retry comes soon after its first attempt, which counted. Without a replay store every proved
	// delivery counts, because nothing distinguishes a copy.
	LastProved time.Time `json:"last_proved,omitzero"`
	// Silence is the time since then, or since the guard was made.
	Silence time.Duration `json:"silence_ns"`
	// RejectedInARow is how many authentications have failed since LastProved, those included whose deliveries were let
	// through because the check only reports.
	RejectedInARow int64         `json:"rejected_in_a_row"`
	LastRejected   time.Time     `json:"last_rejected,omitzero"`
	LastReason     reason.Reason `json:"last_reason,omitempty"` // of that rejection
	// SecretsStaleSince is since when the accepted secrets have not been the newest: their source failed, or gave a
	// list that was refused, and the last good one is in force. Zero: they are the newest, as far as deliveries made us
	// look.
	SecretsStaleSince time.Time `json:"secrets_stale_since,omitzero"`
	SecretsProblem    string    `json:"secrets_problem,omitempty"` // why
	// DroppedRecords is how many records observers did not get, because they were too slow: the sum over all observers.
	DroppedRecords int64 `json:"dropped_records"`
}

// countVitals takes an outcome in. What the app or the store did with a delivery says nothing of the provider and the
// secret.
func (g *Guard) countVitals(r *pooledRecord) {
	switch {
	case r.proved:
		if g.isSignOfLife(r) {
			g.watch.vitals.Proved(r.ended)
		}
	case r.Reason.Class() == reason.ClassAuthentication:
		g.watch.vitals.Reject(r.Reason, r.ended)
	case r.Unproved: // let through
		for _, would := range r.WouldRefuse {
			if would.Check == CheckSignature || would.Check == CheckCredentials {
				g.watch.vitals.Reject(would.Reason, r.ended)
				break
			}
		}
	}
}

// isSignOfLife reports whether a proved delivery brought something that was not here before. In doubt it fails towards
// the alarm.
func (g *Guard) isSignOfLife(r *pooledRecord) bool {
	switch r.Reason {
	case reason.Handshake, reason.Duplicate, reason.Conflict, reason.InFlight, reason.RateLimited, reason.Paused:
		return false
	}
	for _, would := range r.WouldRefuse {
		if would.Check == CheckReplay { // a known event that ran because the check only reports
			return false
		}
	}
	return r.Replay == ReplayCommitted || r.fresh.IsZero() || g.watch.vitals.IsFresh(r.fresh)
}

func (g *Guard) lostRecords() (n int64) {
	for _, o := range g.watch.outlets {
		n += o.lost.Load()
	}
	return n
}

// Health returns how the endpoint is doing, as far as this process has seen.
func (g *Guard) Health() Health {
	s := g.watch.vitals.State()
	h := Health{
		Endpoint: g.endpoint, Provider: g.provider, Since: s.Since, LastProved: s.LastProved,
		Silence: time.Since(g.watch.vitals.Last()), RejectedInARow: s.RejectedInARow, LastRejected: s.LastRejected,
		LastReason: s.LastReason, DroppedRecords: g.lostRecords(),
	}
	for _, k := range g.tenants.rings {
		since, why := k.Trouble()
		if !since.IsZero() && (h.SecretsStaleSince.IsZero() || since.Before(h.SecretsStaleSince)) {
			h.SecretsStaleSince, h.SecretsProblem = since, why
		}
	}
	return h
}

// raiseAlarm reports that no new delivery was proved for long.
func (g *Guard) raiseAlarm(quiet time.Duration) {
	h := g.Health()
	g.logger.Error("sallyport: no new delivery has been proved for a long time: "+
		"check that the provider still sends, and with which secret",
		"endpoint", g.endpoint, "provider", g.provider, "silence", quiet.Round(time.Second).String(),
		"rejected_in_a_row", h.RejectedInARow, "last_reason", string(h.LastReason))
}

// HealthLimits say when an endpoint is not well. A zero limit is none.
type HealthLimits struct {
	MaxSilence        time.Duration // how long no delivery may have been proved
	MaxRejectedInARow int64         // how many authentications may fail without one that succeeds between them
	MaxStaleSecrets   time.Duration // how long the accepted secrets may not be the newest
}

// HealthHandler serves the health of endpoints as JSON: 200 where all are within the limits, 503 where any is not.
// Mount it where the world does not reach: it says when deliveries came.
func HealthHandler(limits HealthLimits, guards ...*Guard) http.Handler {
	guards = append([]*Guard(nil), guards...)
	type line struct {
		Health
		Healthy bool `json:"healthy"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusOK
		lines := make([]line, len(guards))
		for i, g := range guards {
			h := g.Health()
			well := (limits.MaxSilence == 0 || h.Silence <= limits.MaxSilence) &&
				(limits.MaxRejectedInARow == 0 || h.RejectedInARow <= limits.MaxRejectedInARow) &&
				(limits.MaxStaleSecrets == 0 || h.SecretsStaleSince.IsZero() ||
					time.Since(h.SecretsStaleSince) <= limits.MaxStaleSecrets)
			if !well {
				status = http.StatusServiceUnavailable
			}
			lines[i] = line{h, well}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store") // a cached 200 would hide an outage
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"endpoints": lines})
	})
}

// Rotation is how far the change of an endpoint's secrets has come, as far as this process has seen: where several
// receive, ask each of them. It knows nothing of what was before the guard was made.
type Rotation struct {
	Endpoint string    `json:"endpoint"`
	Provider string    `json:"provider"`
	At       time.Time `json:"at"` // by the guard's clock, as all times here
	// RetryHorizon is for how long the provider sends an event again: so long a secret that has fallen silent may still
	// be needed. 72 hours where the provider does not say.
	RetryHorizon time.Duration `json:"retry_horizon_ns"`
	// Secrets are the accepted secrets and credentials of each list in its order, and behind them those that have left
	// it.
	Secrets []secrets.Use `json:"secrets"`
}

// Rotation returns which of the accepted secrets and credentials are used, and which may be removed. It costs
// deliveries nothing; tokens of handshakes are not counted.
func (g *Guard) Rotation() Rotation {
	r := Rotation{Endpoint: g.endpoint, Provider: g.provider, At: g.now(), RetryHorizon: g.retryHorizon()}
	for _, k := range g.tenants.rings {
		// Verify tokens prove nothing: their use says nothing about when a secret may go.
		if k.Proves() {
			r.Secrets = append(r.Secrets, k.Uses(r.At)...)
		}
	}
	return r
}

// secretUses returns how the secrets are used that the delivery could be proved by, for the journal.
func (d *Delivery) secretUses() (all []journal.SecretUse) {
	tenant := ""
	if d.guard.tenants.key.set {
		tenant = d.facts.tenant
	}
	for _, k := range d.guard.tenants.rings {
		if !k.Proves() {
			continue
		}
		for _, u := range k.UsesOf(tenant, d.facts.now) {
			all = append(all, journal.SecretUse{Setting: u.Setting, Tenant: u.Tenant, Label: u.Label,
				FirstSeen: u.FirstSeen, LastMatched: u.LastMatched, Matched: u.Matched, NotAfter: u.NotAfter,
				State: u.State})
		}
	}
	return all
}

// silence is how long the guard's secrets have to be silent.
func (g *Guard) silence() time.Duration { return max(g.retryHorizon(), keyring.LeastSilence) }

func (g *Guard) retryHorizon() time.Duration {
	if g.entry.RetryHorizon > 0 {
		return g.entry.RetryHorizon
	}
	// The safe side: a provider that does not say may retry for long, and an early removal loses its events.
	return defaultRetention
}

// String says it in words, a line for each secret.
func (r Rotation) String() string {
	var b strings.Builder
	heading := ""
	for i := range r.Secrets {
		u := &r.Secrets[i]
		h := r.Endpoint + ", " + u.Setting
		if u.Tenant != "" {
			h += ", tenant " + u.Tenant
		}
		if h != heading {
			heading = h
			b.WriteString(h + ":\n")
		}
		b.WriteString("  " + keyring.Describe(u, r.At) + "\n")
	}
	return b.String()
}
