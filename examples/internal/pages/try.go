// Package pages tries the programs that the senders' pages in docs/providers print: a server on the loopback interface
// goes through registration, its first events, forgeries and replays, as a page says.
package pages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// Guard makes a guard as a block of a page does, and mounts it where the block mounts it. The blocks that are for the
// time before there is a secret do not.
type Guard func(r *gin.Engine, signals *core.Signals) (*core.Guard, error)

// Page is what one page prints.
type Page struct {
	Name           string
	Secret, Tokens string // the environment variables that its programs read; empty: there is none
	Guard, First   Guard  // First is for the time before there is a secret; nil: there is a secret at once
	Provider       core.Provider
	Again          string // what the page says of the same delivery again
	Path           string // where the page mounts the guard first
	Refusal        int    // the status that the page names for a failed authentication
}

// Try goes through what the page says.
func (p Page) Try() error {
	t := &trial{page: p, sender: webhooktest.NewSender(p.Provider)}
	t.sender.Host = "hooks.example.com"
	if p.Tokens != "" {
		if err := os.Setenv(p.Tokens, webhooktest.VerifyToken); err != nil {
			return err
		}
	}
	if err := t.before(); err != nil {
		return fmt.Errorf("before there is a secret: %w", err)
	}
	if err := os.Setenv(cmp.Or(p.Secret, "UNUSED"), t.sender.Secret()); err != nil {
		return err
	}
	if err := t.run(p.Guard, func(s *server) error { return s.setUp(false) }); err != nil {
		return err
	}
	// Another start: a test button's event may be the sample.
	return t.run(p.Guard, (*server).deliveries)
}

type trial struct {
	page   Page
	sender *webhooktest.Sender
}

// before tries what comes before there is a secret.
func (t *trial) before() error {
	if t.page.First == nil {
		return nil
	}
	if err := t.run(t.page.First, func(s *server) error {
		if err := s.setUp(true); err != nil {
			return err
		}
		if w := s.send(s.genuine(t.sender)); w.Code != http.StatusServiceUnavailable || s.runs.Load() != 0 {
			return fmt.Errorf("an event is answered %d, not 503", w.Code)
		}
		return nil
	}); err != nil {
		return err
	}
	handed, err := os.ReadFile(t.page.Name + ".secret")
	if errors.Is(err, os.ErrNotExist) {
		return nil // the sender hands nothing over
	}
	if err == nil && string(handed) != t.sender.Secret() {
		err = errors.New("the file holds another secret than was handed over")
	}
	return err
}

// run starts the program of a page, and ends it.
func (t *trial) run(block Guard, do func(*server) error) error {
	s, err := t.start(block)
	if err != nil {
		return err
	}
	defer s.close()
	if err := do(s); err != nil {
		_ = s.guard.Shutdown(context.Background()) // writes what the log still holds back
		return fmt.Errorf("%w\n%s", err, s.log.String())
	}
	return nil
}

// server is the program of a page, running.
type server struct {
	*trial
	runs   atomic.Int32
	guard  *core.Guard
	log    testlog.Log
	server *http.Server
	url    string
}

// start runs the program of the README with a block of the page in it.
func (t *trial) start(block Guard) (*server, error) {
	s := &server{trial: t}
	slog.SetDefault(slog.New(slog.NewTextHandler(&s.log, nil)))
	signals := core.NewSignals()
	signals.On("*", func(context.Context, core.Event) error { s.runs.Add(1); return nil })
	r := gin.New()
	guard, err := block(r, signals)
	if err != nil {
		return nil, err
	}
	s.guard = guard
	s.server = &http.Server{
		Handler: r, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.url = "http://" + listener.Addr().String()
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *server) close() {
	_ = s.server.Close()
	_ = s.guard.Shutdown(context.Background())
}

// ServeHTTP sends a request to the server as a proxy that ends TLS does.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	target, err := r.URL.Parse(s.url)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	out.Host, out.URL.Scheme, out.URL.Host = r.Host, target.Scheme, target.Host
	out.Header.Set("X-Forwarded-Proto", "https")
	response, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	var body bytes.Buffer
	_, _ = body.ReadFrom(response.Body)
	_, _ = w.Write(body.Bytes())
}

