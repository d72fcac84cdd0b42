package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
)

// Defaults of a configuration that leaves these out.
const (
	defaultListen = "127.0.0.1:8080"
	defaultRouter = "gin"
)

// config is the configuration of the receiver, of a file or of flags.
type config struct {
	listen    string
	router    string
	clock     time.Time // frozen; zero: the real one
	proxies   core.Networks
	endpoints []*endpointConfig

	shown *shown // on a page; nil: there is none

	places map[string]place // of the keys that were given
}

// load reads a file. Where it notes mistakes, what it returns is good for finding more of them only.
func load(file string, m *mistakes) *config {
	c := &config{listen: defaultListen, router: defaultRouter}
	data, err := readAtMost(file, maxConfig)
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%s is longer than %d bytes", file, maxConfig)
	}
	if err != nil {
		m.file = ""
		m.add(place{key: "--config"}, "%v", err)
		return c
	}
	doc, ok := parse(data, m)
	if !ok {
		return c
	}
	r := reader{m}
	c.places = r.mapping(doc, place{line: doc.Line}, map[string]field{
		"listen":          into(&c.listen, r.text),
		"router":          into(&c.router, r.text),
		"clock":           into(&c.clock, r.instant),
		"trusted_proxies": func(n *yaml.Node, at place) { c.proxies = r.networks(n, at) },
		"endpoints": func(n *yaml.Node, at place) {
			r.list(n, at, func(n *yaml.Node, at place) { c.endpoints = append(c.endpoints, r.endpoint(n, at)) })
		},
	})
	if _, given := c.places["endpoints"]; !given {
		m.add(place{doc.Line, "endpoints"}, "is missing: a list of at least one endpoint, with its path and provider")
	}
	c.check(m)
	return c
}

// maxConfig is far more than a configuration takes: what is longer is another file.
const maxConfig = 16 << 20

// readAtMost reads a file. Of one that is longer it returns a byte more than most.
func readAtMost(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}

// parse gives the document's root.
func parse(data []byte, m *mistakes) (*yaml.Node, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		m.add(place{1, "endpoints"}, "the file is empty")
		return nil, false
	case err != nil:
		m.add(syntaxError(err))
		return nil, false
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		m.add(place{line: more.Line}, "a second document begins here; the file must hold one")
	case !errors.Is(err, io.EOF):
		m.add(syntaxError(err))
	}
	return doc.Content[0], true
}

// syntaxError takes the line out of the YAML package's text ("yaml: line 3: did not find ...").
func syntaxError(err error) (place, string, any) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(text, "anchor '") {
		// Its text holds the name of the anchor, which is a secret's where one begins with an asterisk.
		return place{line: 1}, "not YAML: %v",
			"an anchor is named that is not there: what begins with * goes into quotes"
	}
	if parts := regexp.MustCompile(`(?s)^line (\d+): (.*)$`).FindStringSubmatch(text); parts != nil {
		line, _ := strconv.Atoi(parts[1])
		return place{line: line}, "not YAML: %v", parts[2]
	}
	return place{line: 1}, "not YAML: %v", text
}

// check verifies what settings mean together. It is the same for files and flags.
func (c *config) check(m *mistakes) {
	host, port, err := net.SplitHostPort(c.listen)
	if number, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || number > 65535 {
		m.add(c.place("listen"), "must be an address and a port such as 127.0.0.1:8080, not %q", c.listen)
	}
	if !slices.Contains(Routers(), c.router) {
		m.add(c.place("router"), "must be one of %s, not %q", strings.Join(Routers(), ", "), c.router)
	}
	if !c.clock.IsZero() && !loopback(host) {
		// To a frozen clock recorded deliveries are fresh, for ever.
		m.add(c.place("clock"), "a frozen clock is for replaying on this machine: it needs a loopback address in "+
			"listen, such as 127.0.0.1:8080, not %q", c.listen)
	}
	taken, sinks := map[string]place{}, map[string]place{}
	for _, e := range c.endpoints {
		if before, twice := sinks[e.sinkFile]; twice && e.sinkFile != "" {
			m.add(e.place("secret_sink_file"),
				"each endpoint has a secret of its own, and %s has this file already, in line %d", before.key,
				before.line)
		}
		sinks[e.sinkFile] = e.place("secret_sink_file")
		if e.simulate.given && !loopback(host) {
			m.add(e.place("simulate"), "signals that fail on purpose are for this machine: they need a loopback "+
				"address in listen, such as 127.0.0.1:8080, not %q", c.listen)
		}
		if e.path == "" {
			continue
		}
		if before, twice := taken[e.path]; twice {
			m.add(e.place("path"), "the path is the endpoint's name, and %s has it already, in line %d", before.key,
				before.line)
			continue
		}
		taken[e.path] = e.place("path")
	}
}

// place is where a key stands, or would stand.
func (c *config) place(key string) place {
	if p, ok := c.places[key]; ok {
		return p
	}
	return place{1, key}
}

// loopback says whether a host to listen on is reached from this machine only. An empty host is every address.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// needsLoopback names what in the configuration must not be reached from outside, or is empty.
func (c *config) needsLoopback() string {
	if !c.clock.IsZero() {
		return "a frozen clock"
	}
	for _, e := range c.endpoints {
		if e.simulate.given {
			return fmt.Sprintf("simulate at %s", e.path)
		}
	}
	return ""
}
