package receiver

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// credentialConfig is a credential and where it stands, relative to its endpoint.
type credentialConfig struct {
	core.Credential
	key    string // "credentials.header"
	values string // "credentials.header.values"
}

// maxSecretFile is far more than any key takes: what is longer is another file.
const maxSecretFile = 64 << 10

// secrets reads a list of secrets and notes the place of each, for what the core finds wrong with them.
func (r reader) secrets(n *yaml.Node, at place, places map[string]place, key string) []secrets.Secret {
	var all []secrets.Secret
	r.list(n, at, func(n *yaml.Node, at place) {
		places[fmt.Sprintf("%s[%d]", key, len(all))] = at
		all = append(all, r.secret(n, at))
	})
	return all
}

// secret reads the text of a secret, or a mapping that says where it is. One that does not read stays in the list, so
// that the others keep their numbers.
func (r reader) secret(n *yaml.Node, at place) secrets.Secret {
	if follow(n).Kind != yaml.MappingNode {
		text, _ := r.text(n, at)
		return secrets.New("", text)
	}
	var value, env, file, label string
	var notBefore, notAfter time.Time
	found := r.mapping(n, at, map[string]field{
		"value":      into(&value, r.text),
		"env":        into(&env, r.text),
		"file":       into(&file, r.text),
		"label":      into(&label, r.text),
		"not_before": into(&notBefore, r.instant),
		"not_after":  into(&notAfter, r.instant),
	})
	sources := 0
	for _, key := range []string{"value", "env", "file"} {
		if _, given := found[key]; given {
			sources++
		}
	}
	if sources != 1 {
		r.add(at, "must have one of value, env and file")
	}
	switch {
	case env != "":
		value = r.fromEnv(env, found["env"])
		label = cmp.Or(label, env) // as secrets.FromEnv calls it
	case file != "":
		value = r.fromFile(file, found["file"])
	}
	return secrets.New(label, value).ValidFrom(notBefore).ValidUntil(notAfter)
}

// Unset says that a variable is not set. What does not look like the name of one may be the secret itself, which
// somebody gave in its place: it is not quoted.
func Unset(name string) string {
	const usual = "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if strings.Trim(name, usual) != "" || len(name) > 64 {
		return "no environment variable has this name: give the name of one that holds the secret, and not the secret"
	}
	return "the environment variable " + name + " is not set"
}

// fromEnv reads a variable. A variable that is empty is a mistake in how the program was started, not an absent secret.
func (m *mistakes) fromEnv(name string, at place) string {
	text, set := os.LookupEnv(name)
	switch {
	case !set:
		m.add(at, "%s", Unset(name))
	case text == "":
		m.add(at, "the environment variable %s is empty", name)
	}
	return text
}

// fromFile reads a file without the one line break that editors and echo put at its end.
func (m *mistakes) fromFile(name string, at place) string {
	data, err := readAtMost(name, maxSecretFile)
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	switch {
	case err != nil:
		m.add(at, "%v", err)
	case len(data) > maxSecretFile:
		m.add(at, "the file %s is longer than any secret", name)
	case len(text) == 0:
		m.add(at, "the file %s is empty", name)
	}
	return text
}

// credentials reads what is required in addition to a signature, or in its place.
func (r reader) credentials(n *yaml.Node, at place, places map[string]place) []credentialConfig {
	var all []credentialConfig
	// authorization reads the kinds whose place in a request has no name.
	authorization := func(kind string, make func(secrets.Source) core.Credential) field {
		return func(n *yaml.Node, at place) {
			key := "credentials." + kind
			places[key] = at
			all = append(all, credentialConfig{make(secrets.Labeled(r.secrets(n, at, places, key)...)), key, key})
		}
	}
	named := func(kind string, make func(string, secrets.Source) core.Credential) field {
		return func(n *yaml.Node, at place) {
			key := "credentials." + kind
			var name string
			var values []secrets.Secret
			places[key] = at
			found := r.mapping(n, at, map[string]field{
				"name":   into(&name, r.text),
				"values": func(n *yaml.Node, at place) { values = r.secrets(n, at, places, key+".values") },
			})
			for _, sub := range []string{"name", "values"} {
				if p, given := found[sub]; given {
					places[key+"."+sub] = p
				} else if follow(n).Kind == yaml.MappingNode {
					r.add(at.of(sub, at.line), "is missing")
				}
			}
			all = append(all, credentialConfig{make(name, secrets.Labeled(values...)), key, key + ".values"})
		}
	}
	found := r.mapping(n, at, map[string]field{
		"basic":  authorization("basic", core.BasicAuth),
		"bearer": authorization("bearer", core.BearerToken),
		"header": named("header", core.HeaderToken),
		"query":  named("query", core.QueryToken),
	})
	if len(found) == 0 && follow(n).Kind == yaml.MappingNode && len(follow(n).Content) == 0 {
		r.add(at, "must have one of basic, bearer, header and query")
	}
	return all
}
