package catalogue

import (
	"slices"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// The names of the parameters that go into core.Config.
const (
	PublicURL      = "public_url"
	VerifyToken    = "verify_token"
	AwaitSecret    = "await_secret"
	SecretSinkFile = "secret_sink_file"
)

// inConfig are the parameters that an entry needs of core.Config, as its data tell.
func inConfig(e *Entry) []Parameter {
	data, err := entry.Of(e.Sample())
	if err != nil || data == nil {
		return nil
	}
	var all []Parameter
	if (data.SignsURL() || data.HashesURL()) && !e.Has(PublicURL) {
		doc := "the URL registered at the provider, which is signed, with its query"
		switch {
		case !data.SignsURL():
			doc = "the URL registered at the provider, whose hash is a part of the answer when it is saved; without " +
				"it, it is rebuilt from the request, whose host a proxy may have changed"
		case data.Scheme.Boundary().URL:
		case data.Scheme.BodySHA256 != "":
			doc += "; leave it out where the URL differs from message to message: then it is rebuilt from the " +
				"request, and a proxy has to pass the host on"
		default:
			doc += "; without it, it is rebuilt from the request, whose host a proxy may have changed"
		}
		all = append(all, Parameter{
			Name: PublicURL, Field: "PublicURL", Sample: []string{"https://example.com/hooks"},
			Doc: doc,
		})
	}
	if data.AsksVerifyToken() && !e.Has(VerifyToken) {
		all = append(all, Parameter{
			Name: VerifyToken, Field: "Setup.VerifyTokens", List: true, Sample: []string{"a-verify-token-of-this-test"},
			Doc: "the token you chose at the provider, which it presents when the webhook is configured",
		})
	}
	awaits, handsOver := false, false
	for i := range data.Handshakes {
		awaits = awaits || data.Handshakes[i].WhileAwaiting
		handsOver = handsOver || data.Handshakes[i].HandsSecretOver()
	}
	if awaits {
		all = append(all, Parameter{
			Name: AwaitSecret, Field: "Setup.AwaitingSecret", Sample: []string{"true"},
			Doc: "true while the provider has not shown the secret, which it does after its first requests were " +
				"answered",
		})
	}
	if handsOver {
		all = append(all, Parameter{
			Name: SecretSinkFile, Field: "Setup.SecretSink", Sample: []string{"/var/lib/receiver/secret"},
			Doc: "what takes the secret that the provider hands over: a function of yours, or the file that the " +
				"receiver writes it to, and reads it from since",
		})
	}
	return all
}

// Has reports whether an entry has the parameter of a name.
func (e *Entry) Has(name string) bool {
	return slices.ContainsFunc(e.Parameters, func(p Parameter) bool { return p.Name == name })
}
