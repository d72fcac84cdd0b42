package receiver

import (
	"context"
	"fmt"

	"github.com/sallyport-go/sallyport/core"
)

// forget makes the replay store of one endpoint forget events, by their ids or identities, and prints a line for each.
func forget(ctx context.Context, c *config, endpoints []*endpoint, opts *options, out *output) error {
	e, conf, err := chosen(c, endpoints, opts.endpoint)
	if err != nil {
		return err
	}
	if conf.store == "" || conf.store == storeMemory || conf.store == storeNone {
		return fmt.Errorf("-forget: the endpoint %s remembers in the memory of the process that receives, or not at "+
			"all: restart that process instead", e.path)
	}
	for _, id := range opts.forget {
		if identity, err := core.ParseIdentity(id); err == nil {
			if err := e.guard.Forget(ctx, identity); err != nil {
				return fmt.Errorf("-forget: %w", err)
			}
		} else if err := forgetID(ctx, e, opts.tenant, id); err != nil {
			return fmt.Errorf("-forget, -tenant: %w", err)
		}
		out.print(map[string]map[string]string{"forgotten": {"endpoint": e.path, "id": id}})
	}
	return nil
}

func forgetID(ctx context.Context, e *endpoint, tenant, id string) error {
	identity, err := e.guard.IdentityOf(ctx, tenant, id)
	if err != nil {
		return err
	}
	return e.guard.Forget(ctx, identity)
}

func chosen(c *config, endpoints []*endpoint, path string) (*endpoint, *endpointConfig, error) {
	if path == "" && len(endpoints) > 1 {
		return nil, nil, fmt.Errorf("-forget: say by -endpoint whose event is meant; there are %d endpoints",
			len(endpoints))
	}
	for i, e := range endpoints {
		if path == "" || e.path == path {
			return e, c.endpoints[i], nil
		}
	}
	return nil, nil, fmt.Errorf("-endpoint: there is no endpoint %q", path)
}
