package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

// measurable are the parts of a guard's work that can be timed alone. A guard has these methods for core's own tests,
// and no program has them: "make bench" lays their files over core.
type measurable interface {
	// VerifySignature is the path from the headers to the verdict.
	VerifySignature(r *http.Request, body []byte, now time.Time) bool
	// ForgetMatch makes the next verification begin with the first secret.
	ForgetMatch()
	// ReadEvent reads what an event says of itself.
	ReadEvent(r *http.Request, body []byte) core.Event
}

func measuring(g *core.Guard) measurable {
	m, ok := any(g).(measurable)
	if !ok {
		fmt.Fprintln(os.Stderr, "bench: build it by make bench, or with -overlay overlay.json: a guard's parts "+
			"cannot be timed alone without")
		os.Exit(1)
	}
	return m
}
