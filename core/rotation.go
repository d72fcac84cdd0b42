package core

import (
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/secrets"
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
