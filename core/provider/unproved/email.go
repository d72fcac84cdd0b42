package unproved

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func email() []core.Provider { return []core.Provider{LOX24(), UnisenderGo()} }

// UnisenderGo is Unisender Go's webhooks. The secret is the API key of the account or of the project. The body's member
// auth is the MD5 of the body with the API key in auth's place.
//
// MD5 is broken against collisions: nobody can forge a given event, but whoever can choose much of what is sent may
// make two bodies of one hash.
//
// https://godocs.unisender.ru/web-api-ref#callback-format
func UnisenderGo() core.Provider {
	return of(entry.Entry{
		Name: "unisender-go", Title: "Unisender Go", Confidence: "C",
		Docs:       "https://godocs.unisender.ru/web-api-ref#callback-format",
		SecretFrom: "the account's or the project's API key",
		Scheme: &entry.Scheme{
			Algorithm: entry.DigestMD5,
			Signature: entry.Signature{Field: entry.Field{JSON: "/auth"}, Encoding: entry.Hex},
			Signed:    []entry.Part{{Kind: entry.PartReplacedBody}},
		},
		Unsigned: []string{"call id (ID)", "time"},
		Event: entry.Event{ // with single events switched on, the body is one flat object
			Type: pointer("/event_name"), Action: []entry.Value{{JSON: "/event_data/status"}, {JSON: "/status"}},
			Time:     []entry.Value{{JSON: "/event_data/event_time"}, {JSON: "/event_time"}},
			TimeUnit: entry.DateTimeInUTC, Data: "/event_data",
		},
		Batch:      &entry.Batch{Pointer: "/events_by_user", Inner: []string{"/events"}},
		Handshakes: []entry.Handshake{{Method: "GET", When: "when the webhook is saved"}},
	})
}

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
