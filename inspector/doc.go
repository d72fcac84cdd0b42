// Package inspector is a page in the browser that shows what webhooks arrived, why some were refused, and which events
// failed. It runs failed events again.
//
// The page reads the journal and an [Activity], which observes guards:
//
//	activity := inspector.NewActivity()
//	guard, err := core.New(core.Config{Journal: kept, Observers: []core.Observer{activity}, ...})
//	page, err := inspector.New(inspector.Config{
//		Journal:   kept,
//		Redriver:  &core.Redriver{App: router, Guards: []*core.Guard{guard}},
//		Activity:  activity,
//		Prefix:    "/inspector",
//		Hosts:     []string{"hooks.example.com"},
//		Authorize: inspector.BasicAuth(secrets.FromEnv("INSPECTOR_LOGIN"), inspector.Access{Redrive: true}),
//	})
//	mux.Handle("/inspector/", page)
//
// In Gin it is mounted by router.Any("/inspector/*path", gin.WrapH(page)), in Echo by
// e.Any("/inspector/*", echo.WrapHandler(page)), in Chi by r.Mount("/inspector", page). Put it outside the guards'
// routes, and outside a compression or a timeout that holds answers back: the list is live by server-sent events.
//
// On a developer's machine, [ListenLocal] gives the page a listener of its own in place of Authorize.
//
// # Security
//
// Nobody sees anything without Authorize, wherever the request comes from: behind a proxy on the same machine,
// everybody's requests come from the loopback address. Requests for a host that Hosts does not name are refused,
// against DNS rebinding, and so are POST requests of other sites. The zero [Access] reads the list. It shows no payload
// and changes nothing.
//
// What a sender wrote is shown as text, never as markup: html/template escapes it, and the Content-Security-Policy
// allows no script but the page's own file. The page works without scripts, but for the live part.
//
// # JSON
//
// With "Accept: application/json" the list, an event and the answers to actions are JSON: for commands and scripts.
package inspector
