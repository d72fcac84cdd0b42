package receiver

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// tenantConfig is how an endpoint that receives for many finds out for whom.
type tenantConfig struct {
	parameter string // of the path, behind the endpoint's own
	header    string
	of        map[string]secrets.Source // what proves each; nil: there are no tenants
}

// key is where the guard finds the tenant.
func (t *tenantConfig) key() core.TenantKey {
	switch {
	case t.parameter != "":
		return core.TenantFromPath(t.parameter)
	case t.header != "":
		return core.TenantFromHeader(t.header)
	}
	return core.TenantKey{}
}

// tenant reads where a request names its tenant.
func (r reader) tenant(n *yaml.Node, at place, t *tenantConfig) {
	found := r.mapping(n, at, map[string]field{
		"path": func(n *yaml.Node, at place) {
			if text, ok := r.text(n, at); ok && !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(text) {
				r.add(at, "must be the name of a parameter in small letters, such as tenant, not %q", text)
			} else {
				t.parameter = text
			}
		},
		"header": into(&t.header, r.text),
	})
	if len(found) != 1 && follow(n).Kind == yaml.MappingNode {
		r.add(at, "must have one of path and header")
	}
}

// tenantSecrets reads the secrets of each tenant: a list, or a file that is followed.
func (r reader) tenantSecrets(n *yaml.Node, at place, t *tenantConfig, places map[string]place) {
	n = follow(n)
	t.of = map[string]secrets.Source{}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		r.add(at, "must be a mapping with the secrets of each tenant")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], follow(n.Content[i+1])
		if name.Kind != yaml.ScalarNode {
			r.add(at.of("?", name.Line), "a tenant must be a word")
			continue
		}
		key := "tenants." + name.Value
		here := at.of(name.Value, name.Line)
		if before, twice := places[key]; twice {
			r.add(here, "this tenant stands twice, first in line %d", before.line)
			continue
		}
		places[key] = here
		if value.Kind != yaml.MappingNode {
			t.of[name.Value] = secrets.Labeled(r.secrets(value, here, places, key)...)
			continue
		}
		var file string
		r.mapping(value, here, map[string]field{"secrets_file": into(&file, r.text)})
		if file == "" {
			r.add(here, "must be a list of secrets, or have a secrets_file")
		}
		t.of[name.Value] = secrets.FromFiles(file)
	}
}

// checkSecrets judges what the keys about secrets mean together.
func (r reader) checkSecrets(e *endpointConfig) {
	one := func(key string, others ...string) {
		at, given := e.places[key]
		if !given {
			return
		}
		for _, other := range others {
			if _, too := e.places[other]; too {
				r.add(at, "goes without %s; give one of the two", other)
			}
		}
	}
	one("secrets_file", "secrets", "keys", "tenants")
	one("tenants", "secrets", "keys")
	// A secret that is configured is not awaited, and nobody can replace it.
	one("secret_sink_file", "secrets", "secrets_file", "keys", "tenants", "await_secret")
	if e.await {
		one("await_secret", "secrets", "keys", "tenants")
	}
	_, tenant := e.places["tenant"]
	at, tenants := e.places["tenants"]
	switch {
	case tenant && !tenants:
		r.add(e.places["tenant"], "goes with tenants, which have the secrets of each")
	case tenants && !tenant:
		r.add(at, "go with tenant, which says where a request names its tenant")
	}
}

// secretSource is what the endpoint's signing secrets come from; nil: none are configured.
func (e *endpointConfig) secretSource() secrets.Source {
	switch {
	case e.tenants.of != nil:
		return secrets.ByTenant(e.tenants.of)
	case e.awaits():
		return nil
	case e.secretFile() != "":
		return secrets.FromFiles(e.secretFile())
	case e.secrets != nil || e.keys != nil:
		return secrets.Labeled(slices.Concat(e.secrets, e.keys)...)
	}
	return nil
}

// keyOfSecret is the key that a secret of [core.Config] was set by; rest is what follows the field's name.
func (e *endpointConfig) keyOfSecret(rest string) string {
	switch {
	case e.sinkFile != "":
		return "secret_sink_file"
	case e.secretsFile != "":
		return "secrets_file"
	}
	for _, tenant := range slices.Sorted(maps.Keys(e.tenants.of)) {
		quoted := "[" + strconv.Quote(tenant) + "]"
		if len(rest) >= len(quoted) && rest[:len(quoted)] == quoted {
			return "tenants." + tenant + rest[len(quoted):]
		}
	}
	if e.tenants.of != nil {
		return "tenants"
	}
	return "secrets" + rest
}

// pattern returns the endpoint's path with the parameter that names the tenant.
func (e *endpoint) pattern() string {
	if e.parameter == "" {
		return e.path
	}
	return strings.TrimSuffix(e.path, "/") + "/{" + e.parameter + "}"
}
