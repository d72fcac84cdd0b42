package catalogue

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider"
)

// platforms are the entries of platforms that need a parameter.
func platforms() []Entry {
	all := []Entry{
		{
			Parameters: []Parameter{{
				Name: "user_ids", Required: true, List: true, Sample: []string{"user-1"},
				Doc: "the ids of the fal.ai users whose requests count, as X-Fal-Webhook-User-Id names them",
			}},
			make: func(v Values) core.Provider { return provider.Fal(v["user_ids"]...) },
		},
		{
			Parameters: []Parameter{{
				Name: "broadcaster_ids", Required: true, List: true, Sample: []string{"1"},
				Doc: "the user ids of the broadcasters whose events count; those of others are refused",
			}},
			make: func(v Values) core.Provider { return provider.Kick(v["broadcaster_ids"]...) },
			keys: func(_ Values, o keys.Options) (core.KeySource, error) { return keys.Kick(o) },
		},
		{
			Parameters: []Parameter{{
				Name: "workspace_ids", Required: true, List: true, Sample: []string{"w1"},
				Doc: "the ids of the workspaces whose events count; those of others are refused",
			}},
			make: func(v Values) core.Provider { return provider.FireblocksLegacy(v["workspace_ids"]...) },
		},
		{
			Parameters: []Parameter{{
				Name: "topics", Required: true, List: true,
				Sample: []string{"arn:scw:sns:fr-par:project-1f9f5d9c-0a8e-4c4d-8a31-111111111111:mails"},
				Doc:    "the ARNs of your topics of Topics and Events; messages of other topics are refused",
			}},
			make: func(v Values) core.Provider {
				return provider.ScalewayTEM(provider.ScalewayConfig{Topics: v["topics"]})
			},
		},
		{
			Parameters: []Parameter{{
				Name: "app_key", Required: true, Sample: []string{"app_key_1"},
				Doc: "the app's key, as Partner Center shows it; it is signed in front of the body",
			}},
			make: func(v Values) core.Provider { return provider.TikTokShop(v.One("app_key")) },
		},
	}
	for i := range all {
		all[i].Kind, all[i].Package = Proved, "core/provider"
	}
	return all
}
