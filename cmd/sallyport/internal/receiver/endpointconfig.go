package receiver

import (
	"fmt"
	"maps"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/sources"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// endpointConfig is one endpoint as it was configured. What was left out is zero, which means the core's default.
type endpointConfig struct {
	path        string
	provider    core.Provider
	parameters  catalogue.Values // what the provider's entry needs besides secrets
	entry       catalogue.Entry
	secrets     []secrets.Secret
	secretsFile string // in the place of secrets, and followed
	await       bool   // there is no secret yet
	sinkFile    string // holds the secret once the provider has handed it over
	tenants     tenantConfig
	keys        []secrets.Secret // public keys, from files
	verify      []secrets.Secret
	credentials []credentialConfig
	tolerance   time.Duration
	maxBody     int64
	publicURL   string
	store       string // of the events that were processed; empty: in memory
	storeURL    string
	namespace   string // of the store: whose memory it is
	lease       time.Duration
	retention   time.Duration
	sources     sources.Source
	rateLimit   core.RateLimit
	allowHTTP   bool
	allowWeak   bool
	simulate    simulation
	reportOnly  []core.Check // refuse nothing

	at     place
	places map[string]place // of the keys that were given, relative to the endpoint: "replay.lease", "secrets"
}

// endpoint reads one endpoint.
func (r reader) endpoint(n *yaml.Node, at place) *endpointConfig {
	e := &endpointConfig{at: at, parameters: catalogue.Values{}}
	nested := map[string]place{}
	name := ""
	fields := map[string]field{
		"path":         into(&e.path, r.path),
		"provider":     into(&name, r.text),
		"keys":         func(n *yaml.Node, at place) { e.keys = r.keyFiles(n, at, nested) },
		"verify_token": func(n *yaml.Node, at place) { e.verify = r.verifyTokens(n, at, nested) },
		"secrets": func(n *yaml.Node,
			at place) {
			e.secrets = r.secrets(n, at, nested, "secrets")
		},
		"secrets_file":     into(&e.secretsFile, r.text),
		"await_secret":     into(&e.await, r.yes),
		"secret_sink_file": into(&e.sinkFile, r.text),
		"tenant":           func(n *yaml.Node, at place) { r.tenant(n, at, &e.tenants) },
		"tenants":          func(n *yaml.Node, at place) { r.tenantSecrets(n, at, &e.tenants, nested) },
		"credentials":      func(n *yaml.Node, at place) { e.credentials = r.credentials(n, at, nested) },
		"tolerance":        into(&e.tolerance, r.seconds),
		"max_body": into(&e.maxBody,
			func(n *yaml.Node, at place) (int64, bool) { return r.count(n, at, 1) }),
		"public_url":                     into(&e.publicURL, r.text),
		"replay":                         func(n *yaml.Node, at place) { r.replay(n, at, e, nested) },
		"sources":                        func(n *yaml.Node, at place) { e.sources = r.networks(n, at) },
		"rate_limit":                     func(n *yaml.Node, at place) { r.rateLimit(n, at, e, nested) },
		"report_only":                    func(n *yaml.Node, at place) { e.reportOnly = r.checks(n, at, nested) },
		"simulate":                       func(n *yaml.Node, at place) { e.simulate = r.simulate(n, at) },
		"dangerously_allow_http":         into(&e.allowHTTP, r.yes),
		"dangerously_allow_weak_secrets": into(&e.allowWeak, r.yes),
	}
	names, secret := parameterNames()
	for _, key := range names {
		fields[key] = func(n *yaml.Node, at place) { e.parameters[key] = r.texts(n, at) }
		if secret[key] {
			fields[key] = func(n *yaml.Node, at place) { e.parameters[key] = r.secretTexts(n, at, nested, key) }
		}
	}
	e.places = r.mapping(n, at, fields)
	maps.Copy(e.places, nested)
	r.checkSecrets(e)
	if name != "" {
		r.provide(e, name)
	}
	for _, key := range []string{"path", "provider"} {
		if _, given := e.places[key]; !given && follow(n).Kind == yaml.MappingNode {
			r.add(e.place(key), "is missing")
		}
	}
	return e
}

// place is where a key stands. Of a key that was not given, it is where the key above it stands.
func (e *endpointConfig) place(key string) place {
	for above := key; above != ""; above = above[:max(strings.LastIndexAny(above, ".["), 0)] {
		if p, ok := e.places[above]; ok {
			if p.line > 0 {
				p.key = e.at.key + "." + key
			}
			return p
		}
	}
	return e.at.of(key, e.at.line)
}

func (r reader) seconds(n *yaml.Node, at place) (time.Duration, bool) {
	return r.duration(n, at, time.Second)
}

func (r reader) path(n *yaml.Node, at place) (string, bool) {
	text, ok := r.text(n, at)
	return text, ok && r.goodPath(text, at)
}

// goodPath wants a path that every router takes for itself and not for a pattern.
func (m *mistakes) goodPath(text string, at place) bool {
	plain := !strings.ContainsFunc(text, func(c rune) bool {
		return !strings.ContainsRune("/-_.~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
	})
	switch {
	case !strings.HasPrefix(text, "/"):
		m.add(at, `must begin with "/", and %q does not`, text)
	case !plain:
		m.add(at, "must hold letters, digits, and the characters / - _ . ~ only, not %q", text)
	case path.Clean(text) != text && path.Clean(text)+"/" != text, text == "//":
		m.add(at, "must not hold empty segments or dots as segments, as %q does", text)
	default:
		return true
	}
	return false
}

// replay reads what remembers the events.
func (r reader) replay(n *yaml.Node, at place, e *endpointConfig, places map[string]place) {
	e.store = storeMemory
	found := r.mapping(n, at, map[string]field{
		"store":     into(&e.store, r.text),
		"lease":     into(&e.lease, r.seconds),
		"retention": into(&e.retention, r.seconds),
		"namespace": into(&e.namespace, r.text),
		"url":       func(n *yaml.Node, at place) { e.storeURL = r.secret(n, at).DangerouslyReveal() },
	})
	for key, p := range found {
		places["replay."+key] = p
	}
	store := e.store
	switch store {
	case storeMemory:
	case storeNone:
		if p, given := found["retention"]; given {
			r.add(p, "with no store nothing is remembered; remove one of the two")
		}
	case storeRedis, storeSQLite, storePostgres, storeMySQL:
		if _, given := found["url"]; !given {
			r.add(at.of("url", found["store"].line), "is missing: where the %s database is", store)
		}
		r.namespace(at, found, e)
		return
	default:
		e.store = storeMemory
		r.add(found["store"], "must be memory, none, redis, sqlite, postgres or mysql, not %q", store)
		return
	}
	if p, given := found["url"]; given {
		r.add(p, "the store %q has no URL; remove it", store)
	}
	if p, given := found["namespace"]; given {
		r.add(p, "the store %q is shared with nobody; remove it", store)
	}
}

// namespace checks whose memory a shared store is.
func (r reader) namespace(at place, found map[string]place, e *endpointConfig) {
	p, given := found["namespace"]
	if !given {
		r.add(at.of("namespace", found["store"].line), "is missing: whose memory it is, for example receiver")
		return
	}
	if err := replay.CheckNamespace(e.namespace); err != nil {
		r.add(p, "%v", err)
	}
}

// checks reads which checks refuse nothing, and report what they would.
func (r reader) checks(n *yaml.Node, at place, places map[string]place) (all []core.Check) {
	r.list(n, at, func(n *yaml.Node, at place) {
		places[fmt.Sprintf("report_only[%d]", len(all))] = at
		text, _ := r.text(n, at)
		all = append(all, core.Check(text)) // the core knows the names
	})
	return all
}

// rateLimit reads how many deliveries one source may send.
func (r reader) rateLimit(n *yaml.Node, at place, e *endpointConfig, places map[string]place) {
	burst := int64(0)
	found := r.mapping(n, at, map[string]field{
		"per_second": into(&e.rateLimit.PerSecond, r.positive),
		"burst":      into(&burst, func(n *yaml.Node, at place) (int64, bool) { return r.count(n, at, 1) }),
	})
	e.rateLimit.Burst = int(burst)
	for key, p := range found {
		places["rate_limit."+key] = p
	}
	if _, given := found["per_second"]; !given && follow(n).Kind == yaml.MappingNode {
		r.add(at.of("per_second", at.line), "is missing")
		e.rateLimit = core.RateLimit{}
	}
}

func (r reader) simulate(n *yaml.Node, at place) simulation {
	s := simulation{given: true}
	times := func(n *yaml.Node, at place) (int64, bool) { return r.count(n, at, 0) }
	r.mapping(n, at, map[string]field{
		"delay": into(&s.delay,
			func(n *yaml.Node, at place) (time.Duration, bool) { return r.duration(n, at, 0) }),
		"fail_first":  into(&s.failFirst, times),
		"panic_first": into(&s.panicFirst, times),
	})
	return s
}
