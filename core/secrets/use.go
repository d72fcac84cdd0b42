package secrets

import "time"

// Use describes how one secret is used. core.Guard.Rotation returns it for each secret. It follows the value of the
// secret: a new label or a new position in the list does not start a new Use.
type Use struct {
	Setting     string    `json:"setting"`               // the field of core.Config: "Secrets", "Credentials[0]"
	Tenant      string    `json:"tenant,omitempty"`      // with core.Config.Tenant
	Label       string    `json:"label"`                 // the latest
	FirstSeen   time.Time `json:"first_seen"`            // it came into the list, or back into it
	LastMatched time.Time `json:"last_matched,omitzero"` // zero: never
	Matched     int64     `json:"matched"`               // deliveries that it proved
	Deliveries  int64     `json:"deliveries"`            // that any secret of its list proved since FirstSeen
	Silent      int64     `json:"silent"`                // of Deliveries, those since LastMatched: proved by others
	NotBefore   time.Time `json:"not_before,omitzero"`   // zero: valid from the beginning
	NotAfter    time.Time `json:"not_after,omitzero"`    // zero: valid for ever
	Left        time.Time `json:"left,omitzero"`         // zero: it is in the list
	State       UseState  `json:"state"`
	// Wait is how much longer the secret must not match before it is SafeToRemove. Only with [Waiting].
	Wait time.Duration `json:"wait_ns,omitempty"`
}

// UseState sums up how a secret is used.
type UseState string

// The states.
const (
	// InUse: it proved the latest delivery.
	InUse UseState = "in_use"
	// Waiting: others match, and it does not any more. Retries of older events may still use it, or the deliveries of a
	// sender that has been quiet.
	Waiting UseState = "waiting"
	// SafeToRemove: it has matched once, others have matched since, and no retry can use it any more. Or it has
	// expired,
	// and others are valid.
	//
	// Less than three days without a match are never enough, however short the retries are: a sender with a secret of
	// its own may have no events at a weekend. A sender with one event a month looks like one that has stopped. Where
	// several senders share an endpoint, compare LastMatched with how often each of them sends.
	SafeToRemove UseState = "safe_to_remove"
	// Alone: no other valid secret has matched since, so nothing shows that it can be removed.
	Alone UseState = "alone"
	// Unused: it has never matched here. It may be the new one, before the provider uses it. It may be the old one, if
	// this process started after the change. The process cannot distinguish the two.
	Unused UseState = "unused"
	// NotYetValid: its validity has not begun.
	NotYetValid UseState = "not_yet_valid"
	// Ended: it has expired, and no other secret is valid.
	Ended UseState = "ended"
	// Left: it is not in the list any more.
	Left UseState = "left"
)

// SafeToRemove reports whether the state is [SafeToRemove].
func (u Use) SafeToRemove() bool { return u.State == SafeToRemove } //lint:notsecret a word for the log
