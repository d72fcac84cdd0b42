package inspector

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"
)

// policy allows the page's own files, and nothing else: what a sender wrote can load and run nothing, whatever a
// browser takes it for.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// readTimeout bounds what one request asks of the journal.
const readTimeout = 15 * time.Second

type accessKey struct{}

// accessOf returns what the person who sent the request may do.
func accessOf(r *http.Request) *Access {
	if a := routed(r); a != nil {
		return a
	}
	return &Access{Endpoints: []string{}} // fails closed: a request that Authorize has not seen
}

// routed returns the access of a request whose path is below the prefix; nil: it was not let in, or not routed yet.
func routed(r *http.Request) *Access {
	a, _ := r.Context().Value(accessKey{}).(*Access)
	return a
}

// route maps paths below the prefix to what they show.
func (p *Inspector) route() {
	p.mux = http.NewServeMux()
	p.mux.HandleFunc("GET /{$}", p.showList)
	p.mux.HandleFunc("GET /event/{id}", p.showEvent)
	p.mux.HandleFunc("GET /event/{id}/body", p.sendBody)
	p.mux.HandleFunc("GET /delivery/{number}", p.showDelivery)
	p.mux.HandleFunc("GET /compare", p.showComparison)
	p.mux.HandleFunc("GET /endpoints", p.showEndpoints)
	p.mux.HandleFunc("GET /live", p.stream)
	p.mux.HandleFunc("GET /style.css", file("static/style.css", "text/css; charset=utf-8"))
	p.mux.HandleFunc("GET /script.js", file("static/script.js", "text/javascript; charset=utf-8"))
	p.mux.HandleFunc("GET /icon.svg", file("static/icon.svg", "image/svg+xml"))
	p.mux.HandleFunc("POST /event/{id}/redrive", p.redriveOne)
	p.mux.HandleFunc("POST /event/{id}/dismiss", p.dismiss)
	p.mux.HandleFunc("POST /redrive", p.redriveMany)
	p.mux.HandleFunc("POST /pause", p.pause)
	p.mux.HandleFunc("POST /resume", p.pause)
}

// ServeHTTP implements [http.Handler].
func (p *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !p.knowsHost(r.Host) {
		p.fail(w, r, http.StatusMisdirectedRequest, p.otherHost)
		return
	}
	access, err := p.authorize(r)
	switch {
	case errors.Is(err, ErrLogin):
		h.Set("WWW-Authenticate", `Basic realm="webhooks", charset="UTF-8"`)
		p.fail(w, r, http.StatusUnauthorized, "A login is required")
		return
	case errors.Is(err, errNoSession):
		p.fail(w, r, http.StatusForbidden, "Open the URL that the program printed. Its token opens the page once, in "+
			"one browser; start the program again for another.")
		return
	case err != nil:
		p.log.WarnContext(r.Context(), "the webhook inspector let nobody in", "error", err)
		p.fail(w, r, http.StatusForbidden, "Access was refused; the app's log says why")
		return
	}
	if err := p.origin.Check(r); err != nil || embedsFromElsewhere(r) {
		p.fail(w, r, http.StatusForbidden, "The request came from another site")
		return
	}
	if p.readOnly {
		access.Redrive, access.Dismiss, access.Pause = false, false, false
	}
	below, ok := strings.CutPrefix(r.URL.Path, p.prefix)
	if !ok || below != "" && below[0] != '/' {
		p.fail(w, r, http.StatusNotFound, "Config.Prefix is not the path at which the page is mounted")
		return
	}
	if below == "" {
		// Relative, because a proxy may have removed a part of the path.
		h.Set("Location", r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]+"/")
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	// http.ServeMux would redirect to the cleaned path, without the prefix: out of the page.
	if clean := path.Clean(below); below != clean && below != clean+"/" || below == "//" {
		p.fail(w, r, http.StatusNotFound, "There is no such page")
		return
	}
	inner := r.Clone(context.WithValue(r.Context(), accessKey{}, &access))
	inner.URL.Path = below
	inner.URL.RawPath = strings.TrimPrefix(r.URL.RawPath, p.prefix)
	p.mux.ServeHTTP(w, inner)
}

// embedsFromElsewhere reports whether another site loads something of the page into its own, such as an image. It would
// see nothing of it, but a browser sends the login along, and each live page takes one of few places. A link from
// elsewhere is a navigation, and opens the page. Browsers without these headers are let through: it fails open.
func embedsFromElsewhere(r *http.Request) bool {
	site, dest := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	opens := r.Header.Get("Sec-Fetch-Mode") == "navigate" && (dest == "" || dest == "document")
	return (site == "cross-site" || site == "same-site") && !opens
}

// wantsJSON reports whether the answer is JSON: for whoever asks for it and not for a page.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// fail answers an error, in plain words that hold nothing of what a sender wrote.
func (p *Inspector) fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	if wantsJSON(r) {
		sendJSON(w, status, map[string]string{"error": text})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	p.write(w, "error", &shell{Title: http.StatusText(status), Root: rootOf(r), Content: text})
}

// failJournal answers an error of the journal, and logs it where it is not the request's own.
func (p *Inspector) failJournal(w http.ResponseWriter, r *http.Request, err error) {
	status, text := statusOf(err)
	if status == http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "the webhook inspector could not read the journal", "error", err)
	}
	p.fail(w, r, status, text)
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone: nobody is left to say it to
}

// rootOf returns the relative path from a page to the list. All links are relative: where the page is mounted, and
// what a proxy makes of it, is nothing that it has to know.
func rootOf(r *http.Request) string {
	if depth := strings.Count(r.URL.Path, "/") - 1; depth > 0 && routed(r) != nil {
		return strings.Repeat("../", depth)
	}
	return "./"
}
