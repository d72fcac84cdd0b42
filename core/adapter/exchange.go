package adapter

import "net/http"

// Inbound is what only the router knows of a request.
type Inbound struct {
	// Route is the pattern of the matched route, for logs and metrics; empty where the guard runs before routing.
	Route string
	// Params reads the route's parameters; nil: by the request's own PathValue.
	Params Params
	// KeepBody keeps the body of a delivery that is refused in its request, for Guard.Explain or for the app's own
	// use, at the cost of a copy. Adapters set it where they have an OnReject.
	KeepBody bool
}

// Params reads the parameters of a route. A router's own context usually has the method already: passed as this
// interface it allocates nothing, as a function would for each request.
type Params interface{ Param(name string) string }

// Written is what a handler has done to the response.
type Written struct {
	Status   int  // the final status; 0: none yet
	Hijacked bool // the connection was taken over
	Held     bool // the adapter holds it back: it can be replaced
}

// Outcome is how the handler after the guard ended.
type Outcome struct {
	Err error // what it returned or recorded
	// ErrStatus is the router's answer to Err where nothing was written, as far as that is known; zero means 500.
	ErrStatus int
	Written   Written
	// NoHandler reports that the route has no handler behind the guard, where the router knows. Nothing is committed
	// then.
	NoHandler bool
	// Request is the router's request as the handler left it, or nil. Middleware after the guard may have put a copy in
	// the place of ours; the temporary files of a form that was parsed on it are removed.
	Request *http.Request
}
