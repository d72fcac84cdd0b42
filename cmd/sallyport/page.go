package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/wire"
)

// remotePage is the page of a running app, which does the work of the commands for operators. Only the app has its
// receivers, and its page checks who may do what.
type remotePage struct {
	name   string // in errors
	base   *url.URL
	login  string
	cookie string // in the place of a login
	http   *http.Client

	namespace string // of a journal in a database
}

const pageHelp = "The page is the app's (docs/inspector.md): SALLYPORT_PAGE is its address, SALLYPORT_LOGIN is " +
	"user:password. The page of your own \"listen\" or \"serve --page\" on this machine is found without them."

func (p *program) page() (*remotePage, error) {
	text := p.getenv("SALLYPORT_PAGE")
	if text == "" {
		return p.ownPage(nil)
	}
	base, err := url.Parse(strings.TrimSuffix(text, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("SALLYPORT_PAGE is not a URL that begins with https://")
	}
	r := &remotePage{name: "the page", base: base, login: p.getenv("SALLYPORT_LOGIN"), http: client(true)}
	// The login goes with each request. It never leaves this machine unencrypted.
	if base.Scheme == "http" {
		r.http = client(false)
	}
	if r.login == "" {
		return p.ownPage(base)
	}
	return r, nil
}

// onPage makes a command of work on the page.
func (p *program) onPage(work func(*cobra.Command, *remotePage, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		page, err := p.page()
		if err != nil {
			return err
		}
		return work(c, page, args)
	}
}

// call asks the page, and decodes what it answers.
func (r *remotePage) call(ctx context.Context, method, path string, form url.Values, into any) error {
	at, err := r.base.Parse(path)
	if err != nil {
		return err
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.authenticate(req)
	w, err := r.http.Do(req)
	if elsewhere, ok := errors.AsType[*wire.RemoteError](err); ok {
		return fmt.Errorf("SALLYPORT_PAGE: %s is not this machine, and the login never leaves it unencrypted: use "+
			"https://", elsewhere.Address)
	}
	if at, ok := errors.AsType[*url.Error](err); ok { // whose own text has the whole address
		return fmt.Errorf("%s at %s cannot be reached: %w", r.name, r.base.Redacted(), at.Err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(w.Body, maxBody))
	if err != nil {
		return err
	}
	if w.StatusCode != http.StatusOK {
		var said struct{ Error string }
		if json.Unmarshal(text, &said) != nil || said.Error == "" {
			return fmt.Errorf("SALLYPORT_PAGE answered %d, and not as a page of Sallyport does", w.StatusCode)
		}
		return fmt.Errorf("%s answered %d: %s", r.name, w.StatusCode, said.Error)
	}
	if err := unmarshal(text, into); err != nil {
		return errors.New("SALLYPORT_PAGE does not answer as a page of Sallyport does")
	}
	return nil
}

// eventPath returns the path of an event's page. An id of another form could lead elsewhere below the page: ".." is its
// list, where a POST runs many events. Fails closed.
func eventPath(id string) (string, error) {
	const known = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if id == "" || strings.Trim(id, known) != "" {
		return "", fmt.Errorf("%.200q is not the id of an event: \"sallyport events\" lists them", id)
	}
	return "event/" + id, nil
}

// shownStates are the states that a list can be narrowed to.
func shownStates() []string { return []string{"open", "parked", "done", "dismissed", "refused"} }

// stateFlag checks the value of --state: the page shows everything for one that it does not know.
func stateFlag(text string, known ...string) error {
	if slices.Contains(known, text) {
		return nil
	}
	return fmt.Errorf("--state %.200q is not one of %s", text, strings.Join(known, ", "))
}

// event is one row of the page's list.
type event struct {
	Time     time.Time `json:"time"`
	Endpoint string    `json:"endpoint"`
	Type     string    `json:"type,omitempty"`
	Event    string    `json:"event,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Status   int       `json:"status,omitempty"`
	Attempts int       `json:"attempts,omitempty"`
	Error    string    `json:"error,omitempty"`
	State    string    `json:"state,omitempty"`
	ID       string    `json:"id,omitempty"`
	Revision uint64    `json:"revision,omitempty"`
}

func (p *program) eventsCommand() *cobra.Command {
	var state, endpoint, kind, text string
	var most int
	var at place
	c := &cobra.Command{
		Use: "events", Short: "List what arrived at a running app",
		Long: paragraphs(
			"List what arrived at a running app, the newest first.\n\n" +
				placeHelp + " There are no refused ones then, because the app alone has seen them."),
		Args: cobra.NoArgs,
		RunE: p.pageOrDatabase(&at, func(c *cobra.Command, page *remotePage, _ []string) error {
			if most < 1 || most > maxRows {
				return fmt.Errorf("--limit %d is not between 1 and %d", most, maxRows)
			}
			if state != "" {
				if err := stateFlag(state, shownStates()...); err != nil {
					return err
				}
			}
			query := url.Values{"outcome": {state}, "endpoint": {endpoint}, "type": {kind}, "text": {text}}
			all, whole, err := page.list(c.Context(), query.Encode(), most)
			if err != nil {
				return err
			}
			if !whole {
				_, _ = fmt.Fprintf(p.err,
					"sallyport: %d pages of the list were searched; there are older events: narrow "+
						"the search by --endpoint or --state\n", maxPages)
			}
			if page.namespace != "" && whole && len(all) == 0 && state+endpoint+kind+text == "" {
				_, _ = fmt.Fprintf(p.err, "sallyport: the journal has no event of the namespace %q\n", page.namespace)
			}
			rows := [][]string{}
			for _, e := range all {
				id := cmp.Or(e.ID, "-")
				outcome := cmp.Or(e.State, e.Reason)
				rows = append(rows, []string{
					oneLine(id), e.Time.Local().Format(time.DateTime), oneLine(e.Endpoint), oneLine(outcome),
					oneLine(e.Type), tries(e.Attempts), oneLine(e.Error),
				})
			}
			return p.print(all, columns(rows))
		}),
	}
	c.Flags().StringVar(&state, "state", "", "`state`: open, parked, done, dismissed or refused")
	completes(c, "state", shownStates)
	c.Flags().StringVar(&endpoint, "endpoint", "", "`name` of the endpoint")
	c.Flags().StringVar(&kind, "type", "", "`type` of the event")
	c.Flags().StringVar(&text, "text", "", "`text` in the type, the id or the error")
	c.Flags().IntVar(&most, "limit", 50, fmt.Sprintf("`number` of rows at most, up to %d", maxRows))
	at.flags(c)
	return c
}

// Bounds of a list. A page of the list holds 50 rows, or looks through 2,000 events for a filter.
const (
	maxRows  = 10_000
	maxPages = 200
)

// list reads rows of the page's list, the newest first, by its links to older ones. It reports whether it has read as
// many as are wanted, or all. A page that leads back, or on without an end, ends it.
func (r *remotePage) list(ctx context.Context, query string, most int) (all []event, whole bool, err error) {
	all, seen := []event{}, map[string]bool{}
	for range maxPages {
		var part struct {
			Rows  []event
			Older string
		}
		if err := r.call(ctx, http.MethodGet, "?"+query, nil, &part); err != nil {
			return nil, false, err
		}
		all = append(all, part.Rows...)
		seen[query] = true
		query = part.Older
		switch {
		case len(all) >= most:
			return all[:most], true, nil
		case query == "":
			return all, true, nil
		case seen[query]:
			return nil, false, errors.New("SALLYPORT_PAGE leads from older events back to newer ones")
		}
	}
	return all, false, nil
}

func tries(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 try"
	}
	return strconv.Itoa(n) + " tries"
}

func (p *program) showCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use: "show ID", Short: "Show an event of a running app",
		Long: paragraphs(
			"Show an event of a running app.\n\n" +
				placeHelp),
		Args: arguments(1, 1, oneID),
		RunE: p.pageOrDatabase(&at, func(c *cobra.Command, page *remotePage, args []string) error {
			path, err := eventPath(args[0])
			if err != nil {
				return err
			}
			var e map[string]any
			if err := page.call(c.Context(), http.MethodGet, path, nil, &e); err != nil {
				return err
			}
			text := ""
			for _, name := range []string{
				"endpoint", "provider", "state", "reason", "type", "event", "tenant", "attempts", "runs", "first",
				"last", "method", "url", "length", "error", "why_not",
			} {
				if v, ok := e[name]; ok {
					// An error may have lines. None begins as a field does.
					text += fmt.Sprintf("%-9s %s\n", name, strings.ReplaceAll(fmt.Sprint(v), "\n", "\n          "))
				}
			}
			return p.print(e, text+claimAndReceivers(e))
		}),
	}
	at.flags(c)
	return c
}

// claimAndReceivers says what the replay store knows of an event, and what its receivers did.
func claimAndReceivers(e map[string]any) string {
	text := ""
	claim, _ := e["claim"].([]any)
	for _, says := range claim {
		text += fmt.Sprintf("%-9s %s\n", "store", oneLine(fmt.Sprint(says)))
	}
	receivers, _ := e["receivers"].([]any)
	rows := [][]string{}
	for _, one := range receivers {
		did, ok := one.(map[string]any)
		if !ok {
			continue
		}
		ns, _ := did["took_ns"].(json.Number)
		took, _ := ns.Int64() // 0: it was not recorded
		row := []string{"receiver"}
		for _, v := range []any{did["receiver"], did["when"], did["reason"], time.Duration(took), did["error"]} {
			if v == nil {
				v = ""
			}
			row = append(row, oneLine(fmt.Sprint(v)))
		}
		rows = append(rows, row)
	}
	return text + columns(rows)
}
