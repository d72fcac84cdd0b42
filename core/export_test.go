package core

import (
	"net/http"
	"time"
)

// VerifySignature is the path from the headers to the verdict, for measurements.
func (g *Guard) VerifySignature(r *http.Request, body []byte, now time.Time) bool {
	var p presented
	if g.verifier.judgeHead(r, "", &p, now).failed() {
		return false
	}
	_, f := g.verifier.judgeBody(r, "", body, &p, now)
	return !f.failed()
}
