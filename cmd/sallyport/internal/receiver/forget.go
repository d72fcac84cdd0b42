package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sallyport-go/sallyport/core"
)

// Forgetting says which events an endpoint forgets.
type Forgetting struct {
	File     string   // the configuration
	Endpoint string   // its path; empty: the only one
	Tenant   string   // where the endpoint has tenants
	IDs      []string // the sender's ids, or identities as the log shows them
}

// Forgotten is one event that an endpoint has forgotten.
type Forgotten struct {
	Endpoint string `json:"endpoint"`
	ID       string `json:"id"`
}

// Forget makes the replay store of one endpoint forget events, so that their next delivery runs again. It hands each to
// done. Its errors name a flag, or are [ErrFailed].
func Forget(ctx context.Context, f *Forgetting, opener Opener, s Streams, done func(Forgotten) error) error {
	o := Options{File: f.File}
	return o.with(ctx, opener, s, func(c *config, endpoints []*endpoint, _ *output, _ *slog.Logger) error {
		e, conf, err := chosen(c, endpoints, f.Endpoint)
		if err != nil {
			return err
		}
		if conf.store == "" || conf.store == storeMemory || conf.store == storeNone {
			return fmt.Errorf("--config: the endpoint %s remembers in the memory of the process that receives, or "+
				"not at all: restart that process instead", e.path)
		}
		for _, id := range f.IDs {
			if err := forgetOne(ctx, e, f.Tenant, id); err != nil {
				return err
			}
			if err := done(Forgotten{e.path, id}); err != nil {
				return err
			}
		}
		return nil
	})
}

func forgetOne(ctx context.Context, e *endpoint, tenant, id string) error {
	if id == "" {
		return errors.New("the id of an event is empty")
	}
	identity, err := core.ParseIdentity(id)
	if err != nil {
		if identity, err = e.guard.IdentityOf(ctx, tenant, id); err != nil {
			return fmt.Errorf("%.200q, --tenant: %w", id, err)
		}
	}
	return e.guard.Forget(ctx, identity)
}

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
