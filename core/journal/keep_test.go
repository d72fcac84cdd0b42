package journal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// countingStore counts calls, and fails the one whose number is given.
type countingStore struct {
	journal.Store
	calls []string
	fail  int // from 1; 0: none
}

var errDown = errors.New("the store is down")

func (s *countingStore) call(name string) error {
	s.calls = append(s.calls, name)
	if len(s.calls) == s.fail {
		return errDown
	}
	return nil
}

func (s *countingStore) Save(ctx context.Context, rows []journal.Row) error {
	if err := s.call(fmt.Sprint("Save ", len(rows))); err != nil {
		return err
	}
	return s.Store.Save(ctx, rows)
}

func (s *countingStore) Load(ctx context.Context, ids []journal.ID) ([]journal.Row, error) {
	if err := s.call(fmt.Sprint("Load ", len(ids))); err != nil {
		return nil, err
	}
	return s.Store.Load(ctx, ids)
}

func (s *countingStore) List(ctx context.Context, page journal.Page) ([]journal.Row, error) {
	if err := s.call("List"); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, page)
}

func (s *countingStore) Delete(ctx context.Context, ids []journal.ID) error {
	if err := s.call(fmt.Sprint("Delete ", len(ids))); err != nil {
		return err
	}
	return s.Store.Delete(ctx, ids)
}

func counting(t *testing.T, cfg journal.Config) (*journal.Journal, *countingStore) {
	t.Helper()
	store := &countingStore{Store: journal.NewMemory()}
	j, err := journal.New(store, cfg)
	require.NoError(t, err)
	return j, store
}

// A journal that nobody calls makes no call itself, and has no goroutine: TestMain would find it.
func TestAJournalThatIsNotCalledDoesNothing(t *testing.T) {
	j, store := counting(t, journal.Config{OnParked: func(context.Context, *journal.Entry) {}})
	require.True(t, j.Allowed("Content-Type"))
	require.False(t, j.AlsoDone())
	require.Empty(t, store.calls)
}

func TestTheEntriesOfADeliveryAreSavedInOneCall(t *testing.T) {
	j, store := counting(t, journal.Config{})
	var parked, open []*journal.Entry
	for i := range 1000 {
		parked = append(parked, entry(fmt.Sprint("parked ", i), journal.Parked))
		open = append(open, entry(fmt.Sprint("open ", i), journal.Open))
	}
	keep(t, j, parked...)
	require.Equal(t, []string{"Save 1000"}, store.calls, "what is new is stored in one round trip")
	keep(t, j, open...)
	store.calls = nil
	keep(t, j, entry("a", journal.Open))
	require.Equal(t, []string{"Save 1"}, store.calls)
	store.calls = nil
	keep(t, j, append(open[:3:3], entry("b", journal.Open))...)
	require.Equal(t, []string{"Save 4", "Load 4", "Save 4"}, store.calls)
	require.Equal(t, 2, load(t, j, open[0].ID).Attempts)
}

// The answer to a delivery is 2xx only where Keep returned nil: then all entries are stored, otherwise none.
func TestWhateverCallFailsNothingIsKeptByHalves(t *testing.T) {
	failed := 0
	for fail := 1; ; fail++ {
		j, store := counting(t, journal.Config{})
		keep(t, j, entry("known", journal.Open))
		store.calls, store.fail = nil, fail
		list := []*journal.Entry{
			entry("known", journal.Parked), entry("fresh", journal.Open), entry("other", journal.Parked),
		}
		err := j.Keep(t.Context(), list)
		done := len(store.calls) < fail
		store.fail = 0
		if err == nil {
			for _, e := range list {
				require.Equal(t, e, load(t, j, e.ID))
			}
			if done {
				break
			}
			continue
		}
		failed++
		require.ErrorIs(t, err, errDown)
		require.Equal(t, journal.Open, load(t, j, list[0].ID).State)
		for _, e := range list[1:] {
			_, err := j.Load(t.Context(), e.ID)
			require.ErrorIs(t, err, journal.ErrNotFound)
			require.Zero(t, e.Revision, "an entry that is not stored says so")
		}
	}
	require.Equal(t, 3, failed, "both calls of Save, and that of Load")
}

