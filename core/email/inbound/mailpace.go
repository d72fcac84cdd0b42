package inbound

import (
	"context"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

// readMailPace reads the message as it came, which the fields next to it repeat.
//
// https://docs.mailpace.com/guide/inbound
func readMailPace(_ context.Context, e *core.Event, c *Config, m *Message) error {
	f := readFields(e.Payload, "/event", "/raw")
	switch {
	case f.has("/event"):
		return email.TrackingAtInbound(e.Provider)
	case !f.has("/raw"):
		return ErrNoMessage
	}
	m.parseRaw(f.bytes("/raw"), c)
	return nil
}
