package doctor

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestWhatARequestHoldsIsNoOutputOfItsOwn: a request that was refused may be an attacker's, and whoever asks about it
// reads the answer in a terminal.
func TestWhatARequestHoldsIsNoOutputOfItsOwn(t *testing.T) {
	t.Setenv("STRIPE_SECRET", secret)
	const evil = "\x1b[2J\u009b2J\x07\x7f\u202e"
	headers := []string{
		"Content-Type", "application/json" + evil, "Content-Encoding", evil, "Stripe-Signature", "t=" + evil + ",v1=" +
			evil, "Host", evil,
		"X-Forwarded-Proto", evil, "X-Forwarded-For", evil, "Forwarded", evil, "X-Hub-Signature-256", evil,
		"User-Agent", evil, "Authorization", evil,
	}
	for _, target := range []string{
		"/hooks%0AIt%20would%20be%20accepted:%20the%20secret%20STRIPE_SECRET%20matches.%0A", "/%1B%5B2J%C2%9B2J%7F",
		"/hooks?x=" + evil, "/hooks\u009b2J",
		"/hooks" + strings.Repeat("a", 100_000),
	} {
		for _, with := range [][]string{headers, headers[2:], headers[4:], nil} {
			request := strings.Replace(raw(`{"id":"`+evil+`"}`, with...), "/hooks/stripe", target, 1)
			for _, args := range [][]string{{"--peer", evil}, {"--peer", "10.0.0.7", "--trusted-proxies", "10.0.0.7"},
				nil} {
				_, out, errs := doctor(t, request,
					append([]string{"--provider", "stripe", "--secret-env", "STRIPE_SECRET"}, args...)...)
				for line := range strings.Lines(out + errs) {
					line = strings.TrimSuffix(line, "\n")
					require.False(t, strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }), "%q",
						line)
					require.False(t, strings.HasPrefix(line, "It would be accepted"), "%q", line)
					require.Less(t, len(line), 1000)
				}
			}
		}
	}
}

func TestATokenInAMalformedURLIsNotPrinted(t *testing.T) {
	t.Setenv("HOOK_TOKEN", "made-up-for-tests-0123456789")
	args := []string{"--provider", "strava", "--secret-env", "HOOK_TOKEN"}
	for _, target := range []string{"/hooks%zz?token=made-up-for-tests-0123456789",
		"hooks?token=made-up-for-tests-0123456789", "/hooks?token=made-up-for-tests-0123456789&%zz",
		"http://[::1?token=made-up-for-tests-0123456789"} {
		_, out, errs := doctor(t, strings.Replace(raw(body), "/hooks/stripe", target, 1), args...)
		require.NotContains(t, out+errs, "made-up", target)
	}
}
