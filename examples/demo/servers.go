package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/internal/routers"
)

// mount mounts every endpoint, with the receivers of its own.
func mount(app routers.App, endpoints []*endpoint) {
	for _, e := range endpoints {
		signals := core.NewSignals()
		signals.On("*", func(_ context.Context, ev core.Event) error { return e.signal(ev) })
		app.Handle(e.path, e.guard, signals)
	}
}

// endpoint is one receiving place of one router, and what came in there.
type endpoint struct {
	path     string
	provider core.Provider
	guard    *core.Guard

	mu      sync.Mutex
	records []core.Record
	signals int
	act     func(core.Event) error // what the app does with an event; nil: succeeds
}

// signal is the app's own code: it runs for genuine events only.
func (e *endpoint) signal(ev core.Event) error {
	e.mu.Lock()
	e.signals++
	act := e.act
	e.mu.Unlock()
	if act == nil {
		return nil
	}
	return act(ev)
}

// Observe keeps the guard's own word on every outcome.
func (e *endpoint) Observe(_ context.Context, r core.Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.records = append(e.records, r)
}

// begin sets what the app does next.
func (e *endpoint) begin(act func(core.Event) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.act = act
}

// end returns what happened since the last end, once the observer has been told of everything.
func (e *endpoint) end(ctx context.Context) (records []core.Record, signals int, err error) {
	if err := e.guard.Flush(ctx); err != nil {
		return nil, 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	records, signals = e.records, e.signals
	e.records, e.signals, e.act = nil, 0, nil
	return records, signals, nil
}

// server is one router's app on two loopback addresses: one that speaks TLS, and one in plain HTTP, as behind a proxy
// that ends TLS.
type server struct {
	router    string // in sentences
	keys      *keys
	app       http.Handler
	journal   *journal.Journal
	endpoints map[string]*endpoint
	secure    string // base URL of the address that speaks TLS
	plain     string // and of the other
	client    *http.Client
	servers   []*http.Server
	wait      sync.WaitGroup
}

func startServer(rt routers.Router, k *keys, configs []core.Config, observers ...core.Observer) (*server, error) {
	s := &server{router: rt.Title, keys: k, endpoints: map[string]*endpoint{}}
	var list []*endpoint
	for _, c := range configs {
		e := &endpoint{path: c.Endpoint, provider: c.Provider}
		c.Observers = observers
		if len(observers) == 0 {
			c.Observers = []core.Observer{e}
		}
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil)) // the table says it all
		guard, err := core.New(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Endpoint, err)
		}
		e.guard = guard
		s.endpoints[e.path] = e
		list = append(list, e)
	}
	app := rt.New(slog.New(slog.DiscardHandler))
	mount(app, list)
	s.app, s.journal = app, configs[0].Journal
	cert, pool, err := selfMade()
	if err != nil {
		return nil, err
	}
	tlsAddress, err := s.listen(app, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	address, err := s.listen(app, nil)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.secure, s.plain = "https://"+tlsAddress, "http://"+address
	s.client = &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost: 4},
	}
	return s, nil
}

// listen serves the app on a free port of the loopback interface.
func (s *server) listen(app http.Handler, t *tls.Config) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{
		Handler: app, TLSConfig: t, ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute,
	}
	s.servers = append(s.servers, srv)
	s.wait.Go(func() {
		if t != nil {
			_ = srv.ServeTLS(listener, "", "") // ends with ErrServerClosed
			return
		}
		_ = srv.Serve(listener)
	})
	return listener.Addr().String(), nil
}

func (s *server) stop() error {
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	s.wait.Wait()
	return errors.Join(errs...)
}

// selfMade makes a certificate for the loopback address, and the pool of one that trusts it.
func selfMade() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sallyport demo"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool, nil
}
