package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	echo5 "github.com/labstack/echo/v5"

	"github.com/sallyport-go/sallyport/chiwebhook"
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// byHand is GitHub's check as a careful user would write it: bounded, over the raw bytes, in constant time, the body
// put back. It keeps no replay out, and takes one secret.
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

// empty makes it ready for the next answer.
func (s *sink) empty() {
	clear(s.header)
	s.status = 0
}

func (s *sink) implied() {
	if s.status == 0 {
		s.status = http.StatusOK
	}
}

// check is a middleware of net/http that checks deliveries.
type check = func(http.Handler) http.Handler

// router makes a route with or without a check; bare: none.
type router struct {
	name    string
	bare    func() http.Handler
	checked func(check) http.Handler
	guarded func(*core.Guard) http.Handler
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
			func() http.Handler { return mux(plain) },
			func(c check) http.Handler { return mux(c(plain)) },
			func(g *core.Guard) http.Handler { return mux(httpwebhook.Verify(g)(plain)) }},
		{"chi",
			func() http.Handler { r := chi.NewRouter(); r.Post("/hooks", ok); return r },
			func(c check) http.Handler { r := chi.NewRouter(); r.With(c).Post("/hooks", ok); return r },
			func(g *core.Guard) http.Handler {
				r := chi.NewRouter()
				r.With(chiwebhook.Verify(g)).Post("/hooks", ok)
				return r
			}},
		{"gin",
			func() http.Handler { r := gin.New(); r.POST("/hooks", gin.WrapF(ok)); return r },
			func(c check) http.Handler { r := gin.New(); r.POST("/hooks", gin.WrapH(c(plain))); return r },
			func(g *core.Guard) http.Handler {
				r := gin.New()
				r.POST("/hooks", ginwebhook.Verify(g), gin.WrapF(ok))
				return r
			}},
		{"echo v4",
			func() http.Handler { r := echo.New(); r.POST("/hooks", echo.WrapHandler(plain)); return r },
			func(c check) http.Handler {
				r := echo.New()
				r.POST("/hooks", echo.WrapHandler(c(plain)))
				return r
			},
			func(g *core.Guard) http.Handler {
				r := echo.New()
				r.POST("/hooks", echo.WrapHandler(plain), echowebhook.Verify(g))
				return r
			}},
		{"echo v5",
			func() http.Handler { r := echo5.New(); r.POST("/hooks", echo5.WrapHandler(plain)); return r },
			func(c check) http.Handler {
				r := echo5.New()
				r.POST("/hooks", echo5.WrapHandler(c(plain)))
				return r
			},
			func(g *core.Guard) http.Handler {
				r := echo5.New()
				r.POST("/hooks", echo5.WrapHandler(plain), echo5webhook.Verify(g))
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
	s := &sink{header: http.Header{}}
	serve := func(r *request) int {
		s.empty()
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
		if status := serve(bad); status < 400 && !strings.HasPrefix(name, "unguarded") {
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
	fmt.Fprint(w, "## A whole request, in process\n\nThrough the router to a handler that reads the body. The "+
		"hand-written middleware checks one secret and keeps no replay out. The least pools what can be pooled, "+
		"checks and hands on a body that the handler may keep, and does nothing else.\n\n")
	const mine, hand, bare, atLeast = "**sallyport**", "hand-written", "unguarded", "the least"
	bounds := map[int]float64{1 << 10: 0.30, 64 << 10: 0.45}
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, r := range routers() {
			genuine, bad := pair(size)
			g := newGuard(provider.GitHub(), plainSecret)
			subjects := []subject{
				ofHandler(bare, r.bare(), genuine, bad), ofHandler(hand, r.checked(byHand), genuine, bad),
				ofHandler(mine, r.guarded(g), genuine, bad), ofHandler(atLeast, r.checked(leastCheck()), genuine, bad),
				hashOf(genuine.body),
			}
			if err := checkAll(subjects); err != nil {
				return err
			}
			fmt.Fprintf(w, "### %s, %s\n\n", r.name, sizeName(size))
			figures := s.measure(subjects)
			writeTable(w, figures, mine)
			addedBy := func(i int) float64 {
				return (figures[i].median - figures[0].median) / (figures[1].median - figures[0].median)
			}
			added := addedBy(2)
			fmt.Fprintf(w, "Added to the unguarded router: hand-written %.0f ns, sallyport %.0f ns: **%.2f** of it.\n\n",
				figures[1].median-figures[0].median, figures[2].median-figures[0].median, added)
			s.goals.hold("A whole request, "+r.name+", "+sizeName(size), "× what a hand-written check adds", added,
				bounds[size])
			s.goals.because(1, fmt.Sprintf("the least that hands on a body which the handler may keep is %.2f; the "+
				"hash alone is %.2f; the rest is under \"What it is made of\"", addedBy(3),
				figures[4].median/(figures[1].median-figures[0].median)))
		}
	}
	return nil
}
