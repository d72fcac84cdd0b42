package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/webhooktest"
)

func TestADeliveryAppearsAndRunsAgain(t *testing.T) {
	t.Parallel()
	for router := range routers() {
		t.Run(router, func(t *testing.T) {
			t.Parallel()
			a, b := start(t, router), open(t)
			b.run(chromedp.Navigate(a.url("/")))
			b.sees("Nothing has arrived yet.")
			b.sees("Live")

			a.fail.Store(true)
			require.Equal(t, 500, a.send(a.sender, event("evt_live", "")))
			b.sees("evt_live")
			b.sees(`column "currency" does not exist`)
			require.Equal(t, 400, a.send(webhooktest.NewSender(provider.Stripe()), event("evt_forged", "")))
			b.sees("bad_signature")
			require.NotContains(t, b.text("body"), "evt_forged")

			a.fail.Store(false)
			b.clicks(`tr[data-outcome=failing] a`)
			b.sees("Run again")
			b.clicks(`form[action$="/redrive"] button`)
			b.sees("It ran, and succeeded.")
			require.Equal(t, int32(2), a.runs.Load())
			b.run(chromedp.Reload())
			b.sees("It ran, and succeeded.")
			require.Equal(t, int32(2), a.runs.Load(), "to load the page again runs nothing")
		})
	}
}

func TestARefusedDeliverySaysWhy(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	require.Equal(t, 400, a.send(webhooktest.NewSender(provider.Stripe()), event("evt_1", "")))
	b.run(chromedp.Navigate(a.url("/")))
	b.clicks(`tr[data-outcome=refused] a`)
	b.sees("How to fix it")
	require.Contains(t, b.text(`li[data-verdict=failed]`), "Signature")
}

func TestFiltersAndPagesWorkWithTheKeyboard(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Gin"), open(t)
	for n := range 60 {
		a.fail.Store(n == 7)
		a.send(a.sender, event(fmt.Sprintf("evt_%02d", n), ""))
	}
	b.run(chromedp.Navigate(a.url("/")))
	require.NotContains(t, b.text("#rows"), "evt_03")
	b.clicks(`a[rel=next]`)
	b.sees("evt_03")
	b.run(chromedp.Navigate(a.url("/")))
	_, err := chromedp.RunResponse(b.ctx, chromedp.SendKeys(`input[name=text]`, "currency\r", chromedp.ByQuery))
	require.NoError(t, err)
	b.run(chromedp.Poll(`document.querySelectorAll("#rows tbody tr").length === 1`, nil))
	require.Contains(t, b.text("#rows"), "evt_07")
}

// TestAnEventAppearsInLessThanASecond runs alone: the others share the machine with a browser each.
func TestAnEventAppearsInLessThanASecond(t *testing.T) { //nolint:paralleltest // see above
	a, b := start(t, "Chi"), open(t)
	b.run(chromedp.Navigate(a.url("/")))
	b.sees("Live")
	best := time.Hour
	for n := range 3 {
		id := fmt.Sprint("evt_quick_", n)
		begin := time.Now()
		require.Equal(t, 200, a.send(a.sender, event(id, "")))
		b.sees(id)
		best = min(best, time.Since(begin))
	}
	require.Less(t, best, time.Second)
}

func TestFiltersOfTheFormChooseRows(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	a.send(a.sender, event("evt_done", ""))
	a.send(webhooktest.NewSender(provider.Stripe()), event("evt_forged", ""))
	a.fail.Store(true)
	a.send(a.sender, event("evt_open", ""))
	for outcome, shown := range map[string]string{"refused": "bad_signature", "open": "evt_open", "done": "evt_done"} {
		b.run(chromedp.Navigate(a.url("/")),
			chromedp.SetValue(`select[name=outcome]`, outcome, chromedp.ByQuery),
			chromedp.SetValue(`select[name=endpoint]`, "stripe", chromedp.ByQuery))
		b.clicks(`form.filter button`)
		b.run(chromedp.Poll(`document.querySelectorAll("#rows tbody tr").length === 1`, nil))
		require.Contains(t, b.text("#rows"), shown)
	}
	b.run(chromedp.Navigate(a.url("/")), chromedp.SetValue(`input[name=type]`, "invoice.void", chromedp.ByQuery))
	b.clicks(`form.filter button`)
	require.Contains(t, b.text("#rows"), "Nothing matches this filter.")
}

// TestEverythingIsReachedWithTheKeyboard presses Tab and Enter only, from the list to a run.
func TestEverythingIsReachedWithTheKeyboard(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Gin"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", ""))
	a.fail.Store(false)
	b.run(chromedp.Navigate(a.url("/")), chromedp.WaitReady("main"))
	require.Equal(t, "Skip to the content", b.tabs(`document.activeElement.matches(".skip")`))
	b.tabs(`document.activeElement.matches("select[name=endpoint]")`)
	b.tabs(`document.activeElement.matches("tr[data-outcome=failing] a")`)
	b.presses("\r")
	b.sees("Receivers")
	b.tabs(`document.activeElement.matches("form[action$='/redrive'] button")`)
	b.presses("\r")
	b.sees("It ran, and succeeded.")
	require.Equal(t, int32(2), a.runs.Load())
}

