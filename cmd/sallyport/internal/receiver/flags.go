package receiver

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

const usage = `receiver receives webhooks and prints a JSON line for each: what people run first, and how a provider is tried
against a tunnel.

  receiver -config receiver.yaml
  receiver -provider stripe -secret-env STRIPE_SECRET -path /hooks -router chi

Try it on this machine, with no provider:

  export HOOK_SECRET=$(openssl rand -hex 32)
  go -C examples run ./receiver -provider github -secret-env HOOK_SECRET -allow-http

  body='{"zen":"Keep it logically awesome."}'
  mac=$(printf %s "$body" | openssl dgst -sha256 -hmac "$HOOK_SECRET" | sed 's/.* //')
  curl -i http://127.0.0.1:8080/hooks -H "X-Hub-Signature-256: sha256=$mac" \
    -H 'X-GitHub-Event: ping' -H 'Content-Type: application/json' --data-binary "$body"

Standard output is one JSON object a line: "listening" first, "signal" for each call of a signal, "answered" for each
delivery that reached none. Logs go to standard error. SIGINT and SIGTERM drain.

After a receiver was fixed, let an event run again with its next delivery ("resend" at the provider):

  receiver -config receiver.yaml -endpoint /hooks/stripe -forget evt_123

Every setting is in examples/receiver/receiver.yaml. One endpoint can be set up by flags:

`

// options are the arguments of the command.
type options struct {
	file                      string
	listen, router            string
	path, provider, secretEnv string
	publicURL, trustedProxies string
	allowHTTP                 bool
	verifyTokenEnv            string
	keys                      []string
	parameters                catalogue.Values
	forget                    []string
	endpoint                  string
	tenant                    string
}

// errUsage is a wrong command line; what is wrong has been printed.
var errUsage = errors.New("wrong usage")

// parseFlags reads the command line. Its errors are errUsage and [flag.ErrHelp].
func parseFlags(args []string, stderr io.Writer) (*options, error) {
	o := options{parameters: catalogue.Values{}}
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.file, "config", "",
		"YAML `file` with any number of endpoints; of the other flags only -forget, -endpoint and -tenant go with it")
	flags.StringVar(&o.provider, "provider", "", "`name` of the provider: "+strings.Join(providerNames(), ", "))
	flags.StringVar(&o.secretEnv, "secret-env", "", "environment `variable` with the secret as the provider's "+
		"dashboard shows it, or user:password;\nduring a rotation a list, NEW,OLD, of which only the first must be set")
	flags.StringVar(&o.path, "path", "/hooks", "`path` of the endpoint, and its name")
	flags.StringVar(&o.router, "router", defaultRouter, "`router`: "+strings.Join(routers(), ", "))
	flags.StringVar(&o.listen, "listen", defaultListen, "`address` to listen on; port 0 picks a free one")
	flags.StringVar(&o.trustedProxies, "trusted-proxies", "",
		"`addresses` of the proxies or tunnel whose X-Forwarded-Proto counts: 127.0.0.1")
	flags.StringVar(&o.publicURL, "public-url", "", "`URL` registered at the provider, for those that sign it")
	flags.StringVar(&o.verifyTokenEnv, "verify-token-env", "",
		"environment `variable` with the verify token, for providers that ask for one")
	flags.Func("key", "`file` with a public key as PEM, for providers that sign with a key pair; may be repeated",
		func(file string) error {
			o.keys = append(o.keys, file)
			return nil
		})
	flags.Func("param", "`name=value` of what the provider needs besides (docs/providers.md), such as "+
		"topics=arn:...; of a secret, the environment variable that holds it; may be repeated", func(text string) error {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return errors.New("it is not name=value")
		}
		o.parameters[name] = append(o.parameters[name], value)
		return nil
	})
	flags.BoolVar(&o.allowHTTP, "allow-http", false, "take deliveries over plain HTTP: for development on one machine")
	flags.Func("forget", "make the replay store forget the event with this `id`, or identity as the logs show it, "+
		"and end; may be repeated", func(id string) error {
		if id == "" {
			return errors.New("it is empty")
		}
		o.forget = append(o.forget, id)
		return nil
	})
	flags.StringVar(&o.endpoint, "endpoint", "",
		"`path` of the endpoint whose events -forget means, where there are several")
	flags.StringVar(&o.tenant, "tenant", "", "`tenant` whose events -forget means, where the endpoint has tenants")
	flags.Usage = func() {
		_, _ = io.WriteString(stderr, usage)
		flags.PrintDefaults()
	}
	wrong := func(format string, args ...any) (*options, error) {
		_, _ = fmt.Fprintf(stderr, "receiver: "+format+"; see receiver -h\n", args...)
		return nil, errUsage
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	if flags.NArg() > 0 {
		return wrong("unexpected argument %q", flags.Arg(0))
	}
	others := 0
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "config" && f.Name != "forget" && f.Name != "endpoint" && f.Name != "tenant" {
			others++
		}
	})
	switch {
	case o.file != "" && others > 0:
		return wrong("-config goes with -forget, -endpoint and -tenant only")
	case o.endpoint != "" && len(o.forget) == 0:
		return wrong("-endpoint goes with -forget")
	case o.tenant != "" && len(o.forget) == 0:
		return wrong("-tenant goes with -forget")
	case o.file == "" && o.provider == "":
		return wrong("give -config, or -provider and -secret-env")
	}
	return &o, nil
}

// config makes a configuration of the flags, in which each setting stands at its flag.
func (o *options) config(m *mistakes) *config {
	if o.file != "" {
		m.file = o.file
		return load(o.file, m)
	}
	e := &endpointConfig{path: o.path, publicURL: o.publicURL, allowHTTP: o.allowHTTP, parameters: o.parameters,
		places: map[string]place{
			"path": {key: "-path"}, "provider": {key: "-provider"}, "secrets": {key: "-secret-env"},
			"credentials": {key: "-secret-env"},
			"public_url":  {key: "-public-url"}, "keys": {key: "-key"}, "verify_token": {key: "-verify-token-env"},
		}}
	known, secret := parameterNames()
	for _, name := range slices.Concat(known, slices.Collect(maps.Keys(o.parameters))) {
		e.places[name] = place{key: "-param " + name}
	}
	m.goodPath(o.path, e.places["path"])
	for _, file := range o.keys {
		e.keys = append(e.keys, m.keyFile(file, e.places["keys"]))
	}
	if o.verifyTokenEnv != "" {
		e.verify = m.secretsFromEnv(strings.Split(o.verifyTokenEnv, ","), e.places["verify_token"])
	}
	if o.secretEnv != "" {
		e.secrets = m.secretsFromEnv(strings.Split(o.secretEnv, ","), e.places["secrets"])
	}
	for name, values := range e.parameters {
		if secret[name] { // a command line is no place for a secret
			e.parameters[name] = revealed(m.secretsFromEnv(values, e.places[name]))
		}
	}
	m.provide(e, o.provider)
	if e.secrets == nil && e.keys == nil && !e.entry.FetchesKeys() && !e.entry.BringsKeys() {
		m.add(e.places["secrets"], "is missing: the environment variable that holds the secret")
	}
	c := &config{
		listen: o.listen, router: o.router, proxies: core.Networks(o.trustedProxies), endpoints: []*endpointConfig{e},
		places: map[string]place{"listen": {key: "-listen"}, "router": {key: "-router"},
			"trusted_proxies": {key: "-trusted-proxies"}},
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
