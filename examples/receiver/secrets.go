package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-go/sallyport/core"
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
func (r reader) secrets(n *yaml.Node, at place, places map[string]place, key string) []core.Secret {
	var all []core.Secret
	r.list(n, at, func(n *yaml.Node, at place) {
		places[fmt.Sprintf("%s[%d]", key, len(all))] = at
		all = append(all, r.secret(n, at))
	})
	return all
}

// secret reads the text of a secret, or a mapping that says where it is. One that does not read stays in the list, so
// that the others keep their numbers.
func (r reader) secret(n *yaml.Node, at place) core.Secret {
	if follow(n).Kind != yaml.MappingNode {
		text, _ := r.text(n, at)
		return core.NewSecret("", text)
	}
	var value, env, file, label string
	var secret core.Secret
	from, until := secret.ValidFrom, secret.ValidUntil
	found := r.mapping(n, at, map[string]field{
		"value":      into(&value, r.text),
		"env":        into(&env, r.text),
		"file":       into(&file, r.text),
		"label":      into(&label, r.text),
		"not_before": func(n *yaml.Node, at place) { secret = r.validity(n, at, from) },
		"not_after":  func(n *yaml.Node, at place) { secret = r.validity(n, at, until) },
	})
	return secret
}
