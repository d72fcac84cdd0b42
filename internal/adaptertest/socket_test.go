package adaptertest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/hostile"
)

// raw makes the bytes of a delivery to an endpoint of the hostile table.
func raw(t *testing.T, e *hostile.Endpoint, body string, headers ...[2]string) string {
	t.Helper()
	r := hostile.Request{Headers: append([][2]string{{"X-GitHub-Event", "push"}}, headers...), Body: body}
	wire, err := r.Wire(e)
	require.NoError(t, err)
	return string(wire)
}

const rightly, wrongly = `sha256={{hex (hmac "sha256" .secret .body)}}`,
	`sha256={{hex (hmac "sha256" "another" .body)}}`

func speak(t *testing.T, s *front, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(conn, text) }() // an answer may come before everything was sent
	return conn, bufio.NewReader(conn)
}

func statusOn(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res.StatusCode
}

// TestSockets says what no client library would. What the hostile table can say is there.
func TestSockets(t *testing.T) {
	e := hostile.Endpoints()["github"]
	sig := func(how string) [2]string { return [2]string{"X-Hub-Signature-256", how} }
	mounted := func(t *testing.T, rt router) (*front, *hostile.Made, *counter) {
		made, err := e.New(nil)
		require.NoError(t, err)
		var n counter
		a := rt.new()
		a.mount("/hooks", made.Guard, n.signal)
		s := facing(a)
		t.Cleanup(s.Close)
		s.peer.set("", false)
		return s, made, &n
	}
	table(t, []row{
		{"nobody is asked for a body that the headers have checked", func(t *testing.T, rt router) {
			s, _, n := mounted(t, rt)
			for _, how := range []string{"", "sha1=00", "sha256=zz"} {
				head, _, _ := strings.Cut(raw(t, e, "{}", sig(how), [2]string{"Expect", "100-continue"}), "\r\n\r\n")
				_, r := speak(t, s, head+"\r\n\r\n")
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "HTTP/1.1 400 Bad Request\r\n", line, how)
			}
			require.Zero(t, n.Load())
			head, body, _ := strings.Cut(raw(t, e, "{}", sig(rightly), [2]string{"Expect", "100-continue"}), "\r\n\r\n")
			conn, r := speak(t, s, head+"\r\n\r\n")
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
			_, err = r.ReadString('\n')
			require.NoError(t, err)
			_, err = io.WriteString(conn, body)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, statusOn(t, r))
			require.EqualValues(t, 1, n.Load())
		}},
		{"requests on one connection are checked one by one", func(t *testing.T, rt router) {
			s, made, n := mounted(t, rt)
			_, r := speak(t, s, raw(t, e, `{"n":1}`, sig(wrongly))+raw(t, e, `{"n":1}`, sig(rightly))+raw(t, e,
				`{"n":1}`)+raw(t, e, `{"n":1}`, sig(rightly))+raw(t, e, `{"n":2}`, sig(rightly)))
			for _, want := range []int{400, 200, 400, 200, 200} {
				require.Equal(t, want, statusOn(t, r))
			}
			require.EqualValues(t, 2, n.Load(), "one of the three genuine ones is a duplicate")
			all, err := made.Seen.All(t.Context(), made.Guard)
			require.NoError(t, err)
			require.Equal(t, reason.Duplicate, all[3].Reason)
		}},
		{"what a lie about the length swallows is no delivery", func(t *testing.T, rt router) {
			s, _, n := mounted(t, rt)
			inner := raw(t, e, `{"n":1}`, sig(rightly))
			_, r := speak(t, s, fmt.Sprintf("POST /hooks HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s",
				len(inner), inner)+raw(t, e, `{"n":2}`, sig(rightly)))
			require.Equal(t, 400, statusOn(t, r))
			require.Equal(t, 200, statusOn(t, r))
			require.EqualValues(t, 1, n.Load(), "the one behind it")
		}},
		{"a flood of headers ends before any guard", func(t *testing.T, rt router) {
			s, made, _ := mounted(t, rt)
			for _, flood := range []string{"X-A: " + strings.Repeat("a", 2<<20), strings.Repeat("X-A: a\r\n", 200_000) +
				"X-B: b"} {
				_, r := speak(t, s, strings.Replace(raw(t, e, "{}", sig(rightly)), "\r\n\r\n", "\r\n"+flood+"\r\n\r\n",
					1))
				require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, statusOn(t, r))
			}
			all, err := made.Seen.All(t.Context(), made.Guard)
			require.NoError(t, err)
			require.Empty(t, all)
			// servers of Go 1.27 refuse more than 500
			_, r := speak(t, s, strings.Replace(raw(t, e, "{}", sig(rightly)), "\r\n\r\n",
				strings.Repeat("\r\nX-A: a", 400)+"\r\n\r\n", 1))
			require.Equal(t, http.StatusOK, statusOn(t, r), "many that the server lets through are no matter")
		}},
		{"HTTP/2 without TLS is not spoken", func(t *testing.T, rt router) {
			s, made, _ := mounted(t, rt)
			_, r := speak(t, s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			first, _ := r.Peek(3)
			require.NotEqual(t, "\x00\x00", string(first[:min(2, len(first))]), "no frame of settings comes back")
			all, err := made.Seen.All(t.Context(), made.Guard)
			require.NoError(t, err)
			for _, rec := range all {
				require.NotEqual(t, reason.ClassPassed, rec.Reason.Class())
			}
		}},
		{"HTTP/1.0 is checked alike", func(t *testing.T, rt router) {
			s, _, n := mounted(t, rt)
			for _, row := range []struct {
				how  string
				want int
			}{{wrongly, 400}, {rightly, 200}} {
				_, r := speak(t, s, strings.Replace(raw(t, e, "{}", sig(row.how)), "HTTP/1.1", "HTTP/1.0", 1))
				require.Equal(t, row.want, statusOn(t, r))
			}
			require.EqualValues(t, 1, n.Load())
		}},
	})
}
