package catalogue

import (
	"slices"

	"github.com/sallyport-go/sallyport/core"
)

// The names of the parameters that go into core.Config.
const (
	PublicURL   = "public_url"
	VerifyToken = "verify_token"
)

// inConfig are the parameters that an entry needs of core.Config, as its data tell.
func inConfig(e *Entry) []Parameter {
	data, err := core.EntryOf(e.Sample())
	if err != nil || data == nil {
		return nil
	}
	var all []Parameter
	if data.SignsURL() && !has(e.Parameters, PublicURL) {
		all = append(all, Parameter{
			Name: PublicURL, Field: "PublicURL", Sample: []string{"https://example.com/hooks"},
			Doc: "the URL registered at the provider, which is signed; without it, it is rebuilt from the request",
		})
	}
	if data.AsksVerifyToken() && !has(e.Parameters, VerifyToken) {
		all = append(all, Parameter{
			Name: VerifyToken, Field: "VerifyTokens", List: true, Sample: []string{"a-verify-token-of-this-test"},
			Doc: "the token you chose at the provider, which its GET presents when the webhook is configured",
		})
	}
	return all
}

func has(all []Parameter, name string) bool {
	return slices.ContainsFunc(all, func(p Parameter) bool { return p.Name == name })
}
