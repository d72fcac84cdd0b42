package adaptertest_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
)

// answered is the answer to a method, and who gave it.
type answered struct {
	status int
	allow  string
	guard  bool
}

var (
	common = []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
	webdav = []string{"PROPFIND", "REPORT"}
	other  = []string{"QUERY", "FOO"}
)

// kinds are the answers to the kinds of methods; OPTIONS is one by itself.
type kinds struct{ common, options, webdav, other answered }

func same(a answered) kinds { return kinds{a, a, a, a} }

// guards is the answer of the guard, and own one of the router.
func guards() answered { return answered{http.StatusMethodNotAllowed, "POST", true} }

func own(status int, allow string) answered { return answered{status, allow, false} }

// TestWhatIsAnsweredToOtherMethods: every method that a router knows reaches the guard behind Handle, and gets its 405
// with Allow. What the routers answer by themselves is written down here and in docs/signals.md.
func TestWhatIsAnsweredToOtherMethods(t *testing.T) {
	mounts := map[string]func(rt router, a *app, g *core.Guard, fn receiver){
		"Handle": func(_ router, a *app, g *core.Guard, fn receiver) { a.mount(path, g, fn) },
		"group Use": func(rt router, a *app, g *core.Guard, fn receiver) {
			hooks := a.group("/hooks")
			hooks.use(rt.verify(g, nil))
			hooks.post("/github", rt.signal(fn))
		},
		"route": func(rt router, a *app, g *core.Guard, fn receiver) { a.post(path, rt.signal(fn), rt.verify(g, nil)) },
		"app Use": func(rt router, a *app, g *core.Guard, fn receiver) {
			a.use(rt.verify(g, nil))
			a.post(path, rt.signal(fn))
		},
	}
	var rows []row
	for how, mount := range mounts {
		rows = append(rows, row{how, func(t *testing.T, rt router) {
			g, rec := newGuard(t)
			a := rt.new()
			var n counter
			mount(rt, a, g, n.signal)
			expected, known := rt.methods[how]
			require.True(t, known, "say in methods of the router, in routers_test.go, what is answered to %q", how)
			check := func(methods []string, kind answered) {
				for _, method := range methods {
					before := rec.count()
					w := httptest.NewRecorder()
					a.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
					require.NoError(t, g.Flush(t.Context()))
					expect := kind
					if method == http.MethodOptions {
						expect = expected.options
					}
					require.Equal(t, expect, answered{w.Code, w.Header().Get("Allow"), rec.count() > before},
						"%s: methods of the router, in routers_test.go, has what it answers by itself", method)
					if expect.guard {
						require.Equal(t, reason.Method, rec.last(t, g).Reason)
						require.Contains(t, rec.last(t, g).Detail, method)
					}
				}
			}
			check(common, expected.common)
			check(webdav, expected.webdav)
			check(other, expected.other)
			require.Zero(t, n.Load())
		}})
	}
	table(t, rows)
}

// TestGinAnswers405ToUnknownMethodsIfAsked is the advice of docs/signals.md.
func TestGinAnswers405ToUnknownMethodsIfAsked(t *testing.T) {
	page, err := os.ReadFile("../../docs/signals.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "HandleMethodNotAllowed = true")
	g, _ := newGuard(t)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	var n counter
	e.Any(path, ginRouter().verify(g, nil).(gin.HandlerFunc), ginRouter().signal(n.signal).(gin.HandlerFunc))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("FOO", path, http.NoBody))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.NotEmpty(t, w.Header().Get("Allow"))
}

func (r *records) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}