func (s *server) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// setUp sends what the sender sends while its URL is registered.
func (s *server) setUp(awaiting bool) error {
	handshakes, deliveries := 0, 0
	for _, step := range s.sender.Setup() {
		if step.Awaiting != awaiting {
			continue
		}
		if step.Handshake {
			handshakes++
		} else {
			deliveries++
		}
		before := s.runs.Load()
		if err := step.Check(s.sender.SendSetup(s, s.page.Path, step)); err != nil {
			return err
		}
		if step.Handshake || step.Empty {
			if s.runs.Load() != before {
				return fmt.Errorf("%s: a signal ran", step.When)
			}
			continue
		}
		if s.runs.Load() == before {
			return fmt.Errorf("%s: no signal ran", step.When)
		}
	}
	return s.logs(map[string]bool{
		"webhook handshake or test answered": handshakes > 0,
		firstAccepted:                        deliveries > 0,
	})
}

const firstAccepted = "first webhook delivery accepted: the endpoint works"

// genuine makes a delivery of the sender's.
func (s *server) genuine(sender *webhooktest.Sender) *http.Request {
	// The repository is the one on Travis CI's page, whose events name theirs.
	sample := webhooktest.Sample{Body: []byte(`{"id":"1","repository":{"owner_name":"acme","name":"app"}}`)}
	if all := sender.Samples(); len(all) > 0 {
		sample = all[0]
	}
	return sender.Request(s.page.Path, sample)
}

// deliveries sends a forged delivery, a genuine one, and that again.
func (s *server) deliveries() error {
	forger := webhooktest.NewSender(s.page.Provider)
	forger.Host = s.sender.Host
	before := s.runs.Load()
	if w := s.send(s.genuine(forger)); w.Code != s.page.Refusal || s.runs.Load() != before {
		return fmt.Errorf("a forged delivery is answered %d, and the page says %d", w.Code, s.page.Refusal)
	}
	r := s.genuine(s.sender)
	body := new(bytes.Buffer)
	_, _ = body.ReadFrom(r.Body)
	again := func() *httptest.ResponseRecorder {
		one := r.Clone(r.Context())
		one.Body, one.ContentLength = http.NoBody, 0
		if body.Len() > 0 {
			one = httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body.Bytes()))
			one.Header, one.Host = r.Header.Clone(), r.Host
		}
		return s.send(one)
	}
	if w := again(); w.Code != http.StatusOK || s.runs.Load() == before {
		return fmt.Errorf("a genuine delivery is answered %d %s, and %d signals ran",
			w.Code, w.Body, s.runs.Load()-before)
	}
	ran := s.runs.Load()
	if w := again(); w.Code != http.StatusOK || s.page.remembers(r, body.Bytes()) != (s.runs.Load() == ran) {
		return fmt.Errorf("the same delivery again is answered %d %s, and %d signals ran: the page says otherwise",
			w.Code, w.Body, s.runs.Load()-ran)
	}
	return s.logs(map[string]bool{firstAccepted: true, "webhook delivery refused": true})
}

// remembers reports whether the page says that this delivery runs nothing when it comes again.
func (p *Page) remembers(r *http.Request, body []byte) bool {
	isForm := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	isList := bytes.HasPrefix(body, []byte("["))
	return !strings.Contains(p.Again, "runs each time") &&
		!(strings.Contains(p.Again, "forms run each time") && isForm) &&
		!(strings.Contains(p.Again, "deliveries that are not lists run each time") && !isList)
}

// logs holds the log to what the page says of it: each text stands there, or does not.
func (s *server) logs(want map[string]bool) error {
	if err := s.guard.Shutdown(context.Background()); err != nil { // writes what is counted
		return err
	}
	text := s.log.String()
	for words, there := range want {
		if strings.Contains(text, words) != there {
			return fmt.Errorf("that the log says %q is %t, and the page says otherwise", words, !there)
		}
	}
	if strings.Contains(text, s.sender.Secret()) {
		return errors.New("the log shows the secret")
	}
	return nil
}
