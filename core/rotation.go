package core

import (
	"strings"
	"time"
)

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
	Secrets []SecretUse `json:"secrets"`
}

// SecretUse is what is known of one secret's use. It follows the secret itself: another label or another place in the
// list changes nothing.
type SecretUse struct {
	Setting     string    `json:"setting"`               // the field of Config: "Secrets", "Credentials[0]"
	Tenant      string    `json:"tenant,omitempty"`      // with Config.Tenant
	Label       string    `json:"label"`                 // the latest
	FirstSeen   time.Time `json:"first_seen"`            // it came into the list, or back into it
	LastMatched time.Time `json:"last_matched,omitzero"` // zero: never
	Matched     int64     `json:"matched"`               // deliveries that it proved
	Deliveries  int64     `json:"deliveries"`            // that any secret of its list proved since FirstSeen
	Silent      int64     `json:"silent"`                // of them since LastMatched: it proved none of these
	NotBefore   time.Time `json:"not_before,omitzero"`   // zero: valid from the beginning
	NotAfter    time.Time `json:"not_after,omitzero"`    // zero: valid for ever
	Left        time.Time `json:"left,omitzero"`         // zero: it is in the list
	State       UseState  `json:"state"`                 // what all of this comes to
	// Wait is, with SecretWaiting, for how long it has to stay silent still.
	Wait time.Duration `json:"wait_ns,omitempty"`
}

// UseState is what a secret's use comes to.
type UseState string

// The states.
const (
	// SecretInUse: the latest delivery was proved by it.
	SecretInUse UseState = "in_use"
	// SecretWaiting: it has fallen silent while others matched, and retries of older events, or a sender that has just
	// been quiet, may still carry it.
	SecretWaiting UseState = "waiting"
	// SecretSafeToRemove: it has matched once, others have matched since, and no retry carries it any more; or its
	// validity has ended, and others are valid. Silence of less than three days is never enough, however short the
	// retries: a sender with a secret of its own may have nothing to say at a weekend. One that says something once a
	// month looks like one that is gone; where several senders share an endpoint, compare LastMatched with what each of
	// them sends.
	SecretSafeToRemove UseState = "safe_to_remove"
	// SecretAlone: nothing else that is valid has matched since, so that nothing shows that it can be done without.
	SecretAlone UseState = "alone"
	// SecretUnused: it has never matched here. The new one, before the provider has it; the old one, if this process
	// was started after the change. Nothing tells the two apart.
	SecretUnused UseState = "unused"
	// SecretNotYetValid: its validity has not begun.
	SecretNotYetValid UseState = "not_yet_valid"
	// SecretEnded: its validity has ended, and nothing else is valid.
	SecretEnded UseState = "ended"
	// SecretLeft: it is not in the list any more.
	SecretLeft UseState = "left"
)

// SafeToRemove says that no delivery needs the secret.
func (u SecretUse) SafeToRemove() bool { return u.State == SecretSafeToRemove } //lint:notsecret a word for the log

// Rotation tells which of the accepted secrets and credentials are used, and which may be removed. It costs deliveries
// nothing; tokens of handshakes are not counted.
func (g *Guard) Rotation() Rotation {
	r := Rotation{Endpoint: g.endpoint, Provider: g.provider, At: g.now(), RetryHorizon: g.retryHorizon()}
	for _, k := range g.rings {
		if k.proves() {
			r.Secrets = append(r.Secrets, k.uses(r.At)...)
		}
	}
	return r
}

// leastSilence is how long a secret has to be silent at least before it is called safe to remove.
const leastSilence = 72 * time.Hour

// silence is how long the guard's secrets have to be silent.
func (g *Guard) silence() time.Duration { return max(g.retryHorizon(), leastSilence) }

func (g *Guard) retryHorizon() time.Duration {
	if g.entry.RetryHorizon > 0 {
		return g.entry.RetryHorizon
	}
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
		b.WriteString("  " + describe(u, r.At) + "\n")
	}
	return b.String()
}
