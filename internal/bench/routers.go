package main

import (
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
	"github.com/sallyport-go/sallyport/echo5webhook"
	"github.com/sallyport-go/sallyport/echowebhook"
	"github.com/sallyport-go/sallyport/ginwebhook"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

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
