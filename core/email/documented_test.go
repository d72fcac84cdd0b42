package email_test

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/email"
)

//go:embed testdata/documented.json
var documentedFile []byte //lint:immutable never written

// documented is an example of a sender's documentation, with other addresses; or, with NoExample, the types that
// a page names and shows no example of.
type documented struct {
	Sender, Source string
	Read           string // the day the source was read, where it is known
	Note           string
	NoExample      []string `json:"no_example"`
	Body           json.RawMessage
	Inbound        bool
	Want           []meant
}

type meant struct {
	Type      email.Type   `json:"type"`
	Recipient string       `json:"recipient,omitempty"`
	Reason    email.Reason `json:"reason,omitempty"`
}

// documentedOnes returns the examples.
func documentedOnes(t testing.TB) []documented {
	return slices.DeleteFunc(allDocumented(t), func(d documented) bool { return d.NoExample != nil })
}

func allDocumented(t testing.TB) (all []documented) {
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
	require.GreaterOrEqual(t, len(senders), 20)
}

// TestWhatHasNoDocumentedExampleIsSaid: a type is listed as one without an example only where that holds, and with
// the day and the reason.
func TestWhatHasNoDocumentedExampleIsSaid(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, d := range allDocumented(t) {
		if d.NoExample == nil {
			continue
		}
		seen++
		require.Empty(t, d.Body, d.Sender)
		require.NotEmpty(t, d.Read, d.Sender)
		require.NotEmpty(t, d.Note, d.Sender)
		for _, example := range documentedOnes(t) {
			for _, kind := range d.NoExample {
				if example.Sender == d.Sender {
					require.NotContains(t, string(example.Body), `"`+kind+`"`, d.Sender)
				}
			}
		}
	}
	require.Equal(t, 3, seen)
}

// TestWhatIsNotAboutAMessageSaysNothingOfOne: MailerSend has events about identities, lists and the account, whose
// members have the names that events of messages have: an address that was verified is not a recipient, and the id of
// a list is not one of the event.
func TestWhatIsNotAboutAMessageSaysNothingOfOne(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, d := range documentedOnes(t) {
		if d.Sender != "mailersend" || strings.Contains(string(d.Body), `"activity.`) {
			continue
		}
		seen++
		got, err := email.Events(core.Event{Provider: d.Sender, ID: "id", Payload: d.Body})
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, email.Event{Type: email.Unknown, Timestamp: got[0].Timestamp, Raw: got[0].Raw}, got[0])
	}
	require.Equal(t, 7, seen)
}
