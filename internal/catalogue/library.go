package catalogue

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/httpsig"
	"github.com/sallyport-go/sallyport/core/provider/jwt"
)

// tokens are the entries of core/provider/jwt.
func tokens() []Entry {
	audience := Parameter{
		Name: "audience", Required: true, Sample: []string{"https://example.com/hooks"},
		Doc: "the audience of the push subscription or of the trigger; where none was set there, the endpoint's URL",
	}
	accounts := Parameter{
		Name: "service_accounts", Required: true, List: true, Sample: []string{"push@project.iam.gserviceaccount.com"},
		Doc: "the service accounts that the subscription or the trigger authenticates as",
	}
	google := func(v Values) jwt.GoogleConfig {
		return jwt.GoogleConfig{Audience: v.One("audience"), ServiceAccounts: v["service_accounts"]}
	}
	googleKeys := func(_ Values, o keys.Options) (core.KeySource, error) { return keys.Google(o) }
	all := plain(Library, "core/provider/jwt",
		[]core.Provider{jwt.JiraOAuth(), jwt.LiveKit(), jwt.MessageBird(), jwt.Netlify(), jwt.Plaid(), jwt.Vonage()})
	for _, e := range []Entry{
		{
			Parameters: []Parameter{audience, accounts},
			make:       func(v Values) core.Provider { return jwt.GooglePubSub(google(v)) }, keys: googleKeys,
		},
		{
			Parameters: []Parameter{audience, accounts},
			make:       func(v Values) core.Provider { return jwt.GoogleEventarc(google(v)) }, keys: googleKeys,
		},
		{
			Parameters: []Parameter{audience, accounts},
			make:       func(v Values) core.Provider { return jwt.GooglePlay(google(v)) }, keys: googleKeys,
		},
		{
			Parameters: []Parameter{{
				Name: "algorithm", Required: true, Sample: []string{"RS256"},
				Doc: "the algorithm of the key that signs events: RS256, ES256, EdDSA or HS256",
			}},
			make: func(v Values) core.Provider { return jwt.FusionAuth(v.One("algorithm")) },
		},
		{
			Parameters: []Parameter{{
				Name: "audience", Required: true, Sample: []string{"https://example.com/hooks"},
				Doc: "the endpoint's URL as it is registered at monday.com",
			}},
			make: func(v Values) core.Provider { return jwt.Monday(v.One("audience")) },
		},
		{
			Parameters: []Parameter{
				{Name: "client_keys", Required: true, List: true, Sample: []string{"a-client-key"},
					Doc: "the clientKey of each installation, as the app's installed callback reports it"},
				{Name: "base_path", Sample: []string{"/"}, Doc: "the path of the app's baseUrl, which the hash of a " +
					"request leaves out; default /"},
			},
			make: func(v Values) core.Provider {
				return jwt.JiraConnect(jwt.JiraConnectConfig{ClientKeys: v["client_keys"],
					BasePath: v.One("base_path")})
			},
		},
	} {
		e.Kind, e.Package = Library, "core/provider/jwt"
		all = append(all, e)
	}
	return all
}

// signatures is the entry of core/provider/httpsig.
func signatures() Entry {
	return Entry{
		Kind: Library, Package: "core/provider/httpsig",
		Parameters: []Parameter{
			{Name: "algorithm", Required: true, Sample: []string{"hmac-sha256"}, Doc: "hmac-sha256, ed25519, " +
				"ecdsa-p256-sha256, rsa-pss-sha512 or rsa-v1_5-sha256, as the sender signs"},
			{
				Name: "components", Required: true, List: true,
				Sample: []string{"@method", "@target-uri", "content-digest"},
				Doc: "what the signature has to cover: content-digest, @authority or @target-uri, and what else " +
					"the sender promises",
			},
			{Name: "key_encoding", Sample: []string{"text"}, Doc: "how the secret of hmac-sha256 is encoded: text, " +
				"base64 or hex; default text"},
			{Name: "label", Sample: []string{"sig1"},
				Doc: "the label of the signature, where a delivery carries several"},
			{Name: "tag", Sample: []string{"webhook"}, Doc: "the tag of the signature, where the sender sets one"},
		},
		make: func(v Values) core.Provider {
			return httpsig.RFC9421(httpsig.Config{
				Algorithm: httpsig.Algorithm(v.One("algorithm")), Components: v["components"],
				KeyEncoding: httpsig.Encoding(v.One("key_encoding")), Label: v.One("label"), Tag: v.One("tag"),
			})
		},
	}
}
