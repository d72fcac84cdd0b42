package payload_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/payload"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// readers are a reader of details, one of rules for equal bodies, and one of both.
type readers struct {
	details, rules, both *payload.Reader
	names                bool // events are remembered by members of theirs
}

func readersOf(e *entry.Entry) readers {
	details, rules := *e, *e
	details.Identity.Apart = nil
	rules.Event = entry.Event{PayloadForm: e.Event.PayloadForm}
	rules.Identity = entry.Identity{Apart: e.Identity.Apart}
	return readers{payload.New(&details, false), payload.New(&rules, false), payload.New(e, false),
		e.Identity.Pointers() != nil}
}

// scannedEntries look for members at the top and below others, which details and rules share or have alone.
func scannedEntries() []readers {
	has := func(pointers ...string) entry.Members { return entry.Members{Has: pointers} }
	return []readers{
		readersOf(&entry.Entry{
			Event: entry.Event{Action: []entry.Value{{JSON: "/action"}}, PayloadForm: "payload"},
			Identity: entry.Identity{Apart: []entry.Apart{{When: []entry.Members{
				has("/member"), {Has: []string{"/label"}, Lacks: []string{"/issue"}},
				{Has: []string{"/action", "/sender"}, Nowhere: []string{"repository"}},
			}}}},
		}),
		readersOf(&entry.Entry{
			Event: entry.Event{
				ID: []entry.Value{{JSON: "/a/id"}}, Type: []entry.Value{{JSON: "/type"}, {JSON: "/list/0"}},
				Tenant: []entry.Value{{JSON: "/t", With: "/a"}}, Time: []entry.Value{{JSON: "/time"}}, Data: "/a",
			},
			Identity: entry.Identity{
				Kind: entry.ByPointer, Pointer: "/a/id", And: []string{"/n"},
				Apart: []entry.Apart{
					{When: []entry.Members{has("/a/b", "/list/1")}}, {When: []entry.Members{has("/type/x"), has("/a")}},
					{When: []entry.Members{{Lacks: []string{"/time", "/list"}}}, Time: true},
				},
			},
		}),
	}
}

// said is all that is read of one payload.
type said struct {
	details payload.Details
	names   []string
	named   bool
	rule    int // its number; -1: none applies
}

// saidBy returns what one reader says of an event, and another of its rule.
func (r *readers) saidBy(details, rules *payload.Reader, body []byte) said {
	var s said
	source := payload.Source{Body: body, BodyProved: true}
	details.Open(&source)
	details.Read(&source, &s.details)
	if r.names {
		var room [4][]byte
		var names [][]byte
		names, s.named = details.Names(&source, room[:0])
		for _, name := range names {
			s.names = append(s.names, string(name))
		}
	}
	if s.rule = -1; rules != details {
		source = payload.Source{Body: body, BodyProved: true}
		rules.Open(&source)
		rules.Read(&source, &payload.Details{})
	}
	if rule := rules.ApartOf(&source); rule != nil {
		s.rule = rule.Number
	}
	return s
}

// onePassSays fails the test where one pass finds something else than two.
func onePassSays(t *testing.T, body []byte) {
	t.Helper()
	for i, r := range scannedEntries() {
		require.Equal(t, r.saidBy(r.details, r.rules, body), r.saidBy(r.both, r.both, body), "entry %d: %q", i, body)
	}
}

