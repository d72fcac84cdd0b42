package intake_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/intake"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestABodyIsReadWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	long := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB
	for _, row := range []struct {
		name     string
		body     io.Reader
		declared int64
		want     string
		reason   reason.Reason
	}{
		{"a short body", strings.NewReader("body"), 4, "body", ""},
		{"a short body of no declared length", strings.NewReader("body"), -1, "body", ""},
		{"a body that arrives byte by byte", iotest.OneByteReader(strings.NewReader("body")), 4, "body", ""},
		{"a body beyond the buffer", strings.NewReader(long[:40<<10]), 40 << 10, long[:40<<10], ""},
		{"a long body", strings.NewReader(long), int64(len(long)), long, ""},
		{"a long body of no declared length", iotest.HalfReader(strings.NewReader(long)), -1, long, ""},
		{"a body beyond the limit", strings.NewReader(strings.Repeat("a", limit+1)), -1, "", reason.BodyTooLarge},
		{"a body that is shorter than declared", strings.NewReader("body"), 5, "", reason.BodyAlreadyRead},
		{"a body that is longer than declared", strings.NewReader("body"), 3, "", reason.BodyAlreadyRead},
		{"an empty body of no declared length", strings.NewReader(""), -1, "", reason.BodyIncomplete},
		{"a body that breaks off", io.MultiReader(strings.NewReader("bo"), iotest.ErrReader(io.ErrUnexpectedEOF)), 4,
			"", reason.BodyIncomplete},
		{"a body that fails", iotest.ErrReader(errors.New("gone")), 4, "", reason.BodyIncomplete},
		{"a body that is too slow", iotest.ErrReader(os.ErrDeadlineExceeded), 4, "", reason.BodyIncomplete},
		{"a body that middleware cuts off", iotest.ErrReader(&http.MaxBytesError{Limit: 2}), 4, "",
			reason.BodyTooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Body, r.ContentLength = io.NopCloser(row.body), row.declared
			got, f := intake.Read(r, limit, nil, &intake.Buffer{})
			require.Equal(t, row.reason, f.Reason, f.Detail)
			if row.reason == "" {
				require.Equal(t, row.want, string(got))
			}
		})
	}
}

func TestABodyThatWasReadBeforeIsRefused(t *testing.T) {
	t.Parallel()
	read := func(body io.ReadCloser, change func(r *http.Request)) fault.Failure {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Body, r.ContentLength = body, 4
		if change != nil {
			change(r)
		}
		_, f := intake.Read(r, 100, nil, &intake.Buffer{})
		return f
	}
	none := fault.Failure{}
	broken := fault.New(reason.BodyIncomplete, "it broke off")
	require.Equal(t, reason.BodyAlreadyRead, read(intake.Drained{}, nil).Reason)
	require.Equal(t, broken, read(intake.Keep(strings.NewReader("bo"), io.NopCloser(nil), broken), nil))
	require.False(t, read(intake.Keep(strings.NewReader("body"), io.NopCloser(nil), none), nil).Failed())
	require.Equal(t, reason.BodyAlreadyRead, read(http.NoBody, nil).Reason)
	parsed := func(r *http.Request) { r.PostForm = map[string][]string{"a": {"b"}} }
	require.Equal(t, reason.BodyAlreadyRead, read(io.NopCloser(strings.NewReader("body")), parsed).Reason)
}

// TestEachEndpointKeepsItsPartOfTheRoom fills a room from one endpoint. Another one still finds its part, and no more.
func TestEachEndpointKeepsItsPartOfTheRoom(t *testing.T) {
	t.Parallel()
	room, err := intake.NewRoom(16 * intake.Unit)
	require.NoError(t, err)
	flooded, quiet := room.Join(), room.Join()
	fill := func(s *intake.Share) (open []*intake.Slot) {
		for {
			slot := &intake.Slot{}
			if !s.Enter(slot, nil, netip.Addr{}, false, time.Now()) {
				return open
			}
			open = append(open, slot)
		}
	}
	many, few := fill(flooded), fill(quiet)
	require.Len(t, many, 8+4, "what is common, and its own part")
	require.Len(t, few, 4, "its own part")
	require.False(t, many[0].Grow(intake.Unit+1), "there is no room for another unit")
	for _, slot := range append(many, few...) {
		slot.Leave()
	}
	require.Zero(t, flooded.Units()+quiet.Units())
	fill(quiet)
	flooded.Close()
	require.Equal(t, 1, room.Shares(), "what is closed and holds nothing is forgotten")
}

func TestASlotReadsNoMoreThanItsRoom(t *testing.T) {
	t.Parallel()
	room, err := intake.NewRoom(4 * intake.Unit)
	require.NoError(t, err)
	share := room.Join()
	var one, other intake.Slot
	require.True(t, share.Enter(&one, nil, netip.Addr{}, false, time.Now()))
	require.True(t, share.Enter(&other, nil, netip.Addr{}, false, time.Now()))
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 200<<10)))
	_, f := intake.Read(r, 1<<20, &one, &intake.Buffer{})
	require.Equal(t, reason.RateLimited, f.Reason)
	require.True(t, one.Finish())
	one.Leave()
	r = httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 200<<10)))
	_, f = intake.Read(r, 1<<20, &other, &intake.Buffer{})
	require.False(t, f.Failed(), "a body that is alone at its endpoint may be larger than the room")
	other.Leave()
	require.Zero(t, share.Units())
	for _, bytes := range []int64{0, intake.Unit - 1, -1, 1 << 40} {
		_, err := intake.NewRoom(bytes)
		require.Error(t, err, bytes)
	}
}

// TestEndpointsAreMadeInLinearTime makes as many as a process may have. If each looked at all before it, it would take
// minutes.
func TestEndpointsAreMadeInLinearTime(t *testing.T) {
	t.Parallel()
	room, err := intake.NewRoom(intake.DefaultRoom)
	require.NoError(t, err)
	begin := time.Now()
	shares := make([]*intake.Share, 100_000)
	for i := range shares {
		shares[i] = room.Join()
	}
	for _, s := range shares {
		s.Close()
	}
	require.Zero(t, room.Shares())
	require.Less(t, time.Since(begin), 10*time.Second)
}
