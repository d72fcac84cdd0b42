package webhooktest

import (
	"bytes"
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

// Fake makes a request that carries a proved delivery of the event, to test a signal without configuring a guard. Give
// it straight to the router's Signal or Dispatch handler, with no Verify and no Handle before it: a guard refuses it,
// because nothing that the guard knows has signed it. [Sender] makes requests for a whole route. Where a test calls its
// signal as a function, call it as Gin and Echo do, with a context of this request and the event.
//
// ID, Type, Action, Time (to the nanosecond), Attempt, Tenant, Payload, Endpoint and Provider are those of e; an empty
// Payload takes e.Data. Data is e.Data where it stands in the payload as it is, as it does in a delivery, and else the
// payload. Identity and Secret are the guard's to give, and every detail counts as authenticated. Nothing remembers
// the event.
//
// There is no way around the proof: a guard of its own proves the request, by a credential made for this one call.
func Fake(e core.Event) *http.Request {
	body := e.Payload
	if len(body) == 0 {
		body = e.Data
	}
	name := e.Provider
	if name == "" {
		name = "fake"
	}
	endpoint := e.Endpoint
	if endpoint == "" {
		endpoint = name
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	token := hex.EncodeToString(b)
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
		panic(err) // the config above is always whole
	}
	r := httptest.NewRequest(http.MethodPost, "https://example.com/", io.NopCloser(bytes.NewReader(body)))
	r.ContentLength = int64(len(body))
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
	if reply != nil {
		panic("webhooktest: the fake delivery was refused: " + reply.Rejection.Detail())
	}
	proved := d.Request()
	for name := range proved.Header {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			proved.Header.Del(name)
		}
	}
	proved.Header.Set("Content-Type", "application/json")
	return proved
}

const prefix = "Webhooktest-"

// pointerTo gives the pointer (RFC 6901) of the member of a JSON object, or of objects in it, that is data byte for
// byte; empty where there is none.
func pointerTo(object, data []byte) string {
	var members map[string]json.RawMessage
	if len(data) == 0 || bytes.Equal(object, data) || json.Unmarshal(object, &members) != nil {
		return ""
	}
	data = bytes.TrimSpace(data)
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
