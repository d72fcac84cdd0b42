package payload_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

func header(name, value string) http.Header { return http.Header{name: {value}} }

// described is an entry whose events are described in every place that there is.
func described() *entry.Entry {
	return &entry.Entry{
		Event: entry.Event{
			ID:     []entry.Value{{Header: "x-id"}, {JSON: "/id"}},
			Type:   []entry.Value{{JSON: "/type"}},
			Tenant: []entry.Value{{Query: "shop"}}, Action: []entry.Value{{JSON: "/action"}},
			Time: []entry.Value{{JSON: "/at"}}, Attempt: []entry.Value{{Header: "X-Attempt"}},
			AttemptBase: 1, Data: "/data",
		},
	}
}

func TestDetailsAreReadFromTheirPlaces(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_1","type":"paid","action":"made","at":1772366400,"data":{"a":1}}`
	all := payload.Authenticated{ID: true, Type: true, Time: true}
	for _, row := range []struct {
		name   string
		source payload.Source
		want   payload.Details
	}{
		{"a proved body", payload.Source{Body: []byte(body), BodyProved: true},
			payload.Details{ID: "evt_1", Type: "paid", Action: "made", Time: time.Unix(1772366400, 0).UTC(),
				Data: []byte(`{"a":1}`), Authenticated: all}},
		{"a body that nothing proves", payload.Source{Body: []byte(body)},
			payload.Details{ID: "evt_1", Type: "paid", Action: "made", Time: time.Unix(1772366400, 0).UTC(),
				Data: []byte(`{"a":1}`)}},
		{"a header stands before the body",
			payload.Source{Body: []byte(body), BodyProved: true, Headers: header("X-Id", " other ")},
			payload.Details{
				ID: "other", Type: "paid", Action: "made", Time: time.Unix(1772366400, 0).UTC(),
				Data:          []byte(`{"a":1}`),
				Authenticated: payload.Authenticated{Type: true, Time: true},
			}},
		{"the header is the one that is signed",
			payload.Source{Body: []byte("{}"), Headers: header("X-Id", "s"), SignedID: "s"},
			payload.Details{ID: "s", Authenticated: payload.Authenticated{ID: true}}},
		{"a query and an attempt",
			payload.Source{Body: []byte("{}"), HeadersProved: true, RawQuery: "shop=a",
				Headers: header("X-Attempt", "2")},
			payload.Details{Tenant: "a", Attempt: 3, Authenticated: payload.Authenticated{Tenant: true}}},
		{"a tenant that comes twice",
			payload.Source{Body: []byte("{}"), HeadersProved: true, RawQuery: "shop=a&shop=b"}, payload.Details{}},
		{"an id that comes twice", payload.Source{Body: []byte(`{"id":"a","id":"b","type":"t"}`), BodyProved: true},
			payload.Details{Type: "t", Authenticated: payload.Authenticated{Type: true}}},
		{"a body that is not JSON", payload.Source{Body: []byte(`{"id":"a"`), BodyProved: true}, payload.Details{}},
		{"no body", payload.Source{BodyProved: true}, payload.Details{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := payload.New(described(), false)
			var got payload.Details
			r.Open(&row.source)
			_, split := r.Split(&row.source)
			require.False(t, split)
			r.Read(&row.source, &got)
			row.want.Payload = row.source.Body
			if row.want.Data == nil {
				row.want.Data = row.source.Body
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestABatchIsDividedIntoItsEvents(t *testing.T) {
	t.Parallel()
	inner := entry.Batch{Pointer: "/list", Inner: []string{"/a", "/b"}, Whole: "/w"}
	long := "[" + strings.Repeat("1,", payload.MaxBatch) + "1]"
	for _, row := range []struct {
		name  string
		batch entry.Batch
		body  string
		want  []string // nil: it is one event
	}{
		{"a list", entry.Batch{}, `[{"a":1}, 2]`, []string{`{"a":1}`, "2"}},
		{"an empty list", entry.Batch{}, `[]`, []string{}},
		{"an object in place of a list", entry.Batch{}, `{"a":1}`, nil},
		{"a list in an object", entry.Batch{Pointer: "/list"}, `{"list":[1,2]}`, []string{"1", "2"}},
		{"another list in its place", entry.Batch{Pointer: "/list", Or: "/other"}, `{"other":[1]}`, []string{"1"}},
		{"an empty list in its place", entry.Batch{Pointer: "/list", Or: "/other"}, `{"other":[]}`, nil},
		{"lists in the items", inner, `{"list":[{"a":[1],"b":[2]},{"b":[3]}]}`, []string{"1", "2", "3"}},
		{"an item without lists", inner, `{"list":[{"c":1},{"a":[2]}]}`, []string{`{"c":1}`, "2"}},
		{"an item that is an event too", inner, `{"list":[{"a":[1],"w":2}]}`, []string{"1", `{"a":[1],"w":2}`}},
		{"more events than a batch has", entry.Batch{}, long, nil},
		{"no JSON", entry.Batch{}, `[1,`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := payload.New(&entry.Entry{Batch: &row.batch}, false)
			source := payload.Source{Body: []byte(row.body), BodyProved: true}
			r.Open(&source)
			items, ok := r.Split(&source)
			require.Equal(t, row.want != nil, ok)
			if !ok {
				return
			}
			got := []string{}
			for _, item := range items {
				got = append(got, string(item))
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestADeliveryIsForUsOnlyWhereItSaysSo(t *testing.T) {
	t.Parallel()
	r := payload.New(&entry.Entry{Recipient: &entry.Recipient{Pointers: []string{"/team", "/app"},
		Allowed: []string{"t/a"}}}, false)
	for body, want := range map[string]bool{
		`{"team":"t","app":"a"}`: true, `{"team":"t","app":"b"}`: false, `{"team":"t"}`: false,
		`{"team":"t/a","app":""}`:          false,
		`{"team":"t","app":"a","app":"a"}`: false, `{"team":"t","app":"a"`: false, ``: false,
		`{"team":"","app":"t/a"}`: false,
	} {
		require.Equal(t, want, r.ForUs(nil, []byte(body)), body)
	}
	require.True(t, payload.New(&entry.Entry{}, false).ForUs(nil, nil), "an entry without recipients allows everybody")
}

func TestWhatWaitsIsReadAsAtOnce(t *testing.T) {
	t.Parallel()
	e := &entry.Entry{Event: entry.Event{
		ID: []entry.Value{{Header: "X-Id"}}, Action: []entry.Value{{JSON: "/action"}}, PayloadForm: "payload",
		Data: "/d",
	}}
	r := payload.New(e, false)
	require.True(t, r.CanWait())
	require.True(t, r.NamedByHeaders())
	for _, body := range []string{`{"action":"made","d":{}}`,
		"payload=%7B%22action%22%3A%22made%22%2C%22d%22%3A%7B%7D%7D", "", "x"} {
		h := header("X-Id", " 1 ")
		var kept [payload.MostKept]string
		r.Keep(h, &kept)
		at, names := payload.Source{Body: []byte(body), Headers: h, BodyProved: true}, payload.Source{Kept: kept[:]}
		later := payload.Source{Body: []byte(body), Kept: kept[:], BodyProved: true}
		var atOnce, named, rest payload.Details
		r.Open(&at)
		r.Read(&at, &atOnce)
		h.Set("X-Id", "what the app makes of it")
		r.Begin(&names)
		r.ReadNames(&names, &named)
		require.Equal(t, "1", named.ID)
		r.Open(&later)
		r.Read(&later, &rest)
		require.Equal(t, atOnce, rest, body)
		require.Equal(t, strings.Contains(body, "action"), rest.Action == "made", body)
	}
}

// What a request says besides its body and a few headers is read before the app has it.
func TestWhatCanBeReadLater(t *testing.T) {
	t.Parallel()
	of := func(v ...entry.Value) entry.Event { return entry.Event{Type: v} }
	for _, row := range []struct {
		name               string
		e                  entry.Entry
		can, named, tenant bool
	}{
		{"nothing is named", entry.Entry{}, true, true, false},
		{"a header", entry.Entry{Event: of(entry.Value{Header: "x-a"})}, true, true, false},
		{"a header that counts next to a member", entry.Entry{Event: of(entry.Value{Header: "x-a", With: "/a"})},
			true, false, false},
		{"a member", entry.Entry{Event: of(entry.Value{JSON: "/a"})}, true, false, false},
		{"a tenant in the body", entry.Entry{Event: entry.Event{Tenant: []entry.Value{{JSON: "/a"}}}}, true, false, true},
		{"a field of a form", entry.Entry{Event: of(entry.Value{Form: "a"})}, true, false, false},
		{"a parameter of the URL", entry.Entry{Event: of(entry.Value{Query: "a"})}, false, false, false},
		{"five headers", entry.Entry{
			Event: of(entry.Value{Header: "x-a"}, entry.Value{Header: "x-b"}, entry.Value{Header: "x-c"}),
			Identity: entry.Identity{With: []string{"X-D", "X-A"},
				Apart: []entry.Apart{{Headers: []string{"X-E"}}}},
		}, false, true, false},
		{"a batch", entry.Entry{Batch: &entry.Batch{}}, false, true, false},
		{"an envelope", entry.Entry{Event: entry.Event{PayloadJSON: "/a"}}, false, true, false},
		{"a header that says what the body is", entry.Entry{Event: entry.Event{Binary: "X-A"}}, false, true, false},
		{"what is encrypted", entry.Entry{Event: entry.Event{Sealed: &entry.Sealed{}}}, false, true, false},
	} {
		r := payload.New(&row.e, false)
		require.Equal(t, []bool{row.can, row.named, row.tenant},
			[]bool{r.CanWait(), r.NamedByHeaders(), r.TenantInBody()}, row.name)
	}
}

func TestNamesAreThePointedValues(t *testing.T) {
	t.Parallel()
	r := payload.New(&entry.Entry{Identity: entry.Identity{Kind: entry.ByPointer, Pointer: "/id", And: []string{"/n"}}},
		false)
	for _, row := range []struct {
		body string
		want []string
	}{
		{`{"id":"a\u0062","n":"1"}`, []string{"ab", "1"}},
		{`{"id":"a"}`, []string{"a", ""}},
		{`{"n":"1"}`, nil}, {`{"id":""}`, nil}, {`{"id":"a","id":"b"}`, nil}, {`{"id":"a","n":"1","n":"2"}`, nil},
		{`{"id":"a"`, nil},
	} {
		source := payload.Source{Body: []byte(row.body), BodyProved: true}
		r.Open(&source)
		r.Read(&source, &payload.Details{})
		var room [4][]byte
		names, ok := r.Names(&source, room[:0])
		require.Equal(t, row.want != nil, ok, row.body)
		for i, want := range row.want {
			require.Equal(t, want, string(names[i]), row.body)
		}
	}
}
