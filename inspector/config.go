package inspector

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
)

// Config sets the page up.
type Config struct {
	// Journal is that of the guards. Required.
	Journal *journal.Journal
	// Redriver runs events again. nil: nothing runs, and the page only reads and dismisses.
	Redriver *core.Redriver
	// ReadOnly shows everything that Authorize permits, and changes nothing: no run, no dismissal, no pause, whatever
	// Access says.
	ReadOnly bool
	// Activity shows what was refused, and how endpoints are doing. nil: the page shows the journal alone.
	Activity *Activity

	// Prefix is the path at which the page is mounted, without a slash at its end. Empty: at the root of its host.
	Prefix string
	// Hosts are the hosts under which the page is reached, as browsers send them: "hooks.example.com", or with a port
	// that is not that of HTTP or HTTPS, "localhost:8080". Required: a request for any other host is answered 421, so
	// that no other site's name can lead a browser here.
	Hosts []string
	// Authorize says what whoever sent the request may do. It is called for each request, also for one to a path that
	// does not exist. Required: there is no page without it.
	Authorize func(r *http.Request) (Access, error)

	// Logger gets each action with the name of the person, and what failed. nil: slog.Default.
	Logger *slog.Logger
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Inspector is the page: an [http.Handler]. It is safe for concurrent use.
type Inspector struct {
	journal   *journal.Journal
	redriver  *core.Redriver
	readOnly  bool
	activity  *Activity
	prefix    string
	hosts     []string
	otherHost string // what a request for another host is answered
	authorize func(r *http.Request) (Access, error)
	log       *slog.Logger
	now       func() time.Time

	mux     *http.ServeMux
	origin  *http.CrossOriginProtection
	pages   map[string]*template.Template
	streams chan struct{} // one element for each live stream
	closed  chan struct{}
	once    sync.Once
}

// New returns the page. Its error joins everything that is wrong with the config.
func New(c Config) (*Inspector, error) {
	var wrong []error
	mistake := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("inspector: "+format, args...))
	}
	if c.Journal == nil {
		mistake("Config.Journal is nil: give the journal that the guards have")
	}
	if c.Authorize == nil {
		mistake("Config.Authorize is nil: give BasicAuth, or a function of your own; on a developer's machine use " +
			"ListenLocal")
	}
	if len(c.Hosts) == 0 {
		mistake("Config.Hosts is empty: name the host under which browsers reach the page")
	}
	for _, h := range c.Hosts {
		if h == "" || strings.ContainsAny(h, "/ *") {
			mistake("Config.Hosts: %q is not a host; write it as browsers send it, such as hooks.example.com", h)
		}
	}
	if c.Prefix != "" && (!strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/")) {
		mistake("Config.Prefix %q must begin with a slash and not end with one", c.Prefix)
	}
	if c.Redriver != nil && c.Redriver.App == nil {
		mistake("Config.Redriver has no App: give the handler that http.Server serves, or no Redriver")
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	p := &Inspector{
		journal: c.Journal, redriver: c.Redriver, readOnly: c.ReadOnly, activity: c.Activity, prefix: c.Prefix,
		authorize: c.Authorize, otherHost: "Config.Hosts does not name the host of this request",
		log: c.Logger, now: c.Now,
		origin: http.NewCrossOriginProtection(), streams: make(chan struct{}, maxStreams), closed: make(chan struct{}),
	}
	for _, h := range c.Hosts {
		p.hosts = append(p.hosts, strings.ToLower(h))
	}
	p.log = cmp.Or(p.log, slog.Default())
	if p.now == nil {
		p.now = time.Now
	}
	p.pages = parsePages()
	p.route()
	return p, nil
}

// Close ends the live streams, and many runs after the one that is under way. [http.Server.Shutdown] would wait for
// them: give Close to its RegisterOnShutdown.
func (p *Inspector) Close() { p.once.Do(func() { close(p.closed) }) }

func (p *Inspector) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// guards returns the guards that the page knows, in the order of their endpoints.
func (p *Inspector) guards() []*core.Guard {
	var all []*core.Guard
	if p.redriver != nil {
		all = append(all, p.redriver.Guards...)
	}
	if p.activity != nil {
		for _, g := range p.activity.guards() {
			if !slices.Contains(all, g) {
				all = append(all, g)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *core.Guard) int { return strings.Compare(a.Endpoint(), b.Endpoint()) })
	return all
}

// guardOf returns the guard of an endpoint; nil: the page knows none.
func (p *Inspector) guardOf(endpoint string) *core.Guard {
	for _, g := range p.guards() {
		if g.Endpoint() == endpoint {
			return g
		}
	}
	return nil
}

// knowsHost reports whether the page is reached under the host of a request.
func (p *Inspector) knowsHost(host string) bool {
	host = strings.ToLower(host)
	if slices.Contains(p.hosts, host) {
		return true
	}
	// The port of a proxy's own listener may be sent although it is the scheme's.
	name, port, err := net.SplitHostPort(host)
	return err == nil && (port == "443" || port == "80") && slices.Contains(p.hosts, name)
}
