package receiver

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/inspector"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// Options are the flags of serve: a file, or one endpoint.
type Options struct {
	File string // of the configuration; empty: the flags below

	Listen, Router            string
	Path, Provider, SecretEnv string
	PublicURL, TrustedProxies string
	AllowHTTP                 bool
	VerifyTokenEnv            string
	Keys, Parameters          []string

	Secret string // one that no variable holds, where SecretEnv is empty; there is no flag for it

	Page string // the address of the page in the browser; empty: there is none
	// KeepPage keeps the page for other commands, until forget is called. nil: it is not kept.
	KeepPage func(*inspector.Local) (forget func())

	level slog.Level // of the log; zero: INFO
}

// Defaults returns the options of no flags at all.
func Defaults() *Options {
	return &Options{Listen: defaultListen, Router: defaultRouter, Path: "/hooks"}
}

// Flags adds the flags to a set.
func (o *Options) Flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.File, "config", "", "YAML `file` with any number of endpoints, in the place of the flags of one")
	flags.StringVar(&o.Provider, "provider", "", "`name` of the sender, as \"sallyport providers\" lists it")
	flags.StringVar(&o.SecretEnv, "secret-env", "", "environment `variable` with the secret as the sender's "+
		"dashboard shows it, or user:password;\nduring a rotation a list, NEW,OLD, of which only the first must be set")
	flags.StringVar(&o.Path, "path", "/hooks", "`path` of the endpoint, and its name")
	flags.StringVar(&o.Router, "router", defaultRouter, "`router`: "+strings.Join(Routers(), ", "))
	flags.StringVar(&o.Listen, "listen", defaultListen, "`address` to listen on; port 0 picks a free one")
	flags.StringVar(&o.TrustedProxies, "trusted-proxies", "",
		"`addresses` of the proxies or tunnel whose X-Forwarded-Proto counts: 127.0.0.1")
	flags.StringVar(&o.PublicURL, "public-url", "", "`URL` registered at the sender, for those that sign it")
	flags.StringVar(&o.VerifyTokenEnv, "verify-token-env", "",
		"environment `variable` with the verify token, for senders that ask for one")
	flags.StringArrayVar(&o.Keys, "key", nil,
		"`file` with a public key as PEM, for senders that sign with a key pair; may be repeated")
	flags.StringArrayVar(&o.Parameters, "param", nil, "`name=value` of what the sender needs besides "+
		"(\"sallyport providers NAME\"), such as topics=arn:...;\nof a secret, the environment variable that holds "+
		"it; may be repeated")
	flags.BoolVar(&o.AllowHTTP, "allow-http", false, "take deliveries over plain HTTP: for development on one machine")
}

// PageFlag adds the flag of the page, which goes with a file and with the flags of one endpoint.
func (o *Options) PageFlag(flags *pflag.FlagSet) {
	flags.StringVar(&o.Page, "page", "", "`address` of a page in the browser that shows what arrives, of this "+
		"machine: 127.0.0.1:4401; port 0 is any free one.\nIt keeps the events of this run in memory. Default: no page")
}

// Check reports flags that do not go together.
func (o *Options) Check(flags *pflag.FlagSet) error {
	if o.File == "" && o.Provider == "" {
		return errors.New("--config is missing; or give --provider and --secret-env")
	}
	if o.File == "" {
		_, err := o.values()
		return err
	}
	var others []string
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(Options).Flags(own)
	flags.Visit(func(f *pflag.Flag) {
		if f.Name != "config" && own.Lookup(f.Name) != nil {
			others = append(others, "--"+f.Name)
		}
	})
	if len(others) > 0 {
		return fmt.Errorf("--config goes without %s: the file says it", strings.Join(others, ", "))
	}
	return nil
}

// values reads the parameters of the sender.
func (o *Options) values() (catalogue.Values, error) {
	all := catalogue.Values{}
	for _, text := range o.Parameters {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("--param %.200q is not name=value", text)
		}
		all[name] = append(all[name], value)
	}
	return all, nil
}

// config makes a configuration of the flags, in which each setting stands at its flag.
func (o *Options) config(m *mistakes) *config {
	if o.File != "" {
		m.file = o.File
		return load(o.File, m)
	}
	parameters, err := o.values()
	if err != nil {
		m.add(place{}, "%v", err)
	}
	e := &endpointConfig{path: o.Path, publicURL: o.PublicURL, allowHTTP: o.AllowHTTP, parameters: parameters,
		places: map[string]place{
			"path": {key: "--path"}, "provider": {key: "--provider"}, "secrets": {key: "--secret-env"},
			"credentials": {key: "--secret-env"},
			"public_url":  {key: "--public-url"}, "keys": {key: "--key"}, "verify_token": {key: "--verify-token-env"},
		}}
	known, secret := parameterNames()
	for _, name := range slices.Concat(known, slices.Collect(maps.Keys(parameters))) {
		e.places[name] = place{key: "--param " + name}
	}
	m.goodPath(o.Path, e.places["path"])
	for _, file := range o.Keys {
		e.keys = append(e.keys, m.keyFile(file, e.places["keys"]))
	}
	if o.VerifyTokenEnv != "" {
		e.verify = m.secretsFromEnv(strings.Split(o.VerifyTokenEnv, ","), e.places["verify_token"])
	}
	if o.Secret != "" {
		e.secrets = []secrets.Secret{secrets.New("kept-by-listen", o.Secret)}
	}
	if o.SecretEnv != "" {
		e.secrets = m.secretsFromEnv(strings.Split(o.SecretEnv, ","), e.places["secrets"])
	}
	for name, values := range e.parameters {
		if secret[name] { // a command line is no place for a secret
			e.parameters[name] = revealed(m.secretsFromEnv(values, e.places[name]))
		}
	}
	m.provide(e, o.Provider)
	if e.secrets == nil && e.keys == nil && !e.entry.FetchesKeys() && !e.entry.BringsKeys() {
		m.add(e.places["secrets"], "is missing: the environment variable that holds the secret")
	}
	c := &config{
		listen: o.Listen, router: o.Router, proxies: core.Networks(o.TrustedProxies), endpoints: []*endpointConfig{e},
		places: map[string]place{"listen": {key: "--listen"}, "router": {key: "--router"},
			"trusted_proxies": {key: "--trusted-proxies"}},
	}
	c.check(m)
	return c
}

// secretsFromEnv reads a secret, and the others of a rotation where they are set.
func (m *mistakes) secretsFromEnv(names []string, at place) []secrets.Secret {
	var all []secrets.Secret
	for i, name := range names {
		if _, set := os.LookupEnv(name); set || i == 0 {
			all = append(all, secrets.New(name, m.fromEnv(name, at)))
		}
	}
	return all
}