// TestTimesAreTheViewersAndUTC: in the list UTC is the title, and stands next to the time where there is room.
func TestTimesAreTheViewersAndUTC(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Echo"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", ""))
	last := a.entry().Last
	for zone, offset := range map[string]int{"Asia/Kabul": 4*3600 + 30*60, "America/Caracas": -4 * 3600} {
		var list, title string
		local := last.In(time.FixedZone(zone, offset)).Format(":04:05")
		utc := last.UTC().Format("2006-01-02 15:04:05") + " UTC"
		b.run(emulation.SetTimezoneOverride(zone), chromedp.Navigate(a.url("/event/"+a.newest())),
			chromedp.WaitReady("main"))
		b.sees("Times in " + zone)
		require.Contains(t, b.text("main dl"), local)
		require.Contains(t, b.text("main dl"), "("+utc+")")
		b.run(chromedp.Navigate(a.url("/")), chromedp.WaitReady("main"),
			chromedp.Text("tbody time", &list, chromedp.ByQuery),
			chromedp.AttributeValue("tbody time", "title", &title, nil, chromedp.ByQuery))
		require.Contains(t, list, local)
		require.Contains(t, title, " UTC")
	}
}

func TestTheCommandIsCopied(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", ""))
	var copied string
	b.run(
		browser.GrantPermissions([]browser.PermissionType{"clipboardReadWrite", "clipboardSanitizedWrite"}),
		chromedp.Navigate(a.url("/event/"+a.newest())),
		chromedp.Click(`details:has(pre.copy) summary`, chromedp.ByQuery),
		chromedp.Click(`details[open] button`, chromedp.ByQuery),
	)
	b.sees("Copied")
	b.run(chromedp.Evaluate(`navigator.clipboard.readText()`, &copied,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	require.Contains(t, copied, "curl --globoff --path-as-is --request 'POST'")
}

func TestWhatASenderWroteStaysText(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Echo"), open(t)
	a.fail.Store(true)
	hostile := `</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>` +
		"\U0001F600\u202e"
	require.Equal(t, 500, a.send(a.sender, event("evt_"+hostile, hostile)))
	for _, path := range []string{"/", "/event/" + a.newest(), "/compare?a=" + a.newest() + "&b=" + a.newest()} {
		var title string
		var nodes int
		b.run(chromedp.Navigate(a.url(path)), chromedp.WaitReady("main"), chromedp.Title(&title),
			chromedp.Evaluate(`document.querySelectorAll("main script, main img").length`, &nodes))
		require.NotEqual(t, "owned", title, path)
		require.Zero(t, nodes, path)
		require.Contains(t, b.text("main"), "<script>document.title='owned'</script>", path)
		require.Contains(t, b.text("main"), "\U0001F600", path)
	}
}

// TestAnotherSiteCanDoNothing opens a page of another origin in the same browser, which posts a form to the page, and
// shows it in a frame.
func TestAnotherSiteCanDoNothing(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Gin"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", ""))
	evil := serve(t, `<form method="post" action="`+a.url("/event/"+a.newest()+"/redrive")+
		`"><input name="revision" value="1">`+
		`<button>You have won</button></form>`)
	b.run(chromedp.Navigate(evil))
	b.clicks("button")
	b.sees("The request came from another site")
	require.Equal(t, int32(1), a.runs.Load())
	b.taken() // the answer 403

	b.run(chromedp.Navigate(serve(t, `<iframe src="`+a.url("/")+`"></iframe>`)))
	b.run(chromedp.Poll(`document.readyState === "complete"`, nil))
	require.NotEmpty(t, b.taken(), "a page in a frame is refused: frame-ancestors")
}

func TestAForeignHostIsRefused(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	a.send(a.sender, event("evt_1", ""))
	b.run(chromedp.Navigate(strings.Replace(a.url("/"), "127.0.0.1", "localhost", 1)))
	b.sees("Config.Hosts does not name the host of this request")
	require.NotContains(t, b.text("body"), "evt_1")
	b.taken() // the answer 421
}

func TestBothSchemesAndNarrowScreensCanBeRead(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Chi"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", strings.Repeat("long ", 200)))
	for _, scheme := range []string{"light", "dark"} {
		b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme",
			Value: scheme}}))
		for _, width := range []int64{360, 1200} {
			for _, path := range []string{"/", "/event/" + a.newest(), "/endpoints"} {
				var wide bool
				var least float64
				b.run(chromedp.EmulateViewport(width, 800), chromedp.Navigate(a.url(path)), chromedp.WaitReady("main"),
					chromedp.Evaluate(`document.documentElement.scrollWidth > document.documentElement.clientWidth`,
						&wide),
					chromedp.Evaluate(leastContrast, &least))
				require.False(t, wide, "%s at %d is scrolled to the side", path, width)
				require.GreaterOrEqual(t, least, 4.5, "contrast of %s, %s", path, scheme)
			}
		}
	}
}

// leastContrast is the least contrast of a text with what is behind it, by the formula of WCAG 2.
const leastContrast = `(() => {
	const light = c => {
		const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		const [r, g, b] = c.match(/[\d.]+/g).map(v => linear(v / 255));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (!c.endsWith(", 0)") && c !== "transparent") return c;
		}
		return "rgb(255, 255, 255)";
	};
	let least = 21;
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
		const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
		least = Math.min(least, (a + 0.05) / (b + 0.05));
	}
	return least;
})()`

func TestThePageWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	a, b := start(t, "Gin"), open(t)
	a.fail.Store(true)
	a.send(a.sender, event("evt_1", ""))
	a.fail.Store(false)
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(a.url("/")))
	b.clicks(`tr[data-outcome=failing] a`)
	b.clicks(`form[action$="/redrive"] button`)
	require.Contains(t, b.text("main"), "It ran, and succeeded.")
	require.Equal(t, int32(2), a.runs.Load())
}
