package webhooktest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// TestEverySetupFileIsOfASenderAndSaysWhen: nothing in the folder is left out, or says less than a page needs.
func TestEverySetupFileIsOfASenderAndSaysWhen(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("setups")
	require.NoError(t, err)
	for _, f := range files {
		name, _ := strings.CutSuffix(f.Name(), ".json")
		entry, ok := catalogue.ByName(name)
		require.True(t, ok, name)
		data, err := os.ReadFile("setups/" + f.Name())
		require.NoError(t, err)
		var steps []struct{ When, Type, Method string }
		require.NoError(t, json.Unmarshal(data, &steps), name)
		require.NotEmpty(t, steps, name)
		for _, step := range steps {
			require.NotEmpty(t, step.When, name)
		}
		require.NotEmpty(t, webhooktest.NewSender(entry.Sample()).Setup(), name)
	}
}

// TestASetupChecksItsAnswer: a test that goes through registration fails where the endpoint does not answer as the
// provider expects.
func TestASetupChecksItsAnswer(t *testing.T) {
	t.Parallel()
	slack := webhooktest.NewSender(provider.Slack())
	step := slack.Setup()[0]
	require.True(t, step.Handshake)
	require.True(t, step.Signed())
	guard := newSenderGuard(t, slack, provider.Slack())
	w := slack.SendSetup(httpwebhook.Verify(guard)(http.NotFoundHandler()), "/hooks", step)
	require.NoError(t, step.Check(w))
	wrong := httptest.NewRecorder()
	wrong.WriteHeader(200)
	require.ErrorContains(t, step.Check(wrong), step.When)
	wrong = httptest.NewRecorder()
	wrong.WriteHeader(400)
	require.ErrorContains(t, step.Check(wrong), "expects 200, and got 400")
	require.Empty(t, webhooktest.NewSender(provider.Stripe()).Setup(), "Stripe sends nothing before its first event")
}
