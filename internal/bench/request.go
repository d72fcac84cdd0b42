package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
)

// byHand is GitHub's check as a careful user would write it: bounded, over the raw bytes, in constant time, the body put
// back. It keeps no replay out, and takes one secret.
func byHand(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		text, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
		got, err := hex.DecodeString(text)
		mac := hmac.New(sha256.New, []byte(plainSecret))
		_, _ = mac.Write(body)
		if !ok || err != nil || !hmac.Equal(mac.Sum(nil), got) {
			http.Error(w, "bad signature", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// sink takes an answer as net/http's writer does.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header             { return s.header }
func (s *sink) WriteHeader(status int)          { s.status = status }
func (s *sink) Write(b []byte) (int, error)     { s.implied(); return len(b), nil }
func (s *sink) Flush()                          { s.implied() }
func (s *sink) SetReadDeadline(time.Time) error { return nil }

func (s *sink) implied() {
	if s.status == 0 {
		s.status = http.StatusOK
	}
}

// router makes a route with or without a check; bare: none.
type router struct {
	name                  string
	bare, byHand, guarded func(*core.Guard) http.Handler
}

func routers() []router {
	gin.SetMode(gin.ReleaseMode)
	ok := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	}
	plain := http.HandlerFunc(ok)
	return []router{
		{"net/http",
			func(*core.Guard) http.Handler { return mux(plain) },
			func(*core.Guard) http.Handler { return mux(byHand(plain)) },
			func(g *core.Guard) http.Handler { return mux(core.Handler(g, plain)) }},
		{"chi",
			func(*core.Guard) http.Handler { r := chi.NewRouter(); r.Post("/hooks", ok); return r },
			func(*core.Guard) http.Handler { r := chi.NewRouter(); r.With(byHand).Post("/hooks", ok); return r },
			func(g *core.Guard) http.Handler {
				r := chi.NewRouter()
				r.With(chiwebhook.Verify(g)).Post("/hooks", ok)
				return r
			}},
		{"gin",
			func(*core.Guard) http.Handler { r := gin.New(); r.POST("/hooks", gin.WrapF(ok)); return r },
			func(*core.Guard) http.Handler { r := gin.New(); r.POST("/hooks", gin.WrapH(byHand(plain))); return r },
			func(g *core.Guard) http.Handler {
				r := gin.New()
				r.POST("/hooks", ginwebhook.Verify(g), gin.WrapF(ok))
				return r
			}},
		{"echo",
			func(*core.Guard) http.Handler { r := echo.New(); r.POST("/hooks", echo.WrapHandler(plain)); return r },
			func(*core.Guard) http.Handler {
				r := echo.New()
				r.POST("/hooks", echo.WrapHandler(byHand(plain)))
				return r
			},
			func(g *core.Guard) http.Handler {
				r := echo.New()
				r.POST("/hooks", echo.WrapHandler(plain), echowebhook.Verify(g))
				return r
			}},
	}
}

func mux(h http.Handler) http.Handler {
	m := http.NewServeMux()
	m.Handle("/hooks", h)
	return m
}

func ofHandler(name string, h http.Handler, genuine, bad *request) subject {
	serve := func(r *request) int {
		s := &sink{header: http.Header{}}
		h.ServeHTTP(s, r.rewind())
		return s.status
	}
	return subject{name, func() {
		if status := serve(genuine); status != http.StatusOK {
			panic(fmt.Sprint(name, ": status ", status))
		}
	}, func() error {
		if status := serve(genuine); status != http.StatusOK {
			return fmt.Errorf("status %d for what is genuine", status)
		}
		if status := serve(bad); status < 400 && !strings.HasPrefix(name, "bare") {
			return fmt.Errorf("status %d for what is forged", status)
		}
		return nil
	}}
}

func pair(size int) (genuine, bad *request) {
	genuine = newRequest(provider.GitHub(), plainSecret, jsonBody(size))
	bad = &request{Request: genuine.Clone(context.Background()), body: bytes.Clone(genuine.body)}
	bad.body[len(bad.body)/2] ^= 1
	return genuine, bad
}

func benchRequest(s settings, w io.Writer) error {
	fmt.Fprint(w, "## A whole request, in process\n\nThrough the router to a handler that reads the body. The hand-written middleware checks one secret and keeps no replay out.\n\n")
	const mine, hand, bare = "**sallyport**", "by hand", "bare"
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, r := range routers() {
			genuine, bad := pair(size)
			g := newGuard(provider.GitHub(), plainSecret)
			subjects := []subject{ofHandler(bare, r.bare(g), genuine, bad), ofHandler(hand, r.byHand(g), genuine, bad), ofHandler(mine, r.guarded(g), genuine, bad)}
			if err := checkAll(subjects); err != nil {
				return err
			}
			fmt.Fprintf(w, "### %s, %s\n\n", r.name, sizeName(size))
			figures := s.measure(subjects)
			writeTable(w, figures, mine)
			fmt.Fprintf(w, "Added to the bare router: by hand %.0f ns, sallyport %.0f ns: **%.2f** of it.\n\n",
				figures[1].median-figures[0].median, figures[2].median-figures[0].median, (figures[2].median-figures[0].median)/(figures[1].median-figures[0].median))
		}
	}
	return benchComplete(s, w)
}

// benchComplete is the whole path with an observer, a replay store and a signal, and the refusals.
func benchComplete(s settings, w io.Writer) error {
	fmt.Fprint(w, "## The complete path, and refusals\n\nAn observer, memstore, and one signal; 1 KiB, GitHub's scheme. A forgotten identity lets the same delivery run again.\n\n")
	genuine, bad := pair(1 << 10)
	missing := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	missing.Header.Del("X-Hub-Signature-256")
	malformed := &request{Request: genuine.Clone(context.Background()), body: genuine.body}
	malformed.Header.Set("X-Hub-Signature-256", "sha256=00")
	open := func() (*core.Guard, http.Handler, *core.Identity) {
		g, err := core.New(core.Config{
			Endpoint: "bench", Provider: provider.GitHub(), Secrets: core.StaticSecrets(plainSecret), Replay: memstore.New(), StoreFailure: core.RefuseDelivery,
			DangerouslyAllowHTTP: true, Observer: core.ObserverFunc(func(core.Record) {}), Logger: quiet(),
			RateLimit: core.RateLimit{FailuresPerSecond: 1e6, FailureBurst: 1e9},
		})
		must(err)
		var last core.Identity
		h := core.Handler(g, core.Signal(func(_ *http.Request, e core.Event) error {
			last = e.Identity
			return nil
		}))
		return g, h, &last
	}
	serve := func(h http.Handler, r *request, want int) {
		out := sink{header: http.Header{}}
		if h.ServeHTTP(&out, r.rewind()); out.status != want {
			panic(fmt.Sprint("status ", out.status))
		}
	}
	g, h, last := open()
	_, done, _ := open()
	serve(done, genuine, http.StatusOK)
	sum := sha256.New()
	var room [sha256.Size]byte
	subjects := []subject{
		{name: "floor: SHA-256 of the body", run: func() {
			sum.Reset()
			_, _ = sum.Write(genuine.body)
			sum.Sum(room[:0])
		}},
		{name: "accepted, run and committed (and forgotten again)", run: func() {
			serve(h, genuine, http.StatusOK)
			must(g.Forget(context.Background(), *last))
		}},
		{name: "a duplicate", run: func() { serve(done, genuine, http.StatusOK) }},
		{name: "refused: a forged signature", run: func() { serve(h, bad, http.StatusBadRequest) }},
		{name: "refused: a malformed signature, by the headers", run: func() { serve(h, malformed, http.StatusBadRequest) }},
		{name: "refused: no signature, by the headers", run: func() { serve(h, missing, http.StatusBadRequest) }},
	}
	writeTable(w, s.measure(subjects), "")
	return benchCredentials(s, w)
}

func benchCredentials(s settings, w io.Writer) error {
	fmt.Fprint(w, "## Credentials\n\nHTTP Basic, the pair that matches last in the list; Receive without a body.\n\n")
	var subjects []subject
	for _, n := range []int{1, 20} {
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf("user-%d:a-password-of-the-benchmarks-%02d", i, i)
		}
		g, err := core.New(core.Config{
			Endpoint: "bench", Provider: provider.Basic(), Credentials: []core.Credential{core.BasicAuth(core.StaticSecrets(pairs...))},
			Replay: core.DangerouslyNoReplay, DangerouslyAllowHTTP: true, Observer: core.ObserverFunc(func(core.Record) {}), Logger: quiet(),
		})
		must(err)
		r := newRequest(provider.Basic(), pairs[n-1], nil)
		subjects = append(subjects, subject{name: fmt.Sprintf("%d pairs", n), run: func() {
			d, reply := g.Receive(nil, r.rewind(), core.Inbound{})
			if reply != nil {
				panic(errors.New("refused"))
			}
			d.Finish(core.Outcome{})
		}})
	}
	writeTable(w, s.measure(subjects), "")
	return nil
}
