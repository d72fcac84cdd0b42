package catalogue

import (
	"cmp"
	"strconv"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/keys"
	"github.com/sallyport-go/sallyport/core/provider/jws"
)

// sampleRoot is the certificate of an authority that was made for tests. Nobody has its private key.
const sampleRoot = `-----BEGIN CERTIFICATE-----
MIIBljCCAT2gAwIBAgIUVV2ppRkqqTLZhw8esdUA80lv90gwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNUm9vdCBvZiB0ZXN0czAgFw0yNjExMjkxNjA4MTdaGA8yMTI2
MTEwNTE2MDgxN1owGDEWMBQGA1UEAwwNUm9vdCBvZiB0ZXN0czBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABAkEwqnDWjC52y+fK63DWnlaULZl0NDfs0wJNGZIFSag
u3iVRzobnGGRkea3ykD0RYKf57ZD/k38pOM4GDfzqsKjYzBhMB0GA1UdDgQWBBTd
dR8vxSePr0QDU6gLS27n/0ZJjzAfBgNVHSMEGDAWgBTddR8vxSePr0QDU6gLS27n
/0ZJjzAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQD
AgNHADBEAiBHayUp9ZruSofqRIxDcTP8X7tvRWP2FxZ1KEMRoKuW7gIgCukMZ5Ph
1vhCMH8O3d1cavRE0G6UqJOtq7IgMdVVtuQ=
-----END CERTIFICATE-----
`

// signedBodies are the entries of core/provider/jws.
func signedBodies() []Entry {
	all := plain(Library, "core/provider/jws", []core.Provider{jws.Wix()})
	for _, e := range []Entry{
		appleAppStore(),
		{
			Parameters: []Parameter{{
				Name: "domain", Required: true, Sample: []string{"example.kinde.com"},
				Doc: "the domain of the Kinde business, whose keys alone count; it goes to keys.Kinde",
			}},
			make: func(Values) core.Provider { return jws.Kinde() },
			keys: func(v Values, o keys.Options) (core.KeySource, error) { return keys.Kinde(v.One("domain"), o) },
		},
		{
			Parameters: []Parameter{{
				Name: "api_keys", Required: true, List: true, Sample: []string{"40a0b12-342b-436d-97c3-000000000000"},
				Doc: "the API keys of your applications, as api_key in a notification names them; those of others " +
					"are refused",
			}},
			make: func(v Values) core.Provider {
				return jws.ConstantContact(jws.ConstantContactConfig{APIKeys: v["api_keys"]})
			},
			keys: func(_ Values, o keys.Options) (core.KeySource, error) { return keys.ConstantContact(o) },
		},
		{
			Parameters: []Parameter{
				{Name: "workspaces", Required: true, List: true,
					Sample: []string{"4f6a0c2e-6f1b-4f0e-9a53-0f1f8e1d2c3b"},
					Doc:    "the ids of your workspaces; events of others are refused"},
				{Name: "environment", Sample: []string{"us"},
					Doc: "where the workspace is: us, eu, eu2 or sandbox; default us. It goes to keys.Fireblocks"},
			},
			make: func(v Values) core.Provider { return jws.Fireblocks(v["workspaces"]...) },
			keys: func(v Values, o keys.Options) (core.KeySource, error) {
				environment := cmp.Or(v.One("environment"), "us")
				return keys.Fireblocks(environment, o)
			},
		},
		{
			Parameters: []Parameter{{
				Name: "sandbox", Sample: []string{"no"},
				Doc: "yes: the webhooks are those of TrueLayer's sandbox; default no. It goes to keys.TrueLayer",
			}},
			make: func(v Values) core.Provider {
				if sandbox := v.One("sandbox"); sandbox != "" && sandbox != "yes" && sandbox != "no" {
					return failed(jws.TrueLayer(), errYesOrNo)
				}
				return jws.TrueLayer()
			},
			keys: func(v Values, o keys.Options) (core.KeySource, error) {
				return keys.TrueLayer(v.One("sandbox") == "yes", o)
			},
		},
	} {
		e.Kind, e.Package = Library, "core/provider/jws"
		all = append(all, e)
	}
	return all
}

func appleAppStore() Entry {
	return Entry{
		Parameters: []Parameter{
			{Name: "bundle_id", Required: true, Sample: []string{"com.example"}, Doc: "the app's bundle id"},
			{Name: "environment", Required: true, Sample: []string{jws.AppleSandbox},
				Doc: "Production or Sandbox; each has a URL of its own in App Store Connect"},
			{Name: "app_apple_id", Sample: []string{"1234"},
				Doc: "the app's number in the App Store; production needs it"},
			{Name: "roots", Required: true, List: true, Sample: []string{sampleRoot},
				Doc: "Apple's root certificates in PEM, from https://www.apple.com/certificateauthority/"},
		},
		make: func(v Values) core.Provider {
			c := jws.AppleConfig{BundleID: v.One("bundle_id"), Environment: v.One("environment")}
			for _, root := range v["roots"] {
				c.Roots = append(c.Roots, []byte(root))
			}
			if number := v.One("app_apple_id"); number != "" {
				var err error
				if c.AppAppleID, err = strconv.ParseInt(number, 10, 64); err != nil {
					return failed(jws.AppleAppStore(c), err)
				}
			}
			return jws.AppleAppStore(c)
		},
	}
}
