package core

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// keyShape is a prefix that tells what a key is.
type keyShape struct {
	prefix string
	what   string
	// signs are the providers that do sign with such a key.
	signs []string
}

// keyShapes are keys that look like secrets and are for something else. The prefixes are those that their makers publish
// so that leaked keys can be found.
func keyShapes() []keyShape {
	return []keyShape{
		{"sk_live_", "a secret API key of Stripe", []string{"paystack"}},
		{"sk_test_", "a secret API key of Stripe", []string{"paystack"}},
		{"rk_live_", "a restricted API key of Stripe", nil},
		{"rk_test_", "a restricted API key of Stripe", nil},
		{"pk_live_", "a publishable API key", nil},
		{"pk_test_", "a publishable API key", nil},
		{"ghp_", "a personal access token of GitHub", nil},
		{"gho_", "an OAuth token of GitHub", nil},
		{"ghu_", "a user token of a GitHub app", nil},
		{"ghs_", "an installation token of a GitHub app", nil},
		{"github_pat_", "a personal access token of GitHub", nil},
		{"glpat-", "a personal access token of GitLab", nil},
		{"xoxb-", "a bot token of Slack", nil},
		{"xoxp-", "a user token of Slack", nil},
		{"xapp-", "an app-level token of Slack", nil},
		{"shpat_", "an access token of Shopify's Admin API", nil},
		{"SG.", "an API key of SendGrid", nil},
		{"lin_api_", "an API key of Linear", nil},
		{"AKIA", "the id of an AWS access key", nil},
	}
}

// wholePrefix is what the secrets of a provider begin with, where it is a part of the key.
func wholePrefix(provider string) string {
	switch provider {
	case "stripe", "alchemy":
		return "whsec_"
	case "revolut":
		return "wsk_"
	}
	return ""
}

// shapes tells of secrets that look like something else.
func (x *examiner) shapes() (all []Finding) {
	list := x.list()
	if list == nil {
		return nil
	}
	for i := range list.keys.list {
		k := &list.keys.list[i]
		if k.public != nil {
			continue
		}
		if f, odd := x.g.shapeOf(&k.secret); odd {
			all = append(all, f)
		}
	}
	return all
}

// shapeOf says what a secret looks like, if that is not what signs.
func (g *Guard) shapeOf(s *Secret) (Finding, bool) {
	text := s.reveal()
	for _, shape := range keyShapes() {
		if strings.HasPrefix(text, shape.prefix) && !slices.Contains(shape.signs, g.entry.Name) { //lint:notsecret a key's prefix is public
			return Finding{FindingSecretKind, "the secret begins with " + shape.prefix + " as " + shape.what + " does, which signs no webhooks", g.whereSecret(), s.label}, true
		}
	}
	if want := wholePrefix(g.entry.Name); want != "" && !strings.HasPrefix(text, want) { //lint:notsecret a key's prefix is public
		return Finding{FindingSecretKind, "the secret does not begin with " + want + ", as those of " + g.entry.Title + " do", g.whereSecret() + "; copy it whole, with its beginning", s.label}, true
	}
	return Finding{}, false
}

// announceShapes says at start which secrets look like something else. They are not refused: how somebody else's keys
// look is no law.
func (g *Guard) announceShapes() {
	v := g.verifier
	if v == nil || v.ring == nil || v.scheme.Custom != nil || v.mac < 0 || g.tenant.set {
		return
	}
	list, err := v.ring.current(context.Background(), "", g.now())
	if err != nil {
		return
	}
	for i := range list.keys.list {
		if k := &list.keys.list[i]; k.public == nil {
			if f, odd := g.shapeOf(&k.secret); odd {
				g.logger.Warn("sallyport: a secret looks like another kind of key", "endpoint", g.endpoint, "provider", g.provider,
					"secret", f.Secret, "detail", f.Text, "mend", f.Mend)
			}
		}
	}
}

// whereSecret says where the right secret is.
func (g *Guard) whereSecret() string {
	if g.entry.SecretFrom != "" {
		return "copy the signing secret from " + g.entry.Title + ": " + g.entry.SecretFrom
	}
	return "give this endpoint the very secret that the sender signs with"
}

// spelling is another reading of the text of a secret.
type spelling struct {
	text string
	read func(string) []byte
}

func (g *Guard) spellingsOf() []spelling {
	decoded := func(decode func(string) ([]byte, error)) func(string) []byte {
		return func(s string) []byte {
			if raw, err := decode(s); err == nil {
				return raw
			}
			return nil
		}
	}
	all := []spelling{
		{"without the quotes around it", func(s string) []byte {
			if trimmed := strings.Trim(s, `"'`); len(trimmed) < len(s) {
				return []byte(trimmed)
			}
			return nil
		}},
		{"with a line break at its end: so it was given to the provider", func(s string) []byte { return []byte(s + "\n") }},
		{"with its text as the key, not decoded", func(s string) []byte { return []byte(s) }},
		{"with its text behind the prefix as the key, not decoded", func(s string) []byte {
			if _, rest, ok := strings.Cut(s, "_"); ok {
				return []byte(rest)
			}
			return nil
		}},
		{"decoded from base64", decoded(func(s string) ([]byte, error) {
			_, rest, ok := strings.Cut(s, "_")
			if !ok {
				rest = s
			}
			return base64.RawStdEncoding.DecodeString(strings.TrimRight(rest, "="))
		})},
		{"decoded from hexadecimal", decoded(hex.DecodeString)},
	}
	if prefix := wholePrefix(g.entry.Name); prefix != "" {
		all = append([]spelling{{"with " + prefix + " before it", func(s string) []byte { return []byte(prefix + s) }}}, all...)
	}
	return all
}

// spellings tries each secret in the other readings of its text.
func (x *examiner) spellings(keys *compiledKeys, url string) (Finding, bool) {
	v := x.g.verifier
	if v.mac < 0 {
		return Finding{}, false
	}
	for _, k := range keys.list {
		if k.kind != v.mac || k.public != nil {
			continue
		}
		for _, other := range x.g.spellingsOf() {
			raw := other.read(k.secret.reveal())
			if len(raw) == 0 {
				continue
			}
			made := v.secretKey(&checkedSecret{Secret: k.secret, decodedKey: decodedKey{kind: k.kind, bytes: raw}})
			if label, ok := x.matches(&compiledKeys{list: []activeKey{made}}, url, x.body); ok {
				return Finding{FindingSecretSpelling, "the signature matches the secret " + other.text, "configure the secret so that its key is this one; " + x.g.whereSecret(), label}, true
			}
			if x.left <= 0 {
				return Finding{}, false
			}
		}
	}
	return Finding{}, false
}
