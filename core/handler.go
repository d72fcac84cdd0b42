package core

import "net/http"

// Handler guards a plain net/http handler. It panics for a nil guard or handler, where it is mounted.
//
// The temporary files of a multipart form are removed when the handler has returned. As in net/http itself, those of a
// form that was parsed on a copy (middleware behind the guard that calls [http.Request.WithContext]) are out of reach
// here and in Chi: whoever copies the request removes them, by r.MultipartForm.RemoveAll. Gin and Echo keep the copy.
func Handler(guard *Guard, next http.Handler) http.Handler {
	if guard == nil || next == nil {
		panic("sallyport: the guard or the handler is nil" + callerLine())
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Serve(guard, w, r, Inbound{Route: r.Pattern}, nil, next.ServeHTTP)
	})
}

// Serve guards one request for routers that use net/http's own handlers: adapters add only what they know of the
// route. onReject, if not nil, sees each refusal before it is put out, and may add headers.
func Serve(guard *Guard, w http.ResponseWriter, r *http.Request, in Inbound, onReject func(*http.Request, *Rejection, http.Header), next func(http.ResponseWriter, *http.Request)) {
	in.KeepBody = in.KeepBody || onReject != nil
	d, reply := guard.Receive(w, r, in)
	if reply != nil {
		if reply.Rejection != nil && onReject != nil {
			onReject(r, reply.Rejection, w.Header())
		}
		reply.Write(w)
		return
	}
	tracker := track(w, d)
	returned := false
	defer func() {
		// Not recovered: the panic goes on to the router's own recovery with its stack.
		if !returned {
			d.Abandon()
			tracker.send()
		}
	}()
	next(tracker.writer, d.Request())
	returned = true
	if reply := d.Finish(Outcome{Written: tracker.written()}); reply != nil {
		reply.Write(w)
		return
	}
	tracker.send()
}

// SignalHandler serves the signals of a proved request as net/http does; mount it behind [Handler].
func SignalHandler(signals *Signals[*http.Request]) http.Handler {
	signals.Freeze()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reply := signals.Run(r, r, func() Written { return Written{} }); reply != nil {
			reply.Write(w)
		}
	})
}

// Signal is [SignalHandler] with one receiver for every event.
func Signal(fn Receiver[*http.Request]) http.Handler {
	signals := NewSignals[*http.Request]()
	signals.On("*", fn)
	return SignalHandler(signals)
}

// Handle mounts guard and signals on a pattern without a method ("/webhooks/stripe"), so that handshakes reach the
// guard and a wrong method is its 405.
func Handle(mux *http.ServeMux, pattern string, guard *Guard, signals *Signals[*http.Request]) {
	mux.Handle(pattern, Handler(guard, SignalHandler(signals)))
}
