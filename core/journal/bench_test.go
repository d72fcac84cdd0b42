package journal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// BenchmarkKeep is what a failure costs in addition to the database.
func BenchmarkKeep(b *testing.B) {
	for name, keys := range map[string]secrets.Source{"plain": nil, "sealed": secrets.Static(key("a"))} {
		b.Run(name, func(b *testing.B) {
			j, err := journal.InMemory(journal.Config{Keys: keys})
			require.NoError(b, err)
			b.ReportAllocs()
			for i := range b.N {
				e := entry(fmt.Sprint(i%1000), journal.Open)
				if err := j.Keep(b.Context(), []*journal.Entry{e}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