func TestWhatBecomesOfAStoredEntryThatFailsAgain(t *testing.T) {
	for _, row := range []struct {
		was, now, want journal.State
		token          string
	}{
		{journal.Open, journal.Open, journal.Open, "new"},
		{journal.Open, journal.Parked, journal.Parked, "new"},
		{journal.Open, journal.Done, journal.Done, "new"},
		{journal.Parked, journal.Open, journal.Parked, "old"}, // nothing parked becomes something that expires sooner
		{journal.Parked, journal.Parked, journal.Parked, "new"},
		{journal.Done, journal.Open, journal.Open, "new"},
		{journal.Done, journal.Parked, journal.Parked, "new"},
		{journal.Dismissed, journal.Open, journal.Dismissed, "new"}, // the provider's retries go on; the person knows
		{journal.Dismissed, journal.Parked, journal.Parked, "new"},
	} {
		t.Run(fmt.Sprintf("%v, then %v", row.was, row.now), func(t *testing.T) {
			j, _ := inMemory(t, journal.Config{})
			first := entry("evt_1", journal.Parked)
			first.Token, first.Finished = []byte("old"), []string{"a", "b"}
			keep(t, j, first)
			require.NoError(t, j.Ran(t.Context(), first, journal.Run{Err: "a run"}, row.was, nil))
			second := entry("evt_1", row.now)
			second.Token, second.Finished, second.Body = []byte("new"), []string{"b", "c"}, []byte("newer")
			keep(t, j, second)
			is := load(t, j, first.ID)
			require.Equal(t, second, is)
			require.Equal(t, row.want, is.State)
			require.Equal(t, row.token, string(is.Token))
			require.Equal(t, first.First, is.First)
			require.Equal(t, 1, is.RunCount)
			require.Equal(t, "a run", is.Runs[0].Err)
			require.Equal(t, "newer", string(is.Body))
			if row.token == "old" {
				require.Equal(t, []string{"a", "b", "c"}, is.Finished)
			} else {
				require.Equal(t, []string{"b", "c"}, is.Finished)
			}
		})
	}
}

func TestOneDeliveryMayNameAnEventTwice(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	one, two := entry("evt_1", journal.Open), entry("evt_1", journal.Parked)
	keep(t, j, one, two)
	require.Equal(t, journal.Parked, load(t, j, one.ID).State)
	require.Equal(t, 2, load(t, j, one.ID).Attempts)
	require.Equal(t, one, two)
}

func TestAnEventWithoutAnIdentityHasAnEntryOfItsOwn(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	one, two := entry("evt_1", journal.Parked), entry("evt_1", journal.Parked)
	one.Identity, two.Identity = [32]byte{}, [32]byte{}
	keep(t, j, one, two)
	require.NotEqual(t, one.ID, two.ID)
	inbox := entry("evt_1", journal.Parked)
	inbox.Kind = journal.FromInbox
	keep(t, j, inbox)
	require.True(t, strings.HasPrefix(string(inbox.ID), "inbox-"))
	made, ok := inbox.ID.Identity()
	require.True(t, ok)
	require.Equal(t, identity("evt_1"), made)
	require.Len(t, all(t, j, journal.Query{}), 3)
}

func TestOfALongBodyTheBeginningIsKept(t *testing.T) {
	j, _ := inMemory(t, journal.Config{MaxBody: 100 << 10})
	long := entry("long", journal.Parked)
	long.Body = []byte(strings.Repeat("x", 100<<10+1))
	fits := entry("fits", journal.Parked)
	fits.Body = long.Body[1:]
	keep(t, j, long, fits)
	is := load(t, j, long.ID)
	require.Len(t, is.Body, 64<<10)
	require.Equal(t, int64(100<<10+1), is.Length)
	require.Equal(t, identity(strings.Repeat("x", 100<<10+1)), is.Digest)
	require.False(t, is.Runnable)
	require.Contains(t, is.WhyNot, "longer than Config.MaxBody")
	require.True(t, load(t, j, fits.ID).Runnable)
	require.Len(t, load(t, j, fits.ID).Body, 100<<10)
}

