package receiver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// endpoint is a guard and the signal behind it.
type endpoint struct {
	path      string
	parameter string // of the path, behind it: the tenant
	guard     *core.Guard
	store     replay.Store
	wait      *wait // for the secret; nil: it is there
	simulator *simulator
	out       *output
}

// build makes the endpoints of a configuration, and notes what is wrong with it. store gives each its replay store.
func (c *config) build(
	store func(*endpointConfig) (replay.Store, error), out *output, logger *slog.Logger, m *mistakes,
) []*endpoint {
	var all []*endpoint
	for _, e := range c.endpoints {
		if e.provider.Name() == "" {
			continue // noted where it was read; without a provider the core can say nothing more
		}
		built := &endpoint{path: e.path, parameter: e.tenants.parameter, simulator: &simulator{simulation: e.simulate},
			out: out}
		conf := c.coreConfig(e, built, logger)
		var err error
		if conf.Keys, err = e.keySource(conf.Now); err != nil {
			m.add(e.place("provider"), "%v", err)
			continue
		}
		if conf.Replay, err = store(e); err != nil {
			key := "replay.url"
			if errors.Is(err, errNoDriver) {
				key = "replay.store"
			}
			m.add(e.place(key), "%v", err)
			continue
		}
		built.store = conf.Replay
		if e.awaits() {
			built.wait = newWait(e, &conf, logger)
		}
		guard, err := core.New(conf)
		if err != nil {
			c.explain(e, err, m)
			continue
		}
		built.guard = guard
		all = append(all, built)
	}
	return all
}

func (c *config) coreConfig(e *endpointConfig, built *endpoint, logger *slog.Logger) core.Config {
	conf := core.Config{
		Endpoint: e.path, Provider: e.provider,
		Limits: core.Limits{Lease: e.lease, Retention: e.retention, Tolerance: e.tolerance, MaxBody: e.maxBody},
		// Some providers never retry, and the core wants a choice for them. The safe one is right for a tool.
		StoreFailure:   core.RefuseDelivery,
		TrustedProxies: c.proxies, PublicURL: e.publicURL,
		DangerouslyAllowHTTP: e.allowHTTP, DangerouslyAllowWeakSecrets: e.allowWeak,
		Sources: e.sources, RateLimit: e.rateLimit,
		DangerouslyReportOnly: e.reportOnly,
		Logger:                logger, Observers: []core.Observer{built.out.observer(logger)},
	}
	conf.Secrets, conf.Tenant = e.secretSource(), e.tenants.key()
	c.shown.observe(&conf)
	if e.verify != nil {
		conf.Setup.VerifyTokens = secrets.Labeled(e.verify...)
	}
	for _, cred := range e.credentials {
		conf.Credentials = append(conf.Credentials, cred.Credential)
	}
	if !c.clock.IsZero() {
		conf.Now = func() time.Time { return c.clock }
	}
	return conf
}

// explain turns the core's mistakes into ours, at the lines that they are about. What hangs on a setting that could not
// be read is left out: it would blame the wrong line.
func (c *config) explain(e *endpointConfig, err error, m *mistakes) {
	unread := map[string]bool{}
	for _, one := range m.all {
		if key, mine := strings.CutPrefix(one.key, e.at.key+"."); mine {
			unread[topic(key)] = true
		}
		for key, at := range e.places { // a flag has a name of its own
			if at == one.place {
				unread[topic(key)] = true
			}
		}
	}
	for _, one := range core.ConfigErrors(err) {
		key := e.keyOf(one.Field)
		if unread[topic(key)] {
			continue
		}
		at := e.place(key)
		if key == "trusted_proxies" {
			at = c.place(key)
		}
		if one.Value != "" && !strings.Contains(one.Reason, strconv.Quote(one.Value)) {
			m.add(at, "%q: %s", one.Value, one.Reason)
			continue
		}
		m.add(at, "%s", one.Reason)
	}
}

// topic joins keys that are checked together.
func topic(key string) string {
	top := key
	if end := strings.IndexAny(key, ".["); end >= 0 {
		top = key[:end]
	}
	switch top {
	case "credentials", "keys", "secrets_file", "secret_sink_file", "await_secret", "tenant", "tenants":
		return "secrets"
	case "replay":
		return "tolerance" // what is remembered has to outlast what is fresh
	}
	return top
}

// keyOf is the key that a field of [core.Config] was set by.
func (e *endpointConfig) keyOf(field string) string {
	field, _, _ = strings.Cut(field, " (") // the label of a secret
	for _, group := range []string{"Limits.", "Setup.", "Answers."} {
		field = strings.TrimPrefix(field, group)
	}
	name, rest := field, ""
	if end := strings.IndexAny(field, ".["); end >= 0 {
		name, rest = field[:end], field[end:]
	}
	switch name {
	case "Secrets":
		var i int
		if _, err := fmt.Sscanf(rest, "[%d]", &i); err == nil && i >= len(e.secrets) && i < len(e.secrets)+len(e.keys) {
			return fmt.Sprintf("keys[%d]", i-len(e.secrets))
		}
		return e.keyOfSecret(rest)
	case "AwaitingSecret":
		return "await_secret"
	case "SecretSink":
		return "secret_sink_file"
	case "Tenant":
		return "tenant"
	case "VerifyTokens":
		return "verify_token" + rest
	case "Credentials":
		var i int
		if _, err := fmt.Sscanf(rest, "[%d]", &i); err != nil || i >= len(e.credentials) {
			return "credentials"
		}
		_, rest, _ = strings.Cut(rest, "]")
		if rest == ".Name" {
			return e.credentials[i].key + ".name"
		}
		return e.credentials[i].values + rest
	case "Tolerance":
		return "tolerance"
	case "MaxBody":
		return "max_body"
	case "PublicURL":
		return "public_url"
	case "TrustedProxies":
		return "trusted_proxies"
	case "Sources":
		return "sources"
	case "DangerouslyReportOnly":
		return "report_only" + rest
	case "RateLimit":
		return map[string]string{".PerSecond": "rate_limit.per_second", ".Burst": "rate_limit.burst"}[rest]
	case "Lease":
		return "replay.lease"
	case "Retention":
		return "replay.retention"
	case "Provider":
		return "provider"
	}
	return "path"
}

// signal is the app's code of this receiver: it works for as long, and fails as often, as simulate says, and prints a
// line. The line comes after the work and before the router takes over again, however the work ends. An event whose
// line cannot be written fails, so that the sender sends it again: the line is all that becomes of it.
func (e *endpoint) signal(ev core.Event) (err error) {
	line := signalLine{Endpoint: ev.Endpoint, Provider: ev.Provider, ID: ev.ID, Type: ev.Type, Secret: ev.Secret,
		Attempt: "panic"}
	if d, ok := core.FromContext(ev.Context()); ok {
		line.Tenant = d.Tenant()
		sum := sha256.Sum256(d.Body())
		line.BodySHA256 = hex.EncodeToString(sum[:])
		if labels := d.Credentials(); ev.Secret == "" && len(labels) > 0 {
			line.Secret = labels[0] // nothing was signed: the credential is the proof
		}
	}
	defer func() {
		if failed := e.out.print(map[string]signalLine{"signal": line}); err == nil {
			err = failed
		}
	}()
	err = e.simulator.work(ev.Context())
	line.Attempt = "ok"
	if err != nil {
		line.Attempt = "error"
	}
	return err
}
