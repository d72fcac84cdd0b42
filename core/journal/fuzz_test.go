package journal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// FuzzForgedBlobs puts bytes of a forger's into the row of an entry. Whatever they are, a sealed journal reads
// nothing but what it has written, and neither kind panics.
func FuzzForgedBlobs(f *testing.F) {
	sealed, err := journal.InMemory(journal.Config{Keys: secrets.Static(secrets.Generate())})
	require.NoError(f, err)
	plain, err := journal.InMemory(journal.Config{})
	require.NoError(f, err)
	genuine := map[*journal.Journal]journal.Row{}
	for _, j := range []*journal.Journal{sealed, plain} {
		e := entry("evt_1", journal.Parked)
		require.NoError(f, j.Keep(f.Context(), []*journal.Entry{e}))
		rows, err := j.Store().Load(f.Context(), []journal.ID{e.ID})
		require.NoError(f, err)
		genuine[j] = rows[0]
		f.Add(rows[0].Blob)
	}
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0})
	f.Add([]byte("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01{}"))
	f.Add([]byte("\x01\x00\x06{\"a\":[[[["))
	f.Fuzz(func(t *testing.T, blob []byte) {
		for j, row := range genuine {
			was := row.Blob
			row.Blob = blob
			forge(t, j.Store(), row)
			e, err := j.Load(t.Context(), row.ID)
			if err != nil {
				require.Nil(t, e)
				require.NotContains(t, err.Error(), "\n", "the log gets no line of a forger's")
				continue
			}
			require.Equal(t, row.ID, e.ID)
			if j == sealed {
				require.True(t, bytes.Equal(was, blob), "a sealed journal read what it has not written")
			}
		}
	})
}
