package core

import (
	"net/http"
	"time"
)

// VerifySignature is the path from the headers to the verdict, for measurements.
func (g *Guard) VerifySignature(r *http.Request, body []byte, now time.Time) bool {
	var p presented
	if g.verifier.fromHeaders(r, &p).failed() || g.verifier.checkFreshness(p.timestamp, now).failed() {
		return false
	}
	_, f := g.verifier.verify(r, "", body, &p, now)
	return !f.failed()
}
