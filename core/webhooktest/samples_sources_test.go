package webhooktest_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/internal/catalogue"
)

// TestSamplesSayWhereTheirMembersComeFrom holds every file of samples to it, but for those that are older than the
// rule. Their list never grows.
func TestSamplesSayWhereTheirMembersComeFrom(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("testdata/samples_without_source.txt")
	require.NoError(t, err)
	older := strings.Fields(string(list))
	link := regexp.MustCompile(`^https://\S+`)
	for _, name := range sampled(t) {
		data, err := os.ReadFile("samples/" + name + ".json")
		require.NoError(t, err)
		var all []struct{ Source string }
		require.NoError(t, json.Unmarshal(data, &all), name)
		lacking := slices.ContainsFunc(all, func(s struct{ Source string }) bool { return !link.MatchString(s.Source) })
		require.Equal(t, slices.Contains(older, name), lacking, "%s: each sample needs a \"source\" with the link to "+
			"where its members come from; a file in which each has one is not in "+
			"testdata/samples_without_source.txt", name)
	}
}

// withoutSamples are the senders that have none: those that stand for any sender, those whose users make the body, and
// those of which no source shows an event.
func withoutSamples() []string {
	return []string{
		"basic", "bearer", "flutterwave", "front", "messagebird", "messagebird-legacy", "modern-treasury", "quicknode",
		"rfc9421", "websub", "websub-sha1",
	}
}

func TestEverySenderHasSamples(t *testing.T) {
	t.Parallel()
	var lacking []string
	for _, e := range catalogue.All() {
		if len(webhooktest.NewSender(e.Sample()).Samples()) == 0 {
			lacking = append(lacking, e.Name)
		}
	}
	slices.Sort(lacking)
	require.Equal(t, withoutSamples(), lacking, "add a file to core/webhooktest/samples, or say here why there is none")
}
