package catalogue

import (
	"slices"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// keySource makes the source that fetches what an entry's provider publishes, from the places that are pinned for it.
type keySource func(Values, keys.Options) (core.KeySource, error)

// FetchesKeys says that the entry's provider publishes its keys: core.Config.Keys fetches them, unless they are
// configured as secrets.
func (e Entry) FetchesKeys() bool { return e.keys != nil }

// BringsKeys says that deliveries bring their keys, which the parameters vouch for: nothing else has to be configured.
func (e Entry) BringsKeys() bool {
	if e.make == nil { // no entry of that name was found
		return false
	}
	data, err := entry.Of(e.Sample())
	return err == nil && data != nil && data.BringsKeys()
}

// Keys is the source of an entry that [Entry.FetchesKeys]; nil for another.
func (e Entry) Keys(values Values, o keys.Options) (core.KeySource, error) {
	if e.keys == nil {
		return nil, nil
	}
	return e.keys(values, o)
}

// published are the entries of core/provider that sign for everybody with keys that they publish.
func published() []Entry {
	topics := Parameter{
		Name: "topics", Required: true, List: true, Sample: []string{"arn:aws:sns:eu-west-1:123456789012:orders"},
		Doc: "the ARNs of your topics, as the SNS console shows them; messages of other topics are refused",
	}
	confirm := Parameter{
		Name: "confirm", Sample: []string{"no"},
		Doc: "yes: a subscription of this endpoint to one of the topics is confirmed when SNS asks for it; default no",
	}
	sns := func(make func(provider.SNSConfig) core.Provider) func(Values) core.Provider {
		return func(v Values) core.Provider {
			c := provider.SNSConfig{Topics: v["topics"]}
			switch v.One("confirm") {
			case "", "no":
			case "yes":
				var err error
				if c.Confirm, err = keys.SNSConfirm(c.Topics, keys.Options{}); err != nil {
					return failed(make(c), err)
				}
			default:
				return failed(make(c), errYesOrNo)
			}
			return make(c)
		}
	}
	certificates := func(v Values, o keys.Options) (core.KeySource,
		error) {
		return keys.SNSCertificates(v["topics"], o)
	}
	all := []Entry{
		{Parameters: []Parameter{topics, confirm}, make: sns(provider.AWSSNS), keys: certificates},
		{Parameters: []Parameter{topics, confirm}, make: sns(provider.AmazonSES), keys: certificates},
		{
			Parameters: []Parameter{
				{Name: "webhook_id", Required: true, Sample: []string{"8PT597110X687430LKGECATA"},
					Doc: "the webhook's id, on the app's page at developer.paypal.com"},
				{Name: "sandbox", Sample: []string{"no"},
					Doc: "yes: the webhook is one of PayPal's sandbox; default no"},
			},
			make: func(v Values) core.Provider {
				p := provider.PayPal(v.One("webhook_id"))
				if !slices.Contains([]string{"", "yes", "no"}, v.One("sandbox")) {
					return failed(p, errYesOrNo)
				}
				return p
			},
			keys: func(v Values, o keys.Options) (core.KeySource, error) {
				return keys.Certificates(keys.PayPal(v.One("sandbox") == "yes"), o)
			},
		},
		{
			Parameters: []Parameter{{
				Name: "repositories", Required: true, List: true, Sample: []string{"acme/app"},
				Doc: "the repositories whose builds count, owner/name; those of others are refused",
			}},
			make: func(v Values) core.Provider { return provider.TravisCI(v["repositories"]...) },
			keys: func(_ Values, o keys.Options) (core.KeySource, error) { return keys.TravisCI(o) },
		},
	}
	for i := range all {
		all[i].Kind, all[i].Package = Proved, "core/provider"
	}
	return all
}
