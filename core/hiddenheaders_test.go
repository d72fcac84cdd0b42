package core_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestAHeaderThatNoServerPassesOnIsAMistake: net/http takes some headers out of a request. A guard that waits for one
// would refuse every delivery.
func TestAHeaderThatNoServerPassesOnIsAMistake(t *testing.T) {
	t.Parallel()
	tenants := secrets.ByTenant(map[string]secrets.Source{"acme.example": secrets.Static(testSecret)})
	for _, header := range []string{"Host", "host", "Transfer-Encoding", "trailer"} {
		for field, change := range map[string]func(c *core.Config){
			"Tenant": func(c *core.Config) { c.Tenant, c.Secrets = core.TenantFromHeader(header), tenants },
			"Credentials[0].Name": func(c *core.Config) {
				c.Credentials = []core.Credential{core.HeaderToken(header, secrets.Static(oldSecret))}
			},
			"Provider": func(c *core.Config) {
				c.Provider = provider.HMAC(provider.HMACConfig{Name: "acme", Header: "Acme-Signature",
					Signed: "{header:" + header + "}\n{body}"})
			},
		} {
			c, _ := config(timestamped())
			change(&c)
			_, err := core.New(c)
			mistakes := core.ConfigErrors(err)
			require.Len(t, mistakes, 1, "%s: %s", field, header)
			require.Equal(t, field, mistakes[0].Field)
			require.Contains(t, mistakes[0].Reason, "no server passes on")
		}
	}
}
