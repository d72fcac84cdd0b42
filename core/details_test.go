package core_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// detailed reads every detail from the body.
func detailed() entry.Entry {
	e := timestamped()
	json := func(pointer string) []entry.Value { return []entry.Value{{JSON: pointer}} }
	e.Event = entry.Event{
		ID: json("/id"), Type: append(json("/event/type"), json("/type")...), Action: json("/action"),
		Time: json("/at"), Attempt: json("/attempt"), Tenant: json("/account/id"), Data: "/data",
	}
	return e
}

// received sends a delivery of detailed and returns its event.
func received(t *testing.T, e entry.Entry, r *http.Request) core.Event {
	t.Helper()
	c, rec := config(e)
	g := mustNew(t, c)
	var events []core.Event
	w := run(g, r, func(_ context.Context, e core.Event) error {
		events = append(events, e)
		return nil
	})
	require.Equal(t, http.StatusOK, w.Code, rec.last(t, g).Detail)
	require.Len(t, events, 1)
	return events[0]
}

// Members of a whole event, to which each row adds others.
const members = `"id":"evt_1","type":"invoice.paid","action":"paid","at":1772366400,"attempt":2,` +
	`"account":{"id":"acct_1"},"data":{"n":1}`

func TestNothingNextToADetailHidesIt(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	objects := func(depth int) string { return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) }
	for _, row := range []struct{ name, body string }{
		{"nothing stands next to it", `{` + members + `}`},
		{"members in another case",
			`{"ID":"x","Type":"x","ACTION":"x","At":1,"Attempt":9,"Account":{"id":"x"},"Data":1,` + members + `}`},
		{"and behind it", `{` + members +
			`,"ID":"x","Type":"x","ACTION":"x","At":1,"Attempt":9,"Account":{"id":"x"},"Data":1}`},
		{"one in another case whose letters fold", `{"aCtıon":"x","acc\u006funt\u0000":"x",` + members +
			`,"ıd":1,"account\u212a":1}`},
		{"one in another case that comes twice", `{"ID":"x","ID":"y",` + members + `}`},
		{"an unknown one that comes twice", `{"x":1,"x":2,` + members + `}`},
		{"nesting of 200", `{"x":` + nested(200) + `,` + members + `}`},
		{"nesting of 20,000", `{` + members + `,"x":` + nested(20_000) + `}`},
		{"objects of 20,000", `{"x":` + objects(20_000) + `,` + members + `}`},
		{"nesting of 400,000", `{"x":` + nested(400_000) + `,` + members + `}`},
		{"a byte order mark", "\ufeff{" + members + "}"},
		{"a byte order mark and blanks", "\ufeff\r\n {" + members + "}"},
		{"escapes in the names", `{` +
			strings.NewReplacer(`"id"`, `"\u0069d"`, `"type"`, `"t\u0079pe"`, `"at"`, `"\u0061t"`).Replace(members) +
			`}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := received(t, detailed(), signed(row.body))
			require.Equal(t, []any{"evt_1", "invoice.paid", "paid", testTime, 2, "acct_1"},
				[]any{e.ID, e.Type, e.Action, e.Time.UTC(), e.Attempt, e.Tenant})
			require.JSONEq(t, `{"n":1}`, string(e.Data))
			require.Equal(t, core.Authenticated{ID: true, Type: true, Time: true, Tenant: true}, e.Authenticated)
			plain := received(t, detailed(), signed(`{`+members+`}`))
			require.Equal(t, plain.Identity, e.Identity, "its id is what it is remembered by")
		})
	}
}

func TestAMemberThatComesTwiceClearsItsDetailAlone(t *testing.T) {
	t.Parallel()
	type details struct {
		id, kind, action, tenant string
		at                       time.Time
		attempt                  int
		data                     string
	}
	whole := details{"evt_1", "invoice.paid", "paid", "acct_1", testTime, 2, `{"n":1}`}
	for _, row := range []struct {
		name, more string
		change     func(*details)
	}{
		{"the type", `"type":"other"`, func(d *details) { d.kind = "" }},
		{"the type, once escaped", `"\u0074ype":"invoice.paid"`, func(d *details) { d.kind = "" }},
		{"the type three times", `"type":"a","type":"invoice.paid"`, func(d *details) { d.kind = "" }},
		{"a better type, whose place the other does not take", `"event":{"type":"a","type":"b"}`,
			func(d *details) { d.kind = "" }},
		{"where the better type is", `"event":{},"event":{}`, func(d *details) { d.kind = "" }},
		{"the action", `"action":"x"`, func(d *details) { d.action = "" }},
		{"where the tenant is", `"account":{"id":"acct_2"}`, func(d *details) { d.tenant = "" }},
		{"the time", `"at":1`, func(d *details) { d.at = time.Time{} }},
		{"the attempt", `"attempt":7`, func(d *details) { d.attempt = 0 }},
		{"the object", `"data":{"n":2}`, func(d *details) { d.data = "" }},
		{"the id", `"id":"evt_2"`, func(d *details) { d.id = "" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			body := `{` + members + `,` + row.more + `}`
			e := received(t, detailed(), signed(body))
			want := whole
			row.change(&want)
			if want.data == "" {
				want.data = body
			}
			require.Equal(t, want, details{e.ID, e.Type, e.Action, e.Tenant, e.Time.UTC(), e.Attempt, string(e.Data)})
			plain := received(t, detailed(), signed(`{`+members+`}`))
			if want.tenant != "" {
				require.Equal(t, want.id != "", e.Identity == plain.Identity,
					"without its id it is remembered by its digest")
			}
			again := received(t, detailed(), signed(body+" "))
			require.Equal(t, want.id != "", e.Identity == again.Identity)
		})
	}
}

func TestAnIDOfSeveralMembersNeedsEachOfThemOnce(t *testing.T) {
	t.Parallel()
	e := detailed()
	e.Identity.And = []string{"/part"}
	of := func(body string) core.Identity { return received(t, e, signed(body)).Identity }
	require.Equal(t, of(`{"id":"1","part":"2"}`), of(`{"part":"2","x":0,"id":"1"}`))
	require.Equal(t, of(`{"id":"1"}`), of(`{"id":"1","x":0}`), "it may be absent")
	require.NotEqual(t, of(`{"id":"1","part":"2","part":"2"}`), of(`{"id":"1","part":"2","part":"2","x":0}`),
		"the digest")
	require.NotEqual(t, of(`{"id":"1"}`), of(`{"id":"1","part":"2","part":"3"}`))
}

func TestTheItemsOfABatchAreFoundWhateverStandsNextToThem(t *testing.T) {
	t.Parallel()
	deep := `{"id":"1","type":"a","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`
	inner := batched()
	inner.Batch.Inner = []string{"/inner"}
	inside := batched()
	inside.Batch.Pointer = "/data/events"
	for _, row := range []struct {
		name string
		e    entry.Entry
		body string
		want []string
	}{
		{"items nested deep", batched(), `[` + deep + `,{"id":"2"}]`, []string{"1", "2"}},
		{"a byte order mark", batched(), "\ufeff[" + `{"id":"1"},{"id":"2"}]`, []string{"1", "2"}},
		{"a member in another case next to the list", inside,
			`{"Data":1,"data":{"EVENTS":[],"events":[{"id":"1"},{"id":"2"}]}}`, []string{"1", "2"}},
		{"a name with escapes", inside, `{"d\u0061ta":{"\u0065vents":[{"id":"1"},{"id":"2"}]}}`, []string{"1", "2"}},
		{"nesting next to the list", inside, `{"x":` + deep + `,"data":{"x":` + deep +
			`,"events":[{"id":"1"},{"id":"2"}]}}`, []string{"1", "2"}},
		{"lists in items, nested deep", inner, `[{"INNER":1,"inner":[` + deep + `,{"id":"2"}]},{"id":"3"}]`,
			[]string{"1", "2", "3"}},
		{"items with a member in another case", batched(), `[{"ID":"x","id":"1"},{"id":"2","Id":"x"}]`,
			[]string{"1", "2"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, _ := config(row.e)
			var got []string
			w := run(mustNew(t, c), signedBody(row.body), func(_ context.Context, e core.Event) error {
				got = append(got, e.ID)
				return nil
			})
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, row.want, got)
		})
	}
}

func TestAPayloadBeginsBehindTheByteOrderMark(t *testing.T) {
	t.Parallel()
	body := "\ufeff" + event
	for name, e := range map[string]entry.Entry{"read at once": detailed(), "read later": named()} {
		c, _ := config(e)
		ran := 0
		typed := core.Typed(func(ctx context.Context, e core.Event, v struct {
			ID string
			N  int
		}) error {
			ran++
			require.Equal(t, event, string(e.Payload), name)
			d, _ := core.FromContext(ctx)
			require.Equal(t, body, string(d.Body()), "the app reads what was sent")
			return nil
		})
		r := signed(body)
		r.Header.Set("X-Hub-Signature-256", "sha256="+mac(testSecret, body))
		require.Equal(t, 200, run(mustNew(t, c), r, typed).Code, name)
		require.Equal(t, 1, ran, name)
	}
	require.Equal(t, "\ufeffhello", string(received(t, detailed(), signed("\ufeffhello")).Payload),
		"what is not JSON stays")
}

func TestWhatDecidesStaysAmbiguous(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 500) + strings.Repeat("]", 500)
	e := plain()
	e.Recipient = &entry.Recipient{Pointers: []string{"/to"}, Allowed: []string{"me"}}
	for body, want := range map[string]reason.Reason{
		`{"to":"me"}`: reason.Accepted, "\ufeff" + `{"to":"me"}`: reason.Accepted, `{"to":"me","x":` + deep +
			`}`: reason.Accepted,
		`{"to":"me","x":{"TO":"you"}}`: reason.Accepted, `{"to":"me","TO":"you"}`: reason.WrongRecipient,
		`{"To":"you","to":"me"}`: reason.WrongRecipient, `{"to":"me","to":"me"}`: reason.WrongRecipient,
		`{"TO":"me"}`: reason.WrongRecipient,
	} {
		c, rec := config(e)
		g := mustNew(t, c)
		run(g, signedBody(body), ok)
		require.Equal(t, want, rec.last(t, g).Reason, "%.80s", body)
	}
	e = timestamped()
	e.Handshakes = []entry.Handshake{{
		Proved: true, Method: "POST", WhenJSON: "/type", WhenEquals: "url_verification", EchoJSON: "/challenge",
	}}
	for body, want := range map[string]reason.Reason{
		`{"type":"url_verification","challenge":"abc"}`:                       reason.Handshake,
		"\ufeff" + `{"type":"url_verification","challenge":"abc"}`:            reason.Handshake,
		`{"\u0074ype":"url\u005fverification","challenge":"abc"}`:             reason.Handshake,
		`{"type":"url_verification","challenge":"abc","x":` + deep + `}`:      reason.Handshake,
		`{"type":"url_verification","challenge":"abc","Challenge":"abc"}`:     reason.Accepted,
		`{"type":"url_verification","challenge":"abc","type":"url"}`:          reason.Accepted,
		`{"type":"a","Type":"url_verification","challenge":"abc","id":"1"}`:   reason.Accepted,
		`{"type":"url_verification","challenge":"abc","x":{"type":1,"a":[}]}`: reason.Accepted,
	} {
		c, rec := config(e)
		g := mustNew(t, c)
		run(g, signed(body), ok)
		require.Equal(t, want, rec.last(t, g).Reason, "%.80s", body)
	}
}
