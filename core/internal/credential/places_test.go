package credential_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/credential"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/keyring"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const token = "a-token-of-more-than-16-bytes"

func values(t *testing.T, accepted ...string) *credential.Values {
	t.Helper()
	owner := &keyring.Owner{Endpoint: "e", Provider: "p", Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	var m fault.Mistakes
	v, _ := credential.NewValues(owner, secrets.Static(accepted...), keyring.Rules{Field: "Credentials[0]", Min: 16},
		"the token", &m)
	require.NoError(t, m.Err())
	return v
}

func place(t *testing.T, kind entry.CredentialKind, name string) *credential.Place {
	t.Helper()
	p, _, mistake := credential.NewPlace(kind, name, "")
	require.Nil(t, mistake)
	return p
}

// Every place has one list of accepted values. Only the Authorization header has two, for Basic and for Bearer.
func TestAPlaceIsConfiguredOnce(t *testing.T) {
	t.Parallel()
	var all credential.Places
	add := func(kind entry.CredentialKind, name string) bool {
		return all.Add(place(t, kind, name), kind, values(t, token))
	}
	require.True(t, add(entry.Basic, ""))
	require.True(t, add(entry.Bearer, ""), "both stand in the Authorization header")
	require.False(t, add(entry.Bearer, ""))
	require.False(t, add(entry.HeaderToken, "authorization"), "it is the same header")
	require.True(t, add(entry.HeaderToken, "X-Token"))
	require.False(t, add(entry.HeaderToken, "x-token"))
	require.True(t, add(entry.QueryToken, "token"))
	require.True(t, add(entry.PathToken, "token"))
	require.True(t, add(entry.BodyToken, "/token"))
	require.True(t, add(entry.BodyToken, "/other"), "two members of the body are two places")
	require.Len(t, all, 6)
	require.Len(t, all.Values(), 7)
}

func TestANameThatIsNoneIsAMistake(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, of, field string
		kind            entry.CredentialKind
	}{
		{"a header with a space", "X Token", ".Name", entry.HeaderToken},
		{"a parameter without a name", "", ".Name", entry.QueryToken},
		{"no kind at all", "x", "", entry.NoCredential},
	} {
		_, _, mistake := credential.NewPlace(row.kind, row.of, "")
		require.NotNil(t, mistake, row.name)
		require.Equal(t, row.field, mistake.Field, row.name)
	}
}

func TestATokenOfTheQueryIsCheckedOnce(t *testing.T) {
	t.Parallel()
	var all credential.Places
	require.True(t, all.Add(place(t, entry.QueryToken, "token"), entry.QueryToken, values(t, token)))
	for _, row := range []struct {
		name, query string
		want        reason.Reason
	}{
		{"the accepted one", "token=" + token, ""},
		{"another one", "token=" + token + "x", reason.BadCredential},
		{"none", "other=1", reason.MissingCredential},
		{"an empty one", "token=", reason.MissingCredential},
		{"two", "token=" + token + "&token=" + token, reason.BadCredential},
		{"a malformed query", "token=%zz", reason.BadCredential},
	} {
		in := credential.Input{Request: httptest.NewRequest("POST", "/?"+row.query, nil), Now: time.Now(),
			Matches: &keyring.Matches{}}
		labels, f := all[0].Check(&in)
		require.Equal(t, row.want, f.Reason, row.name)
		require.Equal(t, row.want == "", len(labels) == 1, row.name)
		require.NotContains(t, f.Detail, token, row.name)
	}
}

// An item without the token refuses the list, because a genuine item would vouch for it.
func TestEveryItemOfABodyHoldsTheToken(t *testing.T) {
	t.Parallel()
	p, _, mistake := credential.NewPlace(entry.BodyToken, "/token", "/items")
	require.Nil(t, mistake)
	var all credential.Places
	require.True(t, all.Add(p, entry.BodyToken, values(t, token)))
	item := `{"token":"` + token + `"}`
	for _, row := range []struct {
		name, body string
		want       reason.Reason
	}{
		{"each with the token", `{"items":[` + item + `,` + item + `]}`, ""},
		{"behind a byte order mark", "\ufeff" + `{"items":[` + item + `]}`, ""},
		{"one without it", `{"items":[` + item + `,{}]}`, reason.MissingCredential},
		{"one with another", `{"items":[{"token":"another"},` + item + `]}`, reason.BadCredential},
		{"an empty list", `{"items":[]}`, reason.MissingCredential},
		{"no list", `{}`, reason.MissingCredential},
		{"not JSON", `items=1`, reason.MissingCredential},
	} {
		in := credential.Input{Request: httptest.NewRequest("POST", "/", nil), Now: time.Now(),
			Matches: &keyring.Matches{}}
		_, f := all[0].CheckBody([]byte(row.body), &in)
		require.Equal(t, row.want, f.Reason, row.name)
	}
}
