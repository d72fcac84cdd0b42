package journal

import (
	"time"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// SecretUse is how one process has used one secret, by its label: see [secrets.Use], whose fields these are. All
// deliveries count, also those that are not in the journal.
type SecretUse struct {
	Setting     string // the field of core.Config: "Secrets", "Credentials[0]"
	Tenant      string // with core.Config.Tenant
	Label       string
	FirstSeen   time.Time // the process began to accept it
	LastMatched time.Time // zero: never
	Matched     int64     // deliveries that it proved
	NotAfter    time.Time // zero: valid for ever
	State       secrets.UseState
}

func (u *SecretUse) members() []member {
	return []member{
		{"setting", (*text)(&u.Setting), 0},
		{"tenant", (*text)(&u.Tenant), 0},
		{"label", (*text)(&u.Label), 0},
		{"first_seen", (*stamp)(&u.FirstSeen), 0},
		{"last_matched", (*stamp)(&u.LastMatched), 0},
		{"matched", &u.Matched, 0},
		{"not_after", (*stamp)(&u.NotAfter), 0},
		{"state", (*text)(&u.State), 0},
	}
}

const (
	mostUses  = 64
	mostLabel = 200
)

// shortUses returns a copy, bounded.
func shortUses(all []SecretUse) []SecretUse {
	if len(all) == 0 {
		return nil
	}
	out := make([]SecretUse, min(len(all), mostUses))
	copy(out, all)
	for i := range out {
		out[i].Label, out[i].Tenant = short(out[i].Label, mostLabel), short(out[i].Tenant, mostLabel)
	}
	return out
}
