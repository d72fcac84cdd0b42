package core_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// TestTheProxyPage runs the tables of docs/proxies.md.
func TestTheProxyPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/proxies.md")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		rows++
		plain := func(cell string) string { return strings.Trim(strings.TrimSpace(cell), "`") }
		t.Run(strings.TrimSpace(cells[0]), func(t *testing.T) {
			t.Parallel()
			c, rec := config(timestamped())
			c.DangerouslyAllowHTTP, c.TrustedProxies, c.Sources = false, core.Networks(plain(cells[2])),
				core.Networks(provider4)
			g := mustNew(t, c)
			r := from(signed(event), plain(cells[1]))
			for _, header := range strings.Split(cells[3], "<br>") {
				name, value, ok := strings.Cut(plain(header), ": ")
				require.True(t, ok, header)
				r.Header.Add(name, value)
			}
			run(g, r, ok)
			require.Equal(t, plain(cells[4]), string(rec.last(t, g).Reason))
		})
	}
	require.Equal(t, 29, rows, "every row of the page is a test")
}
