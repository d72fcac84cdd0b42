package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/journal"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

// TestScreenshots writes the pictures of the documentation into the folder that SALLYPORT_SCREENSHOTS names: see "make
// screenshots". Without it the pages are only opened.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	for n := range 6 {
		a.send(a.sender, event(fmt.Sprintf("evt_%d", n+1), "a note"))
	}
	a.send(webhooktest.NewSender(provider.Stripe()), event("evt_forged", ""))
	a.fail.Store(true)
	a.send(a.sender, event("evt_7", "a note"))
	_, err := a.redriver.Redrive(t.Context(), journal.ID(a.newest()), core.RedriveOptions{})
	require.Error(t, err)
	for name, path := range map[string]string{"list": "/", "event": "/event/" + a.newest(), "endpoints": "/endpoints"} {
		height := int64(800)
		if name == "event" {
			height = 1900
		}
		for _, scheme := range []string{"light", "dark"} {
			var picture []byte
			b.run(
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme",
					Value: scheme}}),
				chromedp.EmulateViewport(1200, height), chromedp.Navigate(a.url(path)), chromedp.WaitReady("main"),
				chromedp.CaptureScreenshot(&picture),
			)
			require.NotEmpty(t, picture)
			if folder := os.Getenv("SALLYPORT_SCREENSHOTS"); folder != "" {
				require.NoError(t, os.WriteFile(filepath.Join(folder, name+"-"+scheme+".png"), picture, 0o600))
			}
		}
	}
}
