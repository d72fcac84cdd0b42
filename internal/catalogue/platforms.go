package catalogue

import (
	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

// platforms are the entries of platforms that need a parameter.
func platforms() []Entry {
	return []Entry{{
		Kind: Proved, Package: "core/provider",
		Parameters: []Parameter{{
			Name: "user_ids", Required: true, List: true, Sample: []string{"user-1"},
			Doc: "the ids of the fal.ai users whose requests count, as X-Fal-Webhook-User-Id names them",
		}},
		make: func(v Values) core.Provider { return provider.Fal(v["user_ids"]...) },
	}}
}