func TestWhatTheFilterRemovesIsNotStored(t *testing.T) {
	var body []byte
	j, store := inMemory(t, journal.Config{Filter: func(e *journal.Entry) bool {
		switch e.EventID {
		case "refused":
			return false
		case "panics":
			panic("a bug in the filter")
		case "blanked in place":
			for i := range e.Body {
				e.Body[i] = ' '
			}
		case "without a body":
			e.Body = nil
		}
		e.Err = "blanked"
		e.Request.Header.Del("Content-Type")
		e.Identity, e.State, e.Endpoint = [32]byte{}, journal.Done, "github"
		e.Authenticated = journal.Authenticated{Tenant: true}
		e.Runnable, e.Attempts = true, 99
		return true
	}})
	for _, name := range []string{"plain", "blanked in place", "without a body", "refused"} {
		e := entry(name, journal.Parked)
		body = e.Body
		header := e.Request.Header
		keep(t, j, e)
		require.Equal(t, "application/json", header.Get("Content-Type"), "the delivery's own")
		require.JSONEq(t, string(entry(name, 0).Body), string(body), "the delivery's own")
		if name == "refused" {
			require.Zero(t, e.Revision)
			_, err := j.Load(t.Context(), e.ID)
			require.ErrorIs(t, err, journal.ErrNotFound)
			continue
		}
		is := load(t, j, e.ID)
		require.Equal(t, "blanked", is.Err)
		require.Empty(t, is.Request.Header)
		require.Equal(t, name == "plain", is.Runnable, "only what was proved runs")
		require.Equal(t, journal.Parked, is.State, "a filter does not move an entry")
		require.Equal(t, identity(name), is.Identity)
		require.Equal(t, "stripe", is.Endpoint)
		require.Equal(t, journal.Authenticated{ID: true, Type: true}, is.Authenticated)
		require.Equal(t, 1, is.Attempts)
	}
	e := entry("panics", journal.Parked)
	require.ErrorContains(t, j.Keep(t.Context(), []*journal.Entry{e}), "Config.Filter panicked")
	rows, err := store.List(t.Context(), journal.Page{Limit: 9})
	require.NoError(t, err)
	require.Len(t, rows, 3)
}

// What a sender wrote is stored byte for byte, or shortened and said to be; it never stops a write.
func TestHostileTextStopsNoWrite(t *testing.T) {
	j, store := inMemory(t, journal.Config{})
	for name, text := range map[string]string{
		"NUL": "a\x00b", "broken UTF-8": "a\xff\xfe\xc3", "5,000 bytes": strings.Repeat("x", 5000),
		"markup":                  "<script>'\"`\\",
		"a replacement character": "\ufffd", "control characters": "\x1b[2J\r\n\u2028", "an encoded text": `["eA=="]`,
	} {
		t.Run(name, func(t *testing.T) {
			e := entry(name, journal.Parked)
			for _, s := range []*string{
				&e.Endpoint, &e.Provider, &e.Tenant, &e.Scope, &e.EventID, &e.Type, &e.Action, &e.Secret,
				&e.Err, &e.Request.URL,
				&e.Request.Method, &e.Request.Host, &e.Request.RemoteAddr, (*string)(&e.Reason),
			} {
				*s = text
			}
			e.Finished, e.Outer, e.Request.Dropped = []string{text}, []string{text, ""}, []string{text}
			e.Request.Header = http.Header{text: {text, ""}, "Empty": nil}
			e.Body = []byte(text)
			e.Time = time.Unix(1<<60, 999_999_999).UTC() // a year that no text form has
			want := e.Clone()
			keep(t, j, e)
			require.True(t, e.Runnable, e.WhyNot)
			is := load(t, j, e.ID)
			require.Equal(t, e, is)
			column := rowOf(t, store, e.ID).Endpoint
			require.True(t, utf8.ValidString(column) && len(column) <= journal.MaxEndpoint, "any column takes it")
			require.NotContains(t, column, "\x00")
			want.ID, want.Revision, want.Series = is.ID, is.Revision, is.Series
			want.First, want.Last, want.Changed = is.First, is.Last, is.Changed
			want.Attempts, want.Length, want.Digest, want.Runnable = 1, int64(len(text)), identity(text), true
			require.Equal(t, want, is, "byte for byte")
			require.Len(t, all(t, j, journal.Query{Endpoint: text, Type: text, Err: text}), 1)
			require.NoError(t, j.Ran(t.Context(), e, journal.Run{Err: text}, 0, nil))
		})
	}
	huge := entry("huge", journal.Parked)
	huge.Type, huge.Err = strings.Repeat("\u00e9", 1<<20), strings.Repeat("\u00e9", 1<<20)
	huge.Request.Header.Set("X-Request-Id", strings.Repeat("x", 2<<20))
	keep(t, j, huge)
	is := load(t, j, huge.ID)
	require.Less(t, len(is.Type)+len(is.Err), 80<<10)
	require.False(t, is.Runnable)
	require.True(t, utf8.ValidString(is.Type) && utf8.ValidString(is.Err), "cut at the beginning of a character")
}

