package secrets

import "time"

// Use says how one secret is used: core.Guard.Rotation returns it for each. It follows the secret itself: another label
// or another place in the list changes nothing.
type Use struct {
	Setting     string    `json:"setting"`               // the field of core.Config: "Secrets", "Credentials[0]"
	Tenant      string    `json:"tenant,omitempty"`      // with core.Config.Tenant
	Label       string    `json:"label"`                 // the latest
	FirstSeen   time.Time `json:"first_seen"`            // it came into the list, or back into it
	LastMatched time.Time `json:"last_matched,omitzero"` // zero: never
	Matched     int64     `json:"matched"`               // deliveries that it proved
	Deliveries  int64     `json:"deliveries"`            // that any secret of its list proved since FirstSeen
	Silent      int64     `json:"silent"`                // of them since LastMatched: it proved none of these
	NotBefore   time.Time `json:"not_before,omitzero"`   // zero: valid from the beginning
	NotAfter    time.Time `json:"not_after,omitzero"`    // zero: valid for ever
	Left        time.Time `json:"left,omitzero"`         // zero: it is in the list
	State       UseState  `json:"state"`
	// Wait is, with [Waiting], for how long the secret must go on not to match.
	Wait time.Duration `json:"wait_ns,omitempty"`
}

// UseState sums up how a secret is used.
type UseState string

// The states.
const (
	// InUse: it proved the latest delivery.
	InUse UseState = "in_use"
	// Waiting: others match, and it does not any more. Retries of older events, or a sender that has just been quiet,
	// may still carry it.
	Waiting UseState = "waiting"
	// SafeToRemove: it has matched once, others have matched since, and no retry carries it any more; or it has
	// expired, and others are valid. Less than three days without a match are never enough, however short the retries:
	// a sender with a secret of its own may have nothing to say at a weekend. A sender that says something once a month
	// looks like one that is gone: where several senders share an endpoint, compare LastMatched with what each of them
	// sends.
	SafeToRemove UseState = "safe_to_remove"
	// Alone: no other valid secret has matched since, so nothing shows that it can be removed.
	Alone UseState = "alone"
	// Unused: it has never matched here. It may be the new one, before the provider has it, or the old one, if this
	// process was started after the change. Nothing distinguishes the two.
	Unused UseState = "unused"
	// NotYetValid: its validity has not begun.
	NotYetValid UseState = "not_yet_valid"
	// Ended: it has expired, and no other secret is valid.
	Ended UseState = "ended"
	// Left: it is not in the list any more.
	Left UseState = "left"
)

// SafeToRemove reports whether no delivery needs the secret.
func (u Use) SafeToRemove() bool { return u.State == SafeToRemove } //lint:notsecret a word for the log
