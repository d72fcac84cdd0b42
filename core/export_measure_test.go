package core

import (
	"net/http"

	"github.com/sallyport-go/sallyport/core/internal/payload"
)

// ReadEvent reads from a proved body what an event says of itself, for "make bench": see internal/bench/overlay.json.
func (g *Guard) ReadEvent(r *http.Request, body []byte) (e Event) {
	t := payload.Source{Headers: r.Header, Body: body, BodyProved: true}
	var said payload.Details
	g.events.Open(&t)
	g.events.Read(&t, &said)
	e.take(&said)
	return e
}
