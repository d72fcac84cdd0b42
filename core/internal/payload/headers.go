package payload

import (
	"net/http"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Headers returns the headers that the entry of a provider reads events and identities from.
func Headers(e *entry.Entry) map[string]bool {
	kept := map[string]bool{}
	add := func(name string) {
		if name != "" {
			kept[http.CanonicalHeaderKey(name)] = true
		}
	}
	for _, list := range e.Event.Values() {
		for _, v := range list {
			add(v.Header)
		}
	}
	for _, name := range e.Identity.With {
		add(name)
	}
	add(e.Event.Binary)
	return kept
}
