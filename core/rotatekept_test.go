package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// An entry keeps how the process has used its secrets when the event failed, successes included: whoever reads the
// database later learns which of them may go.
func TestAnEntryKeepsHowTheSecretsAreUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const old = "the-old-secret-0123456789abcdef0"
		j := newJournaled(t, plain(), func(c *core.Config) {
			c.Now = time.Now
			c.Secrets = secrets.Labeled(secrets.New("spring", testSecret), secrets.New("autumn", old))
		})
		answer := http.StatusOK
		app := httpwebhook.Verify(j.Guard)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(answer)
		}))
		send := func(secret, body string) {
			app.ServeHTTP(httptest.NewRecorder(), post(body, "X-Hub-Signature-256", "sha256="+mac(secret, body)))
		}
		began := time.Now()
		send(old, `{"id":"1"}`)
		time.Sleep(time.Hour)
		send(testSecret, `{"id":"2"}`)
		time.Sleep(4 * 24 * time.Hour)
		send(testSecret, `{"id":"3"}`)
		answer = http.StatusTeapot
		send(testSecret, `{"id":"4"}`) // the only one that is kept
		uses := j.only(t).Uses
		require.Len(t, uses, 2)
		require.Equal(t, "Secrets", uses[0].Setting)
		require.Equal(t, "spring", uses[0].Label)
		require.EqualValues(t, 3, uses[0].Matched)
		require.Equal(t, secrets.InUse, uses[0].State)
		require.Equal(t, "autumn", uses[1].Label)
		require.EqualValues(t, 1, uses[1].Matched)
		require.True(t, uses[1].LastMatched.Equal(began))
		require.Equal(t, secrets.SafeToRemove, uses[1].State)
		for i, u := range j.Rotation().Secrets { // as the page has it
			require.Equal(t, u.State, uses[i].State)
			require.True(t, u.LastMatched.Equal(uses[i].LastMatched))
			require.True(t, u.FirstSeen.Equal(uses[i].FirstSeen))
		}
	})
}

// Of tenants an entry keeps those secrets alone that its own delivery could be proved by.
func TestAnEntryKeepsNothingOfOtherTenantsSecrets(t *testing.T) {
	t.Parallel()
	j := newJournaled(t, timestamped(), func(c *core.Config) {
		c.Tenant = core.TenantFromHeader("X-Tenant")
		c.Secrets = secrets.ByTenant(map[string]secrets.Source{
			"a": secrets.Labeled(secrets.New("of a", testSecret)),
			"b": secrets.Labeled(secrets.New("of b", "another-secret-0123456789abcdef0")),
		})
	})
	r := signed(event)
	r.Header.Set("X-Tenant", "a")
	httpwebhook.Verify(j.Guard)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})).ServeHTTP(httptest.NewRecorder(), r)
	uses := j.only(t).Uses
	require.Len(t, uses, 1)
	require.Equal(t, "of a", uses[0].Label)
}
