package journal_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// keySource is a source whose list a test can replace.
type keySource struct {
	list *secrets.List
	err  error
}

func (s *keySource) Lookup(context.Context, string) (*secrets.List, error) { return s.list, s.err }

func key(name string) string { return strings.Repeat(name, 32) }

// rowOf returns the stored row of an entry.
func rowOf(t *testing.T, store journal.Store, id journal.ID) journal.Row {
	t.Helper()
	rows, err := store.Load(t.Context(), []journal.ID{id})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0]
}

// forge replaces the stored row of an ID by another, whatever the revisions say.
func forge(t *testing.T, store journal.Store, row journal.Row) {
	t.Helper()
	require.NoError(t, store.Delete(t.Context(), []journal.ID{row.ID}))
	for revision := range row.Revision {
		r := row
		r.Revision = revision
		require.NoError(t, store.Save(t.Context(), []journal.Row{r}))
	}
}

func TestASealedEntryShowsNothing(t *testing.T) {
	const canary = "canary-4111-1111"
	for _, row := range []struct {
		name string
		keys secrets.Source
		seen bool
	}{
		{"in plain the text can be seen, so the search works", nil, true},
		{"with keys nothing of it can be seen", secrets.Static(key("a")), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			j, store := inMemory(t, journal.Config{Keys: row.keys})
			for _, plant := range []func(*journal.Entry){
				func(e *journal.Entry) { e.Body = append(e.Body, canary...) },
				func(e *journal.Entry) { e.Err = canary },
				func(e *journal.Entry) { e.Type = canary },
				func(e *journal.Entry) { e.Tenant = canary },
				func(e *journal.Entry) { e.Request.URL = "/" + canary },
				func(e *journal.Entry) { e.Request.Header.Set("X-Request-Id", canary) },
			} {
				e := entry(rand.Text(), journal.Parked)
				e.Body = make([]byte, 4000) // random, so that it stays uncompressed
				_, _ = rand.Read(e.Body)
				plant(e)
				keep(t, j, e)
				require.NoError(t, j.Ran(t.Context(), e, journal.Run{Err: canary}, 0, nil))
				require.Equal(t, row.seen, bytes.Contains(rowOf(t, store, e.ID).Blob, []byte(canary)))
				require.Equal(t, e, load(t, j, e.ID))
			}
		})
	}
}

// A blob says for which row it was written, sealed or not. With keys no byte of it can be changed.
func TestABlobThatWasMovedOrChangedIsForged(t *testing.T) {
	for _, keys := range []secrets.Source{nil, secrets.Static(key("a"))} {
		j, store := inMemory(t, journal.Config{Keys: keys})
		one, other := entry("one", journal.Parked), entry("other", journal.Parked)
		keep(t, j, one, other)
		oldest := rowOf(t, store, one.ID)
		require.NoError(t, j.Ran(t.Context(), one, journal.Run{}, 0, nil))
		require.NoError(t, j.Ran(t.Context(), other, journal.Run{}, 0, nil)) // the same revision
		is := rowOf(t, store, one.ID)
		forged := func(name string, change func(r *journal.Row)) {
			t.Helper()
			r := is
			r.Blob = bytes.Clone(is.Blob)
			change(&r)
			forge(t, store, r)
			_, err := j.Load(t.Context(), one.ID)
			require.ErrorIs(t, err, journal.ErrForged, name)
			if keys != nil && len(r.Blob) > 60 && r.Blob[0] == is.Blob[0] {
				require.ErrorContains(t, err, "its seal does not match its row", "no parser has seen it")
			}
			require.ErrorIs(t, j.Ran(t.Context(), one, journal.Run{}, journal.Done, nil), journal.ErrForged, name)
			var unreadable *journal.UnreadableError
			require.ErrorAs(t, err, &unreadable)
			require.Equal(t, one.ID, unreadable.ID)
		}
		forged("the blob of another entry", func(r *journal.Row) { r.Blob = rowOf(t, store, other.ID).Blob })
		forged("an older blob under the newest revision", func(r *journal.Row) { r.Blob = oldest.Blob })
		forged("another revision", func(r *journal.Row) { r.Revision++ })
		forged("a dismissed entry that is parked again", func(r *journal.Row) { r.State = journal.Open })
		forged("another endpoint", func(r *journal.Row) { r.Endpoint = "github" })
		forged("no blob", func(r *journal.Row) { r.Blob = nil })
		forged("a form that there is not", func(r *journal.Row) { r.Blob[0] = 9 })
		for n := range len(is.Blob) {
			forged("a blob that is cut off", func(r *journal.Row) { r.Blob = r.Blob[:n] })
			if keys != nil && n > 8 { // before that is the key's id
				forged("a changed byte", func(r *journal.Row) { r.Blob[n] ^= 1 })
			}
		}
		forge(t, store, is)
		require.Equal(t, one, load(t, j, one.ID), "what was written is accepted")
	}
}

