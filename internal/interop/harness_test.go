package interop_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// peer is one library that checks or signs deliveries of a provider.
type peer struct {
	name     string // the function as its users call it
	provider core.Provider
	url      string            // empty: hooksURL
	headers  map[string]string // of every delivery, besides the proof
	keys     []key             // two that are configured, and an unknown sender's; nil: secrets
	bodies   []body            // nil: every one
	changes  []change          // further ones, that only this provider's form has
	// unsignedBody says that nothing of the body is signed, so that changes of it prove nothing.
	unsignedBody bool

	// verify checks a delivery; what the library says about a body that it cannot decode is no verdict.
	verify func(r *http.Request, body []byte, secret string) error
	// sign signs a delivery; nil where the library only verifies.
	sign func(r *http.Request, body []byte, secret string, at time.Time) error

	differences []difference
}

// difference is a set of deliveries that the library and the guard check otherwise.
type difference struct {
	in  []string // the names of deliveries: "body: empty", "X-Signature: in upper case"
	we  verdict
	why string
}

type verdict string

const (
	accept verdict = "accept"
	refuse verdict = "refuse"
)

// key is one secret in the forms that it has: as the guard and the library are configured with it, and as the provider
// signs with it. For a shared secret they are one.
type key struct{ configured, signing string }

const hooksURL = "https://example.com/hooks/in"

// delivery is a request that can be sent several times.
type delivery struct {
	url    string
	header http.Header
	body   []byte
}

func (d *delivery) request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, d.url, bytes.NewReader(d.body))
	r.Header = d.header.Clone()
	return r
}

func (d *delivery) clone() *delivery {
	return &delivery{url: d.url, header: d.header.Clone(), body: bytes.Clone(d.body)}
}

// run tries the library in a bubble, whose clock both sides read and nothing but the test moves.
func (p peer) run(t *testing.T) {
	t.Helper()
	t.Run(p.name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
			c := p.compare(t)
			for _, fault := range c.faults {
				t.Error(fault)
			}
			t.Logf("%d deliveries, %d checked otherwise", c.tried, len(c.seen))
		})
	})
}

func (p peer) compare(t *testing.T) *comparison {
	t.Helper()
	if p.bodies == nil {
		p.bodies = bodies()
	}
	if p.keys == nil {
		p.keys = sampleSecrets()
	}
	c := &comparison{peer: p, t: t, seen: map[string]verdict{}}
	c.guard = c.newGuard(p.keys[0], p.keys[1])
	c.everyBody()
	c.everyChange()
	c.settle()
	return c
}

// comparison is the trial of one library.
type comparison struct {
	peer
	t     *testing.T
	guard *core.Guard // with both keys, as in the middle of a rotation
	tried int
	seen  map[string]verdict // the guard's verdict, where the library's is another

	faults []string
}

func (c *comparison) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

func (c *comparison) newGuard(keys ...key) *core.Guard {
	var accepted []secrets.Secret
	for i, k := range keys {
		accepted = append(accepted, secrets.New(fmt.Sprint(i), k.configured))
	}
	g, err := core.New(core.Config{
		Endpoint: "interop", Provider: c.provider, Secrets: secrets.Labeled(accepted...),
		Replay:       core.DangerouslyNoReplay,
		StoreFailure: core.RefuseDelivery, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(c.t, err)
	return g
}

// unsigned is a delivery before it is signed.
func (c *comparison) unsigned(b body) *delivery {
	d := &delivery{url: c.url, header: http.Header{}, body: []byte(b.text)}
	if d.url == "" {
		d.url = hooksURL
	}
	d.header.Set("Content-Type", b.contentType)
	for name, value := range c.headers {
		d.header.Set(name, value)
	}
	return d
}

// signed is a delivery as webhooktest signs it.
func (c *comparison) signed(b body, secret string, at time.Time) *delivery {
	r := c.unsigned(b).request()
	require.NoError(c.t, webhooktest.Sign(r, c.provider, secret, at), b.name)
	sent, err := io.ReadAll(r.Body)
	require.NoError(c.t, err)
	return &delivery{url: r.URL.String(), header: r.Header, body: sent}
}

func (c *comparison) ours(d *delivery) verdict {
	if _, reply := c.guard.Receive(httptest.NewRecorder(), d.request(), adapter.Inbound{}); reply != nil {
		return refuse
	}
	return accept
}

func (c *comparison) theirs(d *delivery, k key) verdict {
	if c.verify(d.request(), d.body, k.configured) != nil {
		return refuse
	}
	return accept
}

// compare notes where the two verdicts part.
func (c *comparison) compare(name string, d *delivery, k key, want verdict) {
	c.tried++
	ours := c.ours(d)
	if c.verify != nil && ours != c.theirs(d, k) {
		c.seen[name] = ours
		return
	}
	if want != "" && ours != want {
		c.fault("%s: both %s it", name, ours)
	}
}

// everyBody signs every body with each of two secrets, by webhooktest and by the library.
func (c *comparison) everyBody() {
	for _, b := range c.bodies {
		for i, k := range c.keys[:2] {
			c.compare("body: "+b.name, c.signed(b, k.signing, time.Now()), k, accept)
			if c.verify != nil && c.theirs(c.signed(b, k.signing, time.Now()), c.keys[1-i]) == accept {
				c.fault("body: %s: the library takes another secret", b.name)
			}
			if c.sign == nil {
				continue
			}
			c.tried++
			r := c.unsigned(b).request()
			require.NoError(c.t, c.sign(r, []byte(b.text), k.signing, time.Now()))
			d := &delivery{url: r.URL.String(), header: r.Header, body: []byte(b.text)}
			if got := c.ours(d); got != accept {
				c.fault("body: %s: the library signs it and we %s it", b.name, got)
			}
		}
	}
}

// everyChange changes a good delivery in every way there is.
func (c *comparison) everyChange() {
	b := c.bodies[0]
	if i := slices.IndexFunc(c.bodies, func(b body) bool { return b.name == ordinary }); i >= 0 {
		b = c.bodies[i]
	}
	k := c.keys[0]
	good := c.signed(b, k.signing, time.Now())
	require.Equal(c.t, accept, c.ours(good), "the delivery that is changed")
	c.compare("secret: nobody's", c.signed(b, c.keys[2].signing, time.Now()), k, refuse)
	changes := headerChanges(c.unsigned(b), good)
	if !c.unsignedBody {
		changes = append(changes, bodyChanges(good)...)
	}
	for _, ch := range append(changes, c.changes...) {
		d := good.clone()
		ch.apply(d)
		c.compare(ch.name, d, k, ch.want)
	}
	for _, age := range ages() {
		c.compare(age.name, c.signed(b, k.signing, time.Now().Add(-age.old)), k, "")
	}
}

// settle wants every difference that was seen explained, and every explanation to be of one that was seen.
func (c *comparison) settle() {
	explained := map[string]verdict{}
	for _, d := range c.differences {
		require.NotEmpty(c.t, d.why)
		for _, name := range d.in {
			require.NotContains(c.t, explained, name, "explained twice")
			explained[name] = d.we
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.seen)) {
		ours := c.seen[name]
		switch want, ok := explained[name]; {
		case !ok:
			c.fault("%q: we %s it and the library does not, and nothing says why", name, ours)
		case want != ours:
			c.fault("%q: we %s it, and the explanation says that we %s it", name, ours, want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(explained)) {
		if _, ok := c.seen[name]; !ok {
			c.fault("%q: explained as a difference, and there is none", name)
		}
	}
}
