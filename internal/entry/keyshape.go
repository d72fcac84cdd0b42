package entry

import (
	"slices"
	"strings"
)

// KeyShape is a prefix by which a key can be recognised. Makers publish these prefixes so that leaked keys can be
// found.
type KeyShape struct {
	Prefix string
	What   string // what such a key is: "a personal access token of GitHub"
}

// KeyShapes returns the keys that people paste where a webhook's secret belongs, and that sign no webhooks. An entry
// whose provider does sign with such a key names the prefix in SignsWith.
func KeyShapes() []KeyShape {
	return []KeyShape{
		{"sk_live_", "a secret API key of Stripe and others"},
		{"sk_test_", "a secret API key of Stripe and others"},
		{"rk_live_", "a restricted API key of Stripe"},
		{"rk_test_", "a restricted API key of Stripe"},
		{"pk_live_", "a publishable API key"},
		{"pk_test_", "a publishable API key"},
		{"ghp_", "a personal access token of GitHub"},
		{"gho_", "an OAuth token of GitHub"},
		{"ghu_", "a user token of a GitHub app"},
		{"ghs_", "an installation token of a GitHub app"},
		{"ghr_", "a refresh token of a GitHub app"},
		{"github_pat_", "a personal access token of GitHub"},
		{"glpat-", "a personal access token of GitLab"},
		{"xoxb-", "a bot token of Slack"},
		{"xoxp-", "a user token of Slack"},
		{"xoxe.", "a refreshed token of Slack"},
		{"xapp-", "an app-level token of Slack"},
		{"shpat_", "an access token of Shopify's Admin API"},
		{"shpca_", "an access token of a custom Shopify app"},
		{"SG.", "an API key of SendGrid"},
		{"lin_api_", "an API key of Linear"},
		{"npm_", "an access token of npm"},
		{"AKIA", "the id of an AWS access key"},
		{"ASIA", "the id of a temporary AWS access key"},
		// Whoever has the public key could sign: it fails closed, but for senders that sign with a key pair.
		{pemHead, "a key or certificate in PEM"},
	}
}

const pemHead = "-----BEGIN "

// takesKeys reports whether the secrets of this entry may be keys in PEM.
func (e *Entry) takesKeys() bool {
	s := e.Scheme
	return s != nil && (s.Custom != nil || s.Algorithm.PublicKey() || s.Second != nil && s.Second.Algorithm.PublicKey())
}

// ShapeOf returns the kind of key that the text looks like, unless the entry's provider signs with that kind.
func (e *Entry) ShapeOf(text string) (KeyShape, bool) {
	for _, shape := range KeyShapes() {
		if !strings.HasPrefix(text, shape.Prefix) { //lint:notsecret a key's prefix is public
			continue
		}
		if shape.Prefix == pemHead && e.takesKeys() {
			return KeyShape{}, false
		}
		if slices.Contains(e.SignsWith, shape.Prefix) {
			return KeyShape{}, false
		}
		return shape, true
	}
	return KeyShape{}, false
}
