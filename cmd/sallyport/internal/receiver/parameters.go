package receiver

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// parameterNames are the keys of what providers need besides secrets: whichever of them needs it. What goes into
// core.Config instead of into the provider has keys of its own. The values of some are secrets, and are given as the
// others are: as they stand, by the name of an environment variable or of a file.
func parameterNames() (names []string, secret map[string]bool) {
	secret = map[string]bool{}
	for _, e := range catalogue.All() {
		for _, p := range e.Parameters {
			if p.Field == "" && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
				secret[p.Name] = p.Secret
			}
		}
	}
	return names, secret
}

// secretTexts reads one secret, or a list of them.
func (r reader) secretTexts(n *yaml.Node, at place, places map[string]place, key string) []string {
	if follow(n).Kind == yaml.SequenceNode {
		return revealed(r.secrets(n, at, places, key))
	}
	return revealed([]secrets.Secret{r.secret(n, at)})
}

func revealed(all []secrets.Secret) []string {
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = all[i].DangerouslyReveal()
	}
	return texts
}

// provide makes the endpoint's provider of its name and parameters, and notes what is missing, unknown or too much.
func (m *mistakes) provide(e *endpointConfig, name string) {
	found, ok := catalogue.ByName(name)
	if !ok {
		m.add(e.place("provider"), "%s", catalogue.Unknown(name))
		return
	}
	good := true
	wrong := func(key, format string, args ...any) {
		m.add(e.place(key), format, args...)
		good = false
	}
	takes := map[string]catalogue.Parameter{}
	for _, p := range found.Parameters {
		takes[p.Name] = p
		values, given := e.parameters[p.Name]
		switch {
		case p.Required && !given:
			wrong(p.Name, "is missing, and %s needs it: %s", name, p.Doc)
		case p.Field == "" && !p.List && len(values) > 1:
			wrong(p.Name, "%s takes one value, not %d", name, len(values))
		case given && p.Field == "" && len(values) == 0:
			good = false // noted where it was read
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e.parameters)) {
		switch p, known := takes[key]; {
		case !known:
			wrong(key, "%s has no such parameter%s", name, listed(found.Parameters))
		case key == catalogue.AwaitSecret || key == catalogue.SecretSinkFile:
			wrong(key, "stands in a file only: see --config")
		case p.Field != "":
			wrong(key, "has a flag of its own")
		}
	}
	if _, known := takes[catalogue.VerifyToken]; e.verify != nil && !known {
		wrong(catalogue.VerifyToken, "%s asks for none%s", name, listed(found.Parameters))
	}
	if _, known := takes[catalogue.SecretSinkFile]; e.sinkFile != "" && !known {
		wrong(catalogue.SecretSinkFile, "%s hands no secret over%s", name, listed(found.Parameters))
	}
	if e.await && found.FetchesKeys() {
		wrong(catalogue.AwaitSecret, "%s publishes its keys: no secret is awaited", name)
	}
	if !good {
		return
	}
	p, err := found.Provider(e.parameters)
	if err != nil {
		wrong("provider", "%v", err)
		return
	}
	if e.keys != nil && !verifiesWithKeys(p) {
		wrong("keys", "%s signs with a secret, which is no public key: give it in secrets", name)
		return
	}
	e.provider, e.entry = p, found
}

// keySource fetches the keys of a provider that publishes them, unless some are configured.
func (e *endpointConfig) keySource(now func() time.Time) (core.KeySource, error) {
	if !e.entry.FetchesKeys() || e.keys != nil || e.secrets != nil {
		return nil, nil
	}
	return e.entry.Keys(e.parameters, keys.Options{Now: now})
}

// listed says which parameters there are.
func listed(parameters []catalogue.Parameter) string {
	var names []string
	for _, p := range parameters {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "; it needs nothing but secrets"
	}
	return "; it takes " + strings.Join(names, ", ")
}

// verifiesWithKeys says that the provider's deliveries are verified with public keys.
func verifiesWithKeys(p core.Provider) bool {
	data, err := entry.Of(p)
	if err != nil || data == nil || data.Scheme == nil {
		return err != nil // what is wrong with the provider is the core's to say
	}
	s := data.Scheme
	if s.Custom != nil {
		return s.Custom.Traits().Pair != 0 || s.Custom.Traits().Keyless
	}
	return s.Algorithm.PublicKey() || s.Second != nil && s.Second.Algorithm.PublicKey()
}

// texts reads one text, or a list of them.
func (r reader) texts(n *yaml.Node, at place) []string {
	var all []string
	one := func(n *yaml.Node, at place) {
		if text, ok := r.text(n, at); ok {
			all = append(all, text)
		}
	}
	if follow(n).Kind == yaml.SequenceNode {
		r.list(n, at, one)
		return all
	}
	one(n, at)
	return all
}

// keyFiles reads a list of files with public keys.
func (r reader) keyFiles(n *yaml.Node, at place, places map[string]place) []secrets.Secret {
	var all []secrets.Secret
	r.list(n, at, func(n *yaml.Node, at place) {
		places[at.key[strings.LastIndex(at.key, "keys["):]] = at
		name, ok := r.text(n, at)
		if !ok {
			all = append(all, secrets.New("", ""))
			return
		}
		all = append(all, r.keyFile(name, at))
	})
	return all
}

// keyFile reads one, whose label is the file's name.
func (m *mistakes) keyFile(name string, at place) secrets.Secret {
	return secrets.New(filepath.Base(name), m.fromFile(name, at))
}

// verifyTokens reads one token, or a list of them, each as secrets are given.
func (r reader) verifyTokens(n *yaml.Node, at place, places map[string]place) []secrets.Secret {
	if follow(n).Kind == yaml.SequenceNode {
		return r.secrets(n, at, places, catalogue.VerifyToken)
	}
	return []secrets.Secret{r.secret(n, at)}
}
