package inbound_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
	"github.com/sallyport-go/sallyport/core/email/inbound"
	"github.com/sallyport-go/sallyport/internal/odddoc"
)

// Each of the given deliveries, with each member in turn of another kind or gone, is a message or a mistake in the
// set-up.
func TestNoMemberOfAnotherKindPanicsOrIsARetry(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, v := range vectors(t) {
		payload := v.Body
		if v.ESP == "amazon-ses" {
			var sns struct{ Message string }
			require.NoError(t, json.Unmarshal(v.Body, &sns))
			payload = []byte(sns.Message)
		}
		var doc any
		if v.WrongEndpoint || len(v.Fetches) > 0 || json.Unmarshal(payload, &doc) != nil {
			continue
		}
		odddoc.Spoil(doc, func() {
			body, err := json.Marshal(doc)
			require.NoError(t, err)
			c := inbound.Config{APIKey: "k", Client: &http.Client{Transport: answering(200, "x")}}
			_, err = inbound.Read(t.Context(), core.Event{Provider: v.ESP, Payload: body}, c)
			if err != nil && !errors.Is(err, inbound.ErrNoMessage) {
				wrong := (*email.WrongEndpointError)(nil)
				if !errors.As(err, &wrong) {
					require.ErrorContains(t, err, "inbound: the sender is set up in another way", "%s %s", v.Name, body)
				}
			}
			tried++
		})
	}
	require.Greater(t, tried, 1000)
}
