package inspector

import (
	"embed"
	"html/template"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/core/journal"
)

//go:embed templates/*.html static/*
var files embed.FS

// shell is what stands around each page.
type shell struct {
	Title   string
	Root    string // the relative path to the list
	Live    bool
	Nav     string
	Content any
}

// parsePages parses a template for each page, with the shell around it.
func parsePages() map[string]*template.Template {
	functions := template.FuncMap{
		"utc":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"short":   func(id journal.ID) string { return string(id[:min(len(id), 12)]) },
		// A text that an app or a sender wrote, without what would turn its direction.
		"plain": func(text string) string { return cut(text, 16<<10) },
		"took":  took,
	}
	pages := map[string]*template.Template{}
	for _, name := range []string{"list", "event", "delivery", "endpoints", "compare", "bulk", "error"} {
		t := template.New("shell.html").Funcs(functions)
		pages[name] = template.Must(t.ParseFS(files, "templates/shell.html", "templates/"+name+".html"))
	}
	return pages
}

// took shows a duration with three digits or so.
func took(d time.Duration) string {
	unit := time.Duration(1)
	for unit*1000 < d {
		unit *= 10
	}
	return d.Round(unit).String()
}

// show writes a page.
func (p *Inspector) show(w http.ResponseWriter, r *http.Request, name, title string, content any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	p.write(w, name, &shell{Title: title, Root: rootOf(r), Live: name == "list", Nav: name, Content: content})
}

// write executes a template. It is written at once and not buffered: an error in the middle of a page can only be
// logged, and is one of the client's connection or of the template.
func (p *Inspector) write(w http.ResponseWriter, name string, s *shell) {
	if err := p.pages[name].Execute(w, s); err != nil {
		p.log.Warn("the webhook inspector could not write a page", "page", name, "error", err)
	}
}

func file(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		text, err := files.ReadFile(name)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(text) // the client has gone: nobody is left to say it to
	}
}
