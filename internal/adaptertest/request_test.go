package adaptertest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

func TestRequestAfterVerify(t *testing.T) {
	table(t, []row{
		{"every binder reads the body", func(t *testing.T, rt router) {
			for kind, binders := range map[string]map[string]bind{"application/json": rt.json,
				"application/x-www-form-urlencoded": rt.form} {
				text := body
				if kind != "application/json" {
					text = "name=x"
				}
				for name, read := range binders {
					result := make(chan error, 1)
					s, _, _ := guarded(t, rt, func(c *call) error { result <- read(c); return nil })
					for _, chunked := range []bool{false, true} {
						r := s.request(t, path, text+strings.Repeat("\n", btoi(chunked)))
						r.Header.Set("Content-Type", kind)
						if chunked {
							if kind != "application/json" {
								continue // the line feed would be part of the value
							}
							r.ContentLength = -1
						}
						require.Equal(t, http.StatusOK, s.send(t, r).status, name)
						require.NoError(t, take(t, result), name)
					}
				}
			}
		}},
		{"a raw read gives the bytes as they were sent, and their length", func(t *testing.T, rt router) {
			type read struct {
				text   string
				length int64
			}
			result := make(chan read, 1)
			s, _, _ := guarded(t, rt, func(c *call) error {
				b, err := io.ReadAll(c.r.Body)
				result <- read{string(b), c.r.ContentLength}
				return err
			})
			for _, text := range []string{"{\r\n  \"name\" : \"x\"}\t\x00",
				strings.Repeat("0123456789abcdef", 20_000)} {
				for _, declared := range []bool{true, false} {
					if !declared {
						text += " "
					}
					r := s.request(t, path, text)
					if !declared {
						r.ContentLength = -1
					}
					require.Equal(t, http.StatusOK, s.send(t, r).status)
					require.Equal(t, read{text, int64(len(text))}, take(t, result))
				}
			}
		}},
		{"the temporary files of a multipart body are gone after the request", func(t *testing.T, rt router) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			files := make(chan int, 1)
			type key struct{}
			copied := rt.change(func(r *http.Request) *http.Request {
				return r.WithContext(context.WithValue(r.Context(), key{}, 1))
			})
			for _, fail := range []bool{false, true} {
				read := func(c *call) error {
					err := c.r.ParseMultipartForm(1 << 10)
					entries, _ := os.ReadDir(tmp)
					files <- len(entries)
					if fail {
						panic(http.ErrAbortHandler)
					}
					return err
				}
				s, _, _ := guarded(t, rt, read)
				if rt.keepsRequest && !fail {
					// Middleware after the guard puts a copy of the request in the place of ours.
					g, _ := newGuard(t)
					a := rt.new()
					a.post(path, rt.plain(read), rt.verify(g, nil), copied)
					s = serve(t, a)
				}
				var b bytes.Buffer
				form := multipart.NewWriter(&b)
				part, err := form.CreateFormFile("attachment", "a.bin")
				require.NoError(t, err)
				// Beyond the 10 MiB that net/http keeps in memory whatever it is set to.
				_, err = part.Write(bytes.Repeat([]byte("x"), 10<<20+64<<10))
				require.NoError(t, err)
				require.NoError(t, form.Close())
				r := s.request(t, path, b.String())
				r.Header.Set("Content-Type", form.FormDataContentType())
				_, err = s.try(r)
				require.Equal(t, fail, err != nil)
				require.Equal(t, 1, take(t, files), "the test's body is not large enough")
				s.Close() // waits for the handler
				entries, err := os.ReadDir(tmp)
				require.NoError(t, err)
				require.Empty(t, entries)
			}
		}},
		{"FromContext gives the delivery, and nothing where none was proved", func(t *testing.T, rt router) {
			type found struct {
				ok                     bool
				endpoint, secret, text string
			}
			result := make(chan found, 1)
			look := func(c *call) error {
				d, ok := rt.fromNative(c.native)
				f := found{ok: ok}
				if ok {
					f = found{ok, d.Endpoint(), d.Secret(), string(d.Body())}
				}
				result <- f
				return nil
			}
			g, _ := newGuard(t)
			a := rt.new()
			a.post(path, rt.plain(look), rt.verify(g, nil))
			a.post("/bare", rt.plain(look))
			s := serve(t, a)
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			got := take(t, result)
			require.True(t, got.ok)
			require.Equal(t, "github", got.endpoint)
			require.NotEmpty(t, got.secret)
			require.Equal(t, body, got.text)
			require.Equal(t, http.StatusOK, s.send(t, s.request(t, "/bare", body)).status)
			require.Equal(t, found{}, take(t, result))
		}},
		{"the app's own shorter deadline limits the signal's context, and its values are there",
			func(t *testing.T, rt router) {
				type key struct{}
				until := time.Now().Add(20 * time.Second).Round(0)
				deadline := rt.change(func(r *http.Request) *http.Request {
					ctx, cancel := context.WithDeadline(context.WithValue(r.Context(), key{}, "kept"), until)
					t.Cleanup(cancel)
					return r.WithContext(ctx)
				})
				for _, after := range []bool{false, true} {
					g, _ := newGuard(t)
					got := make(chan time.Time, 1)
					values := make(chan any, 1)
					h := rt.signal(func(_ *call, e core.Event) error {
						at, _ := e.Context().Deadline()
						got <- at
						values <- e.Context().Value(key{})
						return nil
					})
					a := rt.new()
					if after {
						a.post(path, h, rt.verify(g, nil), deadline)
					} else {
						a.post(path, h, deadline, rt.verify(g, nil))
					}
					s := serve(t, a)
					require.Equal(t, http.StatusOK, s.deliver(t).status)
					require.True(t, until.Equal(take(t, got)), "deadline middleware after Verify: %v", after)
					require.Equal(t, "kept", take(t, values))
				}
			}},
		{"without the app's own deadline the signal's context ends at SignalTimeout", func(t *testing.T, rt router) {
			got := make(chan time.Time, 1)
			s, _, _ := signalling(t, rt, func(_ *call, e core.Event) error {
				at, _ := e.Context().Deadline()
				got <- at
				return nil
			})
			require.Equal(t, http.StatusOK, s.deliver(t).status)
			require.WithinDuration(t, time.Now().Add(15*time.Minute), take(t, got), 30*time.Second)
		}},
		{"a body that is too large is a 413 that closes the connection", func(t *testing.T, rt router) {
			for _, declared := range []bool{true, false} {
				g, rec := newGuard(t, func(c *core.Config) { c.Limits.MaxBody = 1 << 10 })
				var n counter
				a := rt.new()
				a.mount(path, g, n.signal)
				s := serve(t, a)
				text := strings.Repeat("x", 8<<10)
				r := s.request(t, path, text)
				if !declared {
					r.ContentLength = -1
				}
				got := s.send(t, r)
				require.Equal(t, http.StatusRequestEntityTooLarge, got.status)
				require.True(t, got.closed, "Connection: close")
				require.Zero(t, n.Load())
				require.Equal(t, reason.BodyTooLarge, rec.last(t, g).Reason)
			}
		}},
		{"a body that something has read before the guard is a 500, not a bad signature",
			func(t *testing.T, rt router) {
				g, rec := newGuard(t)
				var n counter
				a := rt.new()
				drain := rt.change(func(r *http.Request) *http.Request {
					_, _ = io.Copy(io.Discard, r.Body)
					return r
				})
				a.post(path, rt.signal(n.signal), drain, rt.verify(g, nil))
				s := serve(t, a)
				require.Equal(t, http.StatusInternalServerError, s.deliver(t).status)
				require.Equal(t, reason.BodyAlreadyRead, rec.last(t, g).Reason)
				require.Zero(t, n.Load())
			}},
		{"a Flusher stays one, and an answer can be streamed", func(t *testing.T, rt router) {
			next := make(chan struct{})
			s, g, rec := guarded(t, rt, func(c *call) error {
				_, flusher := c.w.(http.Flusher)
				_, hijacker := c.w.(http.Hijacker)
				if !flusher || !hijacker {
					return errors.New("an ability is gone")
				}
				_, _ = io.WriteString(c.w, "one")
				rc := http.NewResponseController(c.w)
				err := errors.Join(rc.Flush(), rc.SetWriteDeadline(time.Now().Add(time.Minute)))
				<-next
				_, _ = io.WriteString(c.w, "two")
				return err
			})
			res, err := s.Client().Do(s.request(t, path, body))
			require.NoError(t, err)
			first := make([]byte, 3)
			_, err = io.ReadFull(res.Body, first)
			require.NoError(t, err)
			require.Equal(t, "one", string(first))
			close(next)
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, "two", string(rest))
			require.Equal(t, core.ReplayCommitted, rec.last(t, g).Replay)
		}},
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
