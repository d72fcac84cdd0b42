package core

import "net/http"

// ReadEvent reads from a proved body what an event says of itself, for measurements.
func (g *Guard) ReadEvent(r *http.Request, body []byte) (e Event) {
	t := told{headers: r.Header, body: body, bodyProved: true}
	g.events.open(&t)
	g.events.read(&t, &e)
	return e
}
