package interop_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/auth/credentials/idtoken"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/sallyport-go/sallyport/core"
	tokens "github.com/sallyport-go/sallyport/core/provider/jwt"
)

const account = "push@project.iam.gserviceaccount.com"

func pusher() tokens.GoogleConfig {
	return tokens.GoogleConfig{Audience: hooksURL, ServiceAccounts: []string{account}}
}

// google is what Google makes for a service account, and checks as its documentation of push subscriptions has them.
func google(p core.Provider) bearer {
	return bearer{
		provider: p, header: "Authorization", scheme: "Bearer ", algorithm: jwa.RS256(),
		claims: func(_ []byte, at time.Time) map[string]any {
			return map[string]any{
				"iss": "https://accounts.google.com", "aud": hooksURL, "azp": "1", "sub": "1", "email": account,
				"email_verified": true, "iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
			}
		},
		options: []jwt.ValidateOption{
			jwt.WithIssuer("https://accounts.google.com"), jwt.WithAudience(hooksURL), jwt.WithRequiredClaim("exp"),
			jwt.WithClaimValue("email", account), jwt.WithClaimValue("email_verified", true),
		},
	}
}

// TestGoogle lets Google's own library verify, which fetches the keys.
func TestGoogle(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{tokens.GooglePubSub(pusher()), tokens.GoogleEventarc(pusher())} {
		row := google(p).peer()
		row.name = "google idtoken Validator.Validate for " + p.Name()
		row.verify = func(r *http.Request, _ []byte, public string) error {
			validator, err := idtoken.NewValidator(&idtoken.ValidatorOptions{Client: &http.Client{Transport: googleKeys(public)}})
			if err != nil {
				return err
			}
			text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !ok {
				return errRefused
			}
			token, err := validator.Validate(r.Context(), text, hooksURL)
			if err != nil {
				return err
			}
			return truth(token.Issuer == "https://accounts.google.com" && token.Claims["email"] == account &&
				token.Claims["email_verified"] == true, nil)
		}
		row.differences = []difference{
			repeated("Authorization"),
			ageless(tooEarly, nextYear, "valid in an hour"),
			{[]string{"a header that names a set of keys", "a header that names a certificate",
				"a header that wants something understood"}, refuse,
				"the library reads alg and kid alone; what a token says has to be understood is not understood"},
			{[]string{"a member twice"}, refuse, "the library reads the last; another reader may read the first"},
			{[]string{"an audience in a list"}, accept,
				"the library takes a text only, as Google writes it; RFC 7519 lets it be a list"},
		}
		row.run(t)
	}
}

// googleKeys answers as Google's address of keys does.
type googleKeys string

func (public googleKeys) RoundTrip(*http.Request) (*http.Response, error) {
	key, err := jwk.ParseKey([]byte(public), jwk.WithPEM(true))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{"kid": "test-key", "alg": "RS256", "use": "sig"} {
		if err := key.Set(name, value); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(map[string]any{"keys": []jwk.Key{key}})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))},
		nil
}