// TestNoTextIsKeptWithoutABound: each text of an entry and of its request is cut, whoever wrote it.
func TestNoTextIsKeptWithoutABound(t *testing.T) {
	t.Parallel()
	j, _ := inMemory(t, journal.Config{})
	e := entry("huge", journal.Parked)
	texts := func(e *journal.Entry) map[string]reflect.Value {
		found := map[string]reflect.Value{}
		for _, of := range []reflect.Value{reflect.ValueOf(e).Elem(), reflect.ValueOf(&e.Request).Elem()} {
			for i, f := range reflect.VisibleFields(of.Type()) {
				// The app's name of the endpoint, and what the journal itself says.
				if f.Type.Kind() == reflect.String && !slices.Contains([]string{"ID", "Endpoint", "WhyNot"}, f.Name) {
					found[f.Name] = of.Field(i)
				}
			}
		}
		return found
	}
	for _, v := range texts(e) {
		v.SetString(strings.Repeat("\u00e9", 40<<10))
	}
	keep(t, j, e)
	is := load(t, j, e.ID)
	for name, v := range texts(is) {
		require.LessOrEqual(t, v.Len(), 64<<10, name)
		require.True(t, utf8.ValidString(v.String()), "%s is cut at the beginning of a character", name)
	}
	require.False(t, is.Runnable)
	require.Contains(t, is.WhyNot, "longer than 64 KiB")
}

// TestAFilterDoesNotDecideWhatRuns: it may leave out and replace, but not where, as whom and whether the event runs.
func TestAFilterDoesNotDecideWhatRuns(t *testing.T) {
	t.Parallel()
	kept := entry("given", journal.Parked)
	kept.Scope, kept.Token, kept.Outer, kept.Finished = "given", make([]byte, 8), []string{"given"}, []string{"given"}
	kept.Parts = make([]journal.Part, 2)
	other := filled(t)
	j, _ := inMemory(t, journal.Config{Filter: func(e *journal.Entry) bool {
		body := e.Body
		*e = *other
		e.Body = body
		return true
	}})
	want := reflect.ValueOf(kept.Clone()).Elem()
	keep(t, j, kept)
	is := reflect.ValueOf(load(t, j, kept.ID)).Elem()
	for _, name := range []string{"State", "Kind", "Identity", "Endpoint", "Scope", "Parts", "Authenticated", "Token",
		"Outer", "Finished", "WhyNot"} {
		require.Equal(t, want.FieldByName(name).Interface(), is.FieldByName(name).Interface(), name)
	}
	require.True(t, is.FieldByName("Runnable").Bool())
	require.Equal(t, int64(len(body)), is.FieldByName("Length").Int())
	require.Equal(t, "a", is.FieldByName("Type").String(), "what it may change")
}

// An ID from a URL that is not one never reaches the store.
func TestAnIDThatIsNotOneIsNotFound(t *testing.T) {
	j, store := counting(t, journal.Config{})
	id := string(journal.IDOf(journal.FromRequest, identity("x")))
	for _, bad := range []string{
		"", "x", id[1:], id + "0", "inbox-", "inbox-inbox-" + id, strings.ToUpper(id), id[:63] + "\x00",
	} {
		_, err := j.Load(t.Context(), journal.ID(bad))
		require.ErrorIs(t, err, journal.ErrNotFound)
		require.ErrorIs(t, j.Dismiss(t.Context(), journal.ID(bad), 0), journal.ErrNotFound)
		require.NoError(t, j.Delete(t.Context(), journal.ID(bad)))
		_, ok := journal.ID(bad).Identity()
		require.False(t, ok)
	}
	require.Empty(t, store.calls)
}

func TestNoCredentialIsKept(t *testing.T) {
	j, store := inMemory(t, journal.Config{Headers: []string{"x-shop"}})
	require.True(t, j.Allowed("X-Shop"))
	for _, name := range []string{"Cookie", "Authorization", "X-Gate", "X-Forwarded-Access-Token", "Stripe-Signature"} {
		require.False(t, j.Allowed(name), name)
	}
	e := entry("evt_1", journal.Parked)
	e.Request.Header.Set("Authorization", "Basic canary")
	e.Request.Header.Set("Cookie", "canary")
	keep(t, j, e)
	require.Equal(t, http.Header{"Content-Type": {"application/json"}}, load(t, j, e.ID).Request.Header)
	_, err := journal.New(store, journal.Config{Headers: []string{"cookie", "bad name", ""}, MaxBody: -1,
		Retention: journal.Retention{Open: -1}})
	for _, part := range []string{`"cookie"`, `"bad name"`, `""`, "MaxBody", "Retention.Open"} {
		require.ErrorContains(t, err, part)
	}
}

func TestDeliveriesThatFailAtOnceAreAllCounted(t *testing.T) {
	j, _ := inMemory(t, journal.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				list := []*journal.Entry{entry("a", journal.Open), entry("b", journal.Open)}
				if err := j.Keep(t.Context(), list); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, e := range all(t, j, journal.Query{}) {
		require.Equal(t, 40, e.Attempts)
	}
}
