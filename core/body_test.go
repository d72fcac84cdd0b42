package core_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// cut ends as a connection does that broke off.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestADeclaredLengthIsNotAllocatedForWhatFollows(t *testing.T) { // not in parallel: it counts what is allocated
	c, rec := config(plain())
	c.Limits.MaxBody = 64 << 20
	g := mustNew(t, c)
	serve := func(arrived int) (bytes uint64) {
		r := post("", "X-Hub-Signature-256", "sha256="+mac(testSecret, ""))
		r.Body, r.ContentLength = io.NopCloser(cut{strings.NewReader(strings.Repeat("x", arrived))}), 60<<20
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		runtime.ReadMemStats(&after)
		require.Nil(t, d)
		require.Equal(t, 400, reply.Status)
		require.Equal(t, reason.BodyIncomplete, rec.last(t, g).Reason)
		return after.TotalAlloc - before.TotalAlloc
	}
	require.Less(t, serve(0), uint64(256<<10))
	require.Less(t, serve(40<<10), uint64(256<<10))
	require.Less(t, serve(1<<20), uint64(4<<20))
}

func TestBodiesOfEverySizeArriveWhole(t *testing.T) {
	t.Parallel()
	c, _ := config(plain())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	const small, large, ahead = 16 << 10, 64<<10 + 64, 64 << 10
	for _, size := range []int{0, 1, small - 1, small, small + 1, large - 1, large, large + 1, large + ahead - 2,
		large + ahead - 1, large + ahead, large + ahead + 1, large + 2*ahead, 1 << 20} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i * 31 >> 4)
		}
		for _, declared := range []bool{true, false} {
			if size == 0 && !declared {
				continue // nothing says that there is one
			}
			r := signedBody(string(b))
			if !declared {
				r.ContentLength = -1
			}
			d, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
			require.Nil(t, reply, size)
			require.Equal(t, string(b), string(d.Body()))
			got, err := io.ReadAll(d.Request().Body)
			require.NoError(t, err)
			require.Equal(t, string(b), string(got))
			d.Finish(adapter.Outcome{})
		}
	}
}

// TestADeliveryKeepsItsBody: the buffers that bodies are read into serve the next request at once.
func TestADeliveryKeepsItsBody(t *testing.T) { // not in parallel: another goroutine could have the buffers
	c, _ := config(plain())
	c.Replay = core.DangerouslyNoReplay
	g := mustNew(t, c)
	for _, size := range []int{1 << 10, 64 << 10, 100 << 10} {
		d, reply := g.Receive(httptest.NewRecorder(), signedBody(strings.Repeat("a", size)), adapter.Inbound{})
		require.Nil(t, reply)
		forged := post(strings.Repeat("b", size), "X-Hub-Signature-256", "sha256="+mac(oldSecret, ""))
		_, reply = g.Receive(httptest.NewRecorder(), forged, adapter.Inbound{KeepBody: true})
		require.NotNil(t, reply)
		other, reply := g.Receive(httptest.NewRecorder(), signedBody(strings.Repeat("c", size)), adapter.Inbound{})
		require.Nil(t, reply)
		require.Equal(t, strings.Repeat("a", size), string(d.Body()))
		refused, err := io.ReadAll(forged.Body)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("b", size), string(refused))
		for _, d := range []*core.Delivery{d, other} {
			d.Finish(adapter.Outcome{})
		}
	}
}

// TestEveryWayToReadTheBodyCounts: a decoder that reads byte by byte has used the delivery, and gets nothing of a batch
// that is partly done.
func TestEveryWayToReadTheBodyCounts(t *testing.T) {
	t.Parallel()
	c, _ := config(timestamped())
	httpwebhook.Verify(mustNew(t, c))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for name, is := range map[string]bool{
			"io.ByteReader": isA[io.ByteReader](r.Body), "io.RuneReader": isA[io.RuneReader](r.Body),
			"io.Seeker": isA[io.Seeker](r.Body), "io.ReaderAt": isA[io.ReaderAt](r.Body),
		} {
			require.False(t, is, "%s would pass by the check of Read", name)
		}
	})).ServeHTTP(httptest.NewRecorder(), signed(event))
}

func isA[T any](v any) bool {
	_, is := v.(T)
	return is
}
