package inspector

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Local is the page on a listener of its own, for the person who started the program. It is made by [ListenLocal].
type Local struct {
	page     *Inspector
	server   *http.Server
	listener net.Listener

	mu      sync.Mutex
	token   string // opens the page once; empty: it was used
	cookie  string // its name
	session string
}

// sessionCookie begins the name of the cookie; the port follows, because cookies know no ports, and two pages on one
// machine would log each other out. It has no prefix such as __Host-, which demands HTTPS.
const sessionCookie = "sallyport_page_"

// ListenLocal serves the page on a port of the loopback interface, with all access. c.Authorize, c.Hosts and c.Prefix
// must be empty: whoever opens URL, which holds a token that is good for one use, gets a cookie, and nobody else sees
// anything. So another user of the machine does not, nor a site that the browser visits. But a browser sends a cookie
// to every port of a host: do not open a server of a user whom you do not trust, on this machine, in the same browser.
// Call [Local.Serve] next.
//
// The address is "127.0.0.1:0" for any free port, or another of the loopback interface. It is refused otherwise.
func ListenLocal(address string, c Config) (*Local, error) {
	if c.Authorize != nil || len(c.Hosts) > 0 || c.Prefix != "" {
		return nil, errors.New("inspector: ListenLocal sets Authorize, Hosts and Prefix itself: leave them empty")
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, errors.New("inspector: ListenLocal serves on loopback addresses only, such as 127.0.0.1:0; else " +
			"mount New with Config.Authorize")
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	l := &Local{listener: listener, token: rand.Text(), session: rand.Text()}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	l.cookie = sessionCookie + port
	c.Authorize, c.Hosts = l.authorize, []string{listener.Addr().String()}
	if l.page, err = New(c); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	l.page.otherHost = "This page has one address: http://" + listener.Addr().String() + "/"
	l.server = &http.Server{
		Handler: l, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	l.server.RegisterOnShutdown(l.page.Close)
	return l, nil
}

// URL returns the page's address with its token: print it for the person who started the program.
func (l *Local) URL() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := url.URL{Scheme: "http", Host: l.listener.Addr().String(), Path: "/"}
	if l.token != "" {
		u.RawQuery = url.Values{"token": {l.token}}.Encode()
	}
	return u.String()
}

// Cookie returns what opens the page as often as it is sent, for another program of the same user, such as a command in
// a second terminal. Whoever has it may do all that the page can: keep it only where no other user reads it.
func (l *Local) Cookie() *http.Cookie { return &http.Cookie{Name: l.cookie, Value: l.session} }

// Serve serves the page until Shutdown, and returns nil then.
func (l *Local) Serve() error {
	if err := l.server.Serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown ends live pages, waits for requests that are under way, and closes the listener.
func (l *Local) Shutdown(ctx context.Context) error { return l.server.Shutdown(ctx) }

// ServeHTTP exchanges the token for the cookie, and serves the page.
func (l *Local) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if given := r.URL.Query().Get("token"); given != "" && r.Method == http.MethodGet && r.URL.Path == "/" &&
		l.page.knowsHost(r.Host) && l.use(given) {
		http.SetCookie(w, &http.Cookie{
			Name: l.cookie, Value: l.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
		// The token leaves the address bar, and with it the history and screenshots.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Location", "/")
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	l.page.ServeHTTP(w, r)
}

// use reports whether the token is the right one, and not used before.
func (l *Local) use(given string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token == "" || subtle.ConstantTimeCompare([]byte(given), []byte(l.token)) != 1 {
		return false
	}
	l.token = ""
	return true
}

var errNoSession = errors.New("open the URL that the program printed; each of its tokens opens the page once")

func (l *Local) authorize(r *http.Request) (Access, error) {
	c, err := r.Cookie(l.cookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(c.Value), []byte(l.session)) != 1 {
		return Access{}, errNoSession
	}
	return Access{Name: "local", Payloads: true, Redrive: true, Dismiss: true, Pause: true}, nil
}
