package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// reference is how a guard of the library would be set up for the endpoint under test. Of some senders a proof covers
// less than one expects: what a guard takes, no endpoint can be blamed for.
type reference struct {
	sender *sender
	url    string // the registered one
	tls    bool
}

// proxy is the address from which a guard of this command takes a proxy's word. It is one of the documentation's own:
// no request on a network comes from it.
const proxy = "192.0.2.1"

// accepts reports whether a guard that has seen nothing before accepts a request. It reports false where none can be
// made, as with the private key of a pair alone: then the endpoint is held to all that is asked.
func (f *reference) accepts(ctx context.Context, r *http.Request) bool {
	g, err := core.New(core.Config{
		Endpoint: "reference", Provider: f.sender.provider, Secrets: secrets.Static(f.sender.Configured),
		Replay: memstore.New(), StoreFailure: core.RefuseDelivery, PublicURL: f.url, TrustedProxies: proxy,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return false
	}
	defer func() { _ = g.Shutdown(context.WithoutCancel(ctx)) }()
	in := r.Clone(ctx)
	in.RequestURI, in.Host, in.RemoteAddr = r.URL.RequestURI(), r.URL.Host, proxy+":1"
	if f.tls {
		in.TLS = &tls.ConnectionState{}
	}
	if r.GetBody != nil {
		if in.Body, err = r.GetBody(); err != nil {
			return false
		}
	}
	signals := core.NewSignals()
	httpwebhook.On(signals, "*", func(*http.Request, core.Event) error { return nil })
	w := httptest.NewRecorder()
	httpwebhook.Handler(g, signals).ServeHTTP(w, in)
	return w.Code >= 200 && w.Code < 300
}
