package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-go/sallyport/cmd/sallyport/internal/database"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
)

// Forgetting says which events an endpoint forgets.
type Forgetting struct {
	File     string   // the configuration
	Endpoint string   // its path; empty: the only one
	Tenant   string   // where the endpoint has tenants
	IDs      []string // the sender's ids, or identities as the log shows them

	// DangerouslyInFlight forgets events that are in flight too. Fails open: such an event may run twice at once.
	DangerouslyInFlight bool
}

// Forgotten is what became of one event.
type Forgotten struct {
	Endpoint string `json:"endpoint"`
	ID       string `json:"id"`

	// InFlight is the rest of the lease of an event that is in flight, in words; empty: it is not. It is still
	// remembered, unless Forgetting.DangerouslyInFlight is set.
	InFlight string `json:"lease_expires_in,omitempty"`

	ByIdentity bool `json:"-"` // ID is an identity, which may be of another endpoint of the same store
	Unknown    bool `json:"-"` // the store had not remembered it
	Kept       bool `json:"-"` // it was not forgotten, because it is in flight
}

// Forget makes the replay store of one endpoint forget events, so that their next delivery runs again. It hands each to
// done. Nothing is forgotten where one of the IDs cannot be an event's, and no event that is in flight. The opener is
// asked for what exists: an empty database would seem to have forgotten everything. Its errors name a flag, or are
// [ErrFailed] where nothing could be done.
func Forget(ctx context.Context, f *Forgetting, opener Opener, s Streams, done func(Forgotten) error) error {
	// What guards say at their start is about deliveries, of which this command receives none.
	o := Options{File: f.File, level: slog.LevelError}
	return o.with(ctx, existing(opener), s, func(c *config, endpoints []*endpoint, _ *output, _ *slog.Logger) error {
		e, conf, err := chosen(c, endpoints, f.Endpoint)
		if err != nil {
			return err
		}
		if conf.store == "" || conf.store == storeMemory || conf.store == storeNone {
			return fmt.Errorf("--config: the endpoint %s remembers in the memory of the process that receives, or "+
				"not at all: restart that process instead", e.path)
		}
		named := make([]Forgotten, len(f.IDs))
		identities := make([]core.Identity, len(f.IDs))
		for i, id := range f.IDs {
			named[i] = Forgotten{Endpoint: e.path, ID: id}
			if identities[i], named[i].ByIdentity, err = identityOf(ctx, e, f.Tenant, id); err != nil {
				return err
			}
		}
		for i := range named {
			if err := f.one(ctx, e, identities[i], &named[i]); err != nil {
				return err
			}
			if err := done(named[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// existing returns an opener that makes no file and no table.
func existing(opener Opener) Opener {
	if opener == nil {
		return nil
	}
	return func(ctx context.Context, at database.Place, logger *slog.Logger) (replay.Store, func() error, error) {
		at.Existing = true
		return opener(ctx, at, logger)
	}
}

func identityOf(ctx context.Context, e *endpoint, tenant, id string) (_ core.Identity, itself bool, _ error) {
	if id == "" {
		return core.Identity{}, false, errors.New("the id of an event is empty")
	}
	if identity, err := core.ParseIdentity(id); err == nil {
		return identity, true, nil
	}
	identity, err := e.guard.IdentityOf(ctx, tenant, id)
	if err != nil {
		err = fmt.Errorf("%.200q, --tenant: %w", id, err)
	}
	return identity, false, err
}

// one forgets one event. It notes whether the event was remembered, as far as the store can be asked.
func (f *Forgetting) one(ctx context.Context, e *endpoint, identity core.Identity, named *Forgotten) error {
	if looker, ok := e.store.(replay.Looker); ok {
		found, err := looker.Look(ctx, []replay.Key{replay.Key(identity)})
		if err != nil {
			return err
		}
		named.Unknown = len(found) == 1 && found[0].State == 0
		if f.DangerouslyInFlight && len(found) == 1 && found[0].State == replay.InFlight {
			named.InFlight = leaseText(found[0].RetryAfter)
		}
	}
	if f.DangerouslyInFlight {
		return e.guard.DangerouslyForgetInFlight(ctx, identity)
	}
	err := e.guard.Forget(ctx, identity)
	if busy, ok := errors.AsType[*replay.InFlightError](err); ok {
		named.Unknown, named.Kept, named.InFlight, err = false, true, leaseText(busy.RetryAfter), nil
	}
	return err
}

func leaseText(left time.Duration) string { return max(left.Round(time.Second), time.Second).String() }

func chosen(c *config, endpoints []*endpoint, path string) (*endpoint, *endpointConfig, error) {
	if path == "" && len(endpoints) > 1 {
		return nil, nil, fmt.Errorf("--endpoint is missing: whose event is meant; there are %d endpoints",
			len(endpoints))
	}
	for i, e := range endpoints {
		if path == "" || e.path == path {
			return e, c.endpoints[i], nil
		}
	}
	return nil, nil, fmt.Errorf("--endpoint: there is no endpoint %q", path)
}
