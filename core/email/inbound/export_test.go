package inbound

import "context"

// Fetch gets a document from a host that is pinned.
func (c *Config) Fetch(ctx context.Context, address, host string) error {
	_, err := c.fetch(ctx, address, []string{host}, nil)
	return err
}
