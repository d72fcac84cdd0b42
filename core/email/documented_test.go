package email_test

import (
	_ "embed"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

//go:embed testdata/documented.json
var documentedFile []byte //lint:immutable never written

// documented is an example of a sender's documentation, with other addresses.
type documented struct {
	Sender, Source string
	Body           json.RawMessage
	Inbound        bool
	Want           []meant
}

type meant struct {
	Type      email.Type   `json:"type"`
	Recipient string       `json:"recipient,omitempty"`
	Reason    email.Reason `json:"reason,omitempty"`
}

func documentedOnes(t testing.TB) (all []documented) {
	require.NoError(t, json.Unmarshal(documentedFile, &all))
	return all
}

// TestWhatSendersDocumentMeansWhatItSays: the examples of the senders' own documentation.
func TestWhatSendersDocumentMeansWhatItSays(t *testing.T) {
	t.Parallel()
	senders := map[string]int{}
	for _, d := range documentedOnes(t) {
		senders[d.Sender]++
		got, err := email.Events(core.Event{Provider: d.Sender, ID: "id", Payload: d.Body})
		if wrong := (*email.WrongEndpointError)(nil); d.Inbound {
			require.ErrorAs(t, err, &wrong, "%s: %.200s", d.Source, d.Body)
			continue
		}
		require.NoError(t, err, d.Source)
		var is []meant
		for _, m := range got {
			is = append(is, meant{m.Type, m.Recipient, m.RejectReason})
			require.NotEmpty(t, m.Raw)
		}
		require.Equal(t, d.Want, is, "%s: %.300s", d.Source, d.Body)
	}
	require.GreaterOrEqual(t, len(senders), 17)
}
