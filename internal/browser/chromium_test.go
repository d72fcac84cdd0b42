package browser_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// tab is a page of Chromium, with everything that it complained of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// open starts a Chromium with an empty profile. Errors on the console, exceptions and violations of the
// Content-Security-Policy fail the test at its end, unless complaints were taken before.
func open(t *testing.T) *tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		engine.Need(t, &engine.MissingError{Program: "chromium", Package: "chromium"})
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.DisableGPU, chromedp.WindowSize(1200, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	)
	if os.Getuid() == 0 {
		flags = append(flags, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(allocated)
	ctx, cancelTime := context.WithTimeout(ctx, 60*time.Second)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		cancelTime()
		cancelTab()
		require.Empty(t, b.taken(), "what the browser complained of")
	})
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			b.complain(e.Entry.Source.String() + ": " + e.Entry.Text)
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.complain("console." + e.Type.String())
		}
	})
	b.run(log.Enable(), runtime.Enable())
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

// taken returns what the browser complained of, and forgets it.
func (b *tab) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.complaints
	b.complaints = nil
	return all
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Run(b.ctx, actions...))
}

// text returns the text that a person reads.
func (b *tab) text(selector string) string {
	b.t.Helper()
	var text string
	b.run(chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// sees waits until the text of the page has a part, without loading it again.
func (b *tab) sees(part string) {
	b.t.Helper()
	b.run(chromedp.Poll(`document.body.innerText.includes(`+quoted(part)+`)`, nil,
		chromedp.WithPollingTimeout(20*time.Second)))
}

// clicks presses a button, and waits until the next page is there.
func (b *tab) clicks(selector string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(selector, chromedp.ByQuery))
	require.NoError(b.t, err)
}

// tabs presses Tab until a condition holds, and returns the text of what has the focus, which must be seen to have it.
func (b *tab) tabs(condition string) (text string) {
	b.t.Helper()
	for range 60 {
		var there, outlined bool
		b.run(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(condition, &there))
		if !there {
			continue
		}
		b.run(chromedp.Evaluate(`document.activeElement.textContent.trim()`, &text),
			chromedp.Evaluate(`getComputedStyle(document.activeElement).outlineStyle !== "none" &&
				document.activeElement.getBoundingClientRect().left >= 0`, &outlined))
		require.True(b.t, outlined, "%s: nobody sees that it has the focus", condition)
		return text
	}
	require.Fail(b.t, "the keyboard does not reach it", condition)
	return ""
}

// presses presses a key that opens another page, and waits for it.
func (b *tab) presses(key string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent(key))
	require.NoError(b.t, err)
}
