package webhooktest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Fake makes a request that carries a proved delivery of the event, to test a signal without a configured guard. Pass
// it directly to the router's Signal or Dispatch handler, without Verify or Handle before it. A guard refuses the
// request, because no secret that the guard knows has signed it. To test a whole route, use [Sender].
//
// ID, Type, Action, Time (to the nanosecond), Attempt, Tenant, Payload, Endpoint and Provider are those of e. If
// Payload is empty, it is e.Data. Data is e.Data if the payload contains it as a member, as in a delivery, and
// otherwise the payload. Identity and Secret are set by a guard only. Every detail counts as authenticated. No store
// remembers the event.
//
// It does not bypass the proof: a guard of its own proves the request, by a credential that is made for this call.
func Fake(e core.Event) *http.Request {
	body := e.Payload // it is not copied: the request only reads it
	if len(body) == 0 {
		body = e.Data
	}
	name := cmp.Or(e.Provider, "fake")
	endpoint := cmp.Or(e.Endpoint, name)
	// A random credential: the request must not be accepted by any other guard.
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	token := hex.EncodeToString(b)
	// The details travel in headers of this package, and the guard reads them as it reads those of a provider.
	value := func(field string) []entry.Value { return []entry.Value{{Header: prefix + field}} }
	guard, err := core.New(core.Config{
		Endpoint: endpoint, Replay: core.DangerouslyNoReplay, Secrets: secrets.Static(token),
		Logger: slog.New(slog.DiscardHandler), DangerouslyAllowHTTP: true,
		Provider: entry.NewProvider(entry.Entry{
			Name: name, Title: name, MaxBody: max(1, int64(len(body))),
			Credential: entry.Credential{Kind: entry.HeaderToken, Name: prefix + "Token"},
			Event: entry.Event{
				ID: value("Id"), Type: value("Type"), Action: value("Action"), Time: value("Time"),
				Attempt: value("Attempt"),
				Tenant:  value("Tenant"), TimeUnit: entry.RFC3339, Data: pointerTo(body, e.Data),
			},
		}, nil),
	})
	if err != nil {
		panic(err) // the config above is always valid
	}
	r := httptest.NewRequest(http.MethodPost, "https://example.com/", io.NopCloser(bytes.NewReader(body)))
	r.ContentLength = int64(len(body)) // httptest does not know it from this reader
	h := r.Header
	h.Set(prefix+"Token", token)
	h.Set(prefix+"Id", e.ID)
	h.Set(prefix+"Type", e.Type)
	h.Set(prefix+"Action", e.Action)
	h.Set(prefix+"Tenant", e.Tenant)
	h.Set(prefix+"Attempt", strconv.Itoa(e.Attempt))
	if !e.Time.IsZero() {
		h.Set(prefix+"Time", e.Time.Format(time.RFC3339Nano))
	}
	d, reply := guard.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
	// Only an event that no provider could send is refused, such as one with a line break in its ID.
	if reply != nil {
		panic("webhooktest: the fake delivery was refused: " + reply.Rejection.Detail())
	}
	// The signal must see the request of a provider, without the headers of this package.
	proved := d.Request()
	for name := range proved.Header {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			proved.Header.Del(name)
		}
	}
	proved.Header.Set("Content-Type", "application/json")
	return proved
}

// prefix begins the names of this package's headers.
const prefix = "Webhooktest-"

// pointerTo returns the pointer (RFC 6901) of the member that is data byte for byte, in a JSON object or in objects
// inside of it. It returns "" where no member is. Names are tried in sorted order, so that equal calls have equal
// results.
func pointerTo(object, data []byte) string {
	var members map[string]json.RawMessage
	if len(data) == 0 || bytes.Equal(object, data) || json.Unmarshal(object, &members) != nil {
		return ""
	}
	data = bytes.TrimSpace(data) // members come without the white space around them
	for _, name := range slices.Sorted(maps.Keys(members)) {
		here := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if bytes.Equal(members[name], data) {
			return here
		}
		if deeper := pointerTo(members[name], data); deeper != "" {
			return here + deeper
		}
	}
	return ""
}