// unusualPayloads are well-formed and not, in all ways that a scan may treat differently where it looks for more.
func unusualPayloads() []string {
	deep := strings.Repeat(`[`, 11_000) + strings.Repeat(`]`, 11_000)
	return []string{
		``, ` `, `{}`, `[]`, `1`, `"x"`, `null`, `{"action":"made","label":{}}`, `{"action":"made","sender":1}`,
		`{"action":"made","sender":1,"x":"\"repository\""}`, `{"action":1,"member":null,"label":{},"issue":{}}`,
		`{"action":"a","sender":1,"repository":{}}`, `{"action":"a","repository" : 1,"sender":[]}`,
		`{"action":"a","sender":1,"reposit\u006fry":{}}`,
		`{"action":"a","sender":1,"reposit\u006fry":1,"x":"\"repository\""}`,
		`{"action":"a","sender":1,"repository":1,"repository":2}`, `{"action":"a","sender":1,"x":{"repository":1}}`,
		"{\"action\":\"a\",\"sender\":1,\"repository\":\"\x01\"}", `{"action":"a","sender":1,"a repository":1}`,
		`{"action":"a","sender":1,"x":"repository"}`, `{"act\u0069on":"made","sender":1}`,
		"\ufeff" + `{"action":"made","member":{}}`, `{"act\u0069on":"made","m\u0065mber":1,"member":2}`,
		`{"action":"a","action":"b","member":{}}`, `{"action":"a","member":{},"member":{},"member":1}`,
		`{"Action":"a","MEMBER":{}}`, "{\"action\":\"a\",\"member\":\"\x01\"}", "{\"action\":\"\x01\",\"member\":{}}",
		"{\"action\":\"\xff\",\"member\":\"\xff\"}", `{"action":"a","member":{]}`, `{"action":"a","member":{}`,
		`{"action":"a","member":tru}`, `{"action":tru,"member":1}`, `{"action":"a","member":1} x`,
		`{"action":"\`, `{"action":"\u00`, `{"action":"\ud800","label":"\x"}`,
		`{"x":` + deep + `,"action":"a","label":{}}`,
		`{"member":` + deep + `,"action":"a"}`, `{"x":` + deep[1:] + `,"action":"a","label":{}}`,
		`payload=%7B%22action%22%3A%22made%22%2C%22member%22%3A1%7D`, `payload=1&x=2`, `x=1`, `payload=%7B`,
		`{"a":{"id":"1","b":2},"type":"t","list":["x","y"],"time":1792000000,"n":3,"t":"acme"}`,
		`{"a":{"id":"1","b":2},"a":{"id":"2"},"type":"t"}`, `{"a":{"id":"1","b":x},"type":"t","list":[1,2]}`,
		"{\"a\":{\"id\":\"1\",\"b\":\"\x01\"},\"type\":\"t\",\"list\":[1,2]}", `{"a":{"id":"1" "b":2},"list":["x" 1]}`,
		`{"a":[],"type":{"x":1},"list":[]}`, `{"a":{"b":1,"b":2},"list":[1,2],"list":[3],"type":{"x":1,"x":2}}`,
		`{"type":{"x":y}}`, `{"a":{"id":"1"},"list":[[1],` + deep[1:] + `]}`, `{"list":["t",{"x":]}],"a":{"id":"1"}}`,
	}
}

func TestOnePassFindsWhatTwoFind(t *testing.T) {
	t.Parallel()
	for i, r := range scannedEntries() {
		require.False(t, r.details.OnePass(), i)
		require.False(t, r.rules.OnePass(), i)
		require.True(t, r.both.OnePass(), i)
	}
	for _, body := range unusualPayloads() {
		onePassSays(t, []byte(body))
		onePassSays(t, []byte(strings.ReplaceAll(body, ":", " : ")))
	}
}

// TestOnePassFindsWhatTwoFindWhereOneByteIsAnother changes and removes every byte of payloads.
func TestOnePassFindsWhatTwoFindWhereOneByteIsAnother(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"action":"a","sender":{"x":[1,"\u0031"]},"member":null}`,
		`{"a":{"id":"1","b":[2]},"type":"t","list":["x",{"y":1}],"n":3}`,
	} {
		for at := range len(body) {
			onePassSays(t, []byte(body[:at]))
			onePassSays(t, []byte(body[:at]+body[at+1:]))
			for _, c := range []byte("\"\\{}[],: \x00\x1fx0\xff") {
				onePassSays(t, fmt.Appendf(nil, "%s%c%s", body[:at], c, body[at+1:]))
			}
		}
	}
}

// FuzzOnePass: one pass finds the details, the names and the rule that a pass for the details and another for the rules
// find.
func FuzzOnePass(f *testing.F) {
	for _, body := range unusualPayloads() {
		if len(body) < 1000 {
			f.Add([]byte(body))
		}
	}
	f.Fuzz(onePassSays)
}
