package journaltests_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/journal/sqljournal"
)

// BenchmarkKeep is the first failure of an event, sealed and written; its retry, which is merged; and a delivery of a
// thousand. The servers do not wait for their disks.
func BenchmarkKeep(b *testing.B) {
	item := `{"id":"in_%d","object":"invoice","amount_paid":%d,"customer":"cus_Na6dX7aXxi11N4","currency":"usd"},`
	for _, d := range engines {
		db := d.open(b)
		source := sqljournal.In(db, d.dialect, newName("app"))
		require.NoError(b, sqljournal.Migrate(b.Context(), source))
		j, err := sqljournal.New(b.Context(), source, config())
		require.NoError(b, err)
		made := 0
		fail := func(size int) *journal.Entry {
			made++
			e := entry(fmt.Sprint(b.Name(), made), journal.Parked)
			var body strings.Builder
			for i := 0; body.Len() < size; i++ {
				fmt.Fprintf(&body, item, i*made, i*7919)
			}
			e.Body = []byte(body.String())
			return e
		}
		keep := func(b *testing.B, list ...*journal.Entry) {
			if err := j.Keep(b.Context(), list); err != nil {
				b.Fatal(err)
			}
		}
		for _, size := range []int{600, 62_000} {
			b.Run(fmt.Sprintf("%s/%d bytes", d.name, size), func(b *testing.B) {
				for range b.N {
					keep(b, fail(size))
				}
			})
		}
		b.Run(d.name+"/a retry", func(b *testing.B) {
			e := fail(600)
			for range b.N {
				keep(b, e)
			}
		})
		b.Run(d.name+"/a thousand", func(b *testing.B) {
			for range b.N {
				list := make([]*journal.Entry, 1000)
				for i := range list {
					list[i] = fail(600)
				}
				keep(b, list...)
			}
		})
	}
}
