package pattern_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/pattern"
)

func TestPatterns(t *testing.T) {
	for _, row := range []struct {
		name, pattern, typ string
		want               bool
	}{
		{"the type itself", "invoice.paid", "invoice.paid", true},
		{"another case", "invoice.paid", "Invoice.paid", false},
		{"a longer type", "invoice.paid", "invoice.paid.late", false},
		{"no type", "invoice.paid", "", false},
		{"everything", "*", "invoice.paid", true},
		{"everything, and no type", "*", "", true},
		{"below a prefix", "customer.*", "customer.created", true},
		{"deeper below a prefix", "customer.*", "customer.card.created", true},
		{"a prefix alone", "customer.*", "customer.", false},
		{"what the prefix stands at", "customer.*", "customer", false},
		{"a neighbour of the prefix", "customer.*", "customers.created", false},
		{"a prefix at a slash", "com.acme/*", "com.acme/created", true},
		{"a prefix at an underscore", "invoice_*", "invoice_paid", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, problem := pattern.Parse(row.pattern)
			require.Empty(t, problem)
			require.Equal(t, row.pattern, p.Text)
			require.Equal(t, row.want, p.Matches(row.typ))
		})
	}
}

func TestWhatIsNotAPattern(t *testing.T) {
	for text, want := range map[string]string{
		"": "is empty", "a*b": "only at the end", "a.*.*": "only at the end", "**": "only at the end",
		"invoice*": "ends at a . or / or _",
	} {
		p, problem := pattern.Parse(text)
		require.Contains(t, problem, want, text)
		require.Zero(t, p, text)
	}
}
