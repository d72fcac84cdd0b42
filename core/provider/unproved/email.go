package unproved

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func email() []core.Provider { return []core.Provider{LOX24()} }

// LOX24 is the notifications of LOX24, an SMS service, with the token that is set next to the callback's URL.
//
// https://doc.lox24.eu/info/notifications/
// https://github.com/symfony/symfony/tree/8.1/src/Symfony/Component/Notifier/Bridge/Lox24
func LOX24() core.Provider {
	return of(entry.Entry{
		Name: "lox24", Title: "LOX24", Confidence: "C",
		Docs:       "https://doc.lox24.eu/info/notifications/",
		Credential: entry.Credential{Kind: entry.HeaderToken, Name: "X-LOX24-Token"},
		Unsigned:   []string{"everything: the credential is a shared secret"},
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/id"},
		Event: entry.Event{ID: pointer("/id"), Type: pointer("/name"), Time: pointer("/created_at"),
			Data: "/data"},
	})
}