// In plain nothing keeps a writer of the table from making an entry. But a body that is not the one that was proved
// does not run by a slip: a half-written row, an encoding on the way to another database.
func TestABodyThatIsNotTheOneThatWasKeptIsForged(t *testing.T) {
	j, store := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	e.Body = make([]byte, 4000) // random, so that it stays uncompressed, and the blob ends with it
	_, _ = rand.Read(e.Body)
	keep(t, j, e)
	row := rowOf(t, store, e.ID)
	row.Blob[len(row.Blob)-1] ^= 1
	forge(t, store, row)
	_, err := j.Load(t.Context(), e.ID)
	require.ErrorIs(t, err, journal.ErrForged)
	row.Blob = row.Blob[:len(row.Blob)-1]
	forge(t, store, row)
	_, err = j.Load(t.Context(), e.ID)
	require.ErrorIs(t, err, journal.ErrForged)
}

// A few forged bytes must not fill the memory of whoever lists entries.
func TestABlobThatExpandsToGigabytesIsForged(t *testing.T) {
	j, store := inMemory(t, journal.Config{})
	e := entry("evt_1", journal.Parked)
	keep(t, j, e)
	row := rowOf(t, store, e.ID)
	bomb := bytes.NewBuffer([]byte{1, 1}) // plain, compressed
	z, err := gzip.NewWriterLevel(bomb, gzip.BestSpeed)
	require.NoError(t, err)
	for range 82 {
		_, err := z.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	row.Blob = bomb.Bytes()
	forge(t, store, row)
	_, err = j.Load(t.Context(), e.ID)
	require.ErrorIs(t, err, journal.ErrForged)
	require.ErrorContains(t, err, "too large")
}

func TestAPlainEntryIsForgedOnceThereAreKeys(t *testing.T) {
	store := journal.NewMemory()
	plain, err := journal.New(store, journal.Config{})
	require.NoError(t, err)
	e := entry("evt_1", journal.Parked)
	keep(t, plain, e)
	sealed, err := journal.New(store, journal.Config{Keys: secrets.Static(key("a"))})
	require.NoError(t, err)
	_, err = sealed.Load(t.Context(), e.ID)
	require.ErrorIs(t, err, journal.ErrForged)
	require.ErrorContains(t, err, "it is not sealed, but Config.Keys is set")

	// A failure that comes now replaces it: the event must not be lost because of the older blob.
	again := entry("evt_1", journal.Parked)
	keep(t, sealed, again)
	require.Equal(t, again, load(t, sealed, e.ID))
	_, err = plain.Load(t.Context(), e.ID)
	require.ErrorIs(t, err, journal.ErrSealed)
}

func TestKeysRotate(t *testing.T) {
	source := &keySource{list: secrets.NewList(secrets.New("old", key("a")))}
	j, _ := inMemory(t, journal.Config{Keys: source})
	old := entry("old", journal.Parked)
	keep(t, j, old)

	source.list = secrets.NewList(secrets.New("new", key("b")), secrets.New("old", key("a")))
	require.Equal(t, old, load(t, j, old.ID), "all keys open")
	fresh := entry("fresh", journal.Parked)
	keep(t, j, fresh)

	source.list = secrets.NewList(secrets.New("new", key("b")))
	require.Equal(t, fresh, load(t, j, fresh.ID), "the first key seals")
	_, err := j.Load(t.Context(), old.ID)
	require.ErrorIs(t, err, journal.ErrSealed)

	var readable, unreadable int
	for _, err := range j.Entries(t.Context(), journal.Query{}) {
		if err == nil {
			readable++
		} else {
			require.ErrorIs(t, err, journal.ErrSealed)
			unreadable++
		}
	}
	require.Equal(t, [2]int{1, 1}, [2]int{readable, unreadable}, "an unreadable entry does not end the loop")
}

// Nothing falls back to plain text: while there is no key, nothing is written.
func TestWithoutAKeyNothingIsWritten(t *testing.T) {
	source := &keySource{list: secrets.NewList(secrets.New("a", key("a")))}
	j, store := inMemory(t, journal.Config{Keys: source})
	down := errors.New("the secret manager is down")
	for _, broken := range []keySource{
		{err: down},
		{list: secrets.NewList()},
		{list: secrets.NewList(secrets.New("short", "too short"))},
	} {
		*source = broken
		require.Error(t, j.Keep(t.Context(), []*journal.Entry{entry("evt_1", journal.Parked)}))
		rows, err := store.List(t.Context(), journal.Page{Limit: 5})
		require.NoError(t, err)
		require.Empty(t, rows)
		_, err = journal.New(store, journal.Config{Keys: source})
		require.ErrorContains(t, err, "Config.Keys")
		require.NotContains(t, err.Error(), "too short", "the text of a key is never shown")
	}
}
