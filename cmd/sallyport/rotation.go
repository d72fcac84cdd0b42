package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/core/journal"
)

// rotations are the secrets of endpoints, as the page answers.
type rotations struct {
	Endpoints []rotated `json:"endpoints"`
}

type rotated struct {
	Endpoint string       `json:"endpoint"`
	Provider string       `json:"provider"`
	Secrets  []usedSecret `json:"secrets"`
}

type usedSecret struct {
	Label       string    `json:"label"`
	Setting     string    `json:"setting,omitempty"`
	State       string    `json:"state,omitempty"`
	Matched     int64     `json:"matched"`
	LastMatched time.Time `json:"last_matched,omitzero"`
	NotAfter    time.Time `json:"not_after,omitzero"`
}

func (p *program) rotationCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use: "rotation", Short: "Show which secrets a running app uses",
		Long: paragraphs(
			"Show which secrets a running app uses, and which may be removed.\n\n" +
				placeHelp + "\n\n" +
				"A database knows the events that the journal has kept, and which secret proved each: of a secret " +
				"that is missing there it cannot say that it may be removed. The page can."),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if at.given() || p.getenv("SALLYPORT_PAGE") == "" && p.getenv("SALLYPORT_DATABASE") != "" {
				return p.inDatabase(c.Context(), &at, func(kept *journal.Journal, _ string) error {
					return p.keptRotation(c.Context(), kept)
				})
			}
			return p.onPage(func(c *cobra.Command, page *remotePage, _ []string) error {
				var all rotations
				if err := page.call(c.Context(), http.MethodGet, "endpoints", nil, &all); err != nil {
					return err
				}
				return p.print(all, all.text())
			})(c, nil)
		},
	}
	at.flags(c)
	return c
}

func (r *rotations) text() string {
	rows := [][]string{}
	for _, e := range r.Endpoints {
		for _, s := range e.Secrets {
			last, until := "never matched", ""
			if !s.LastMatched.IsZero() {
				last = "last matched " + s.LastMatched.Local().Format(time.DateTime)
			}
			if !s.NotAfter.IsZero() {
				until = "valid until " + s.NotAfter.Local().Format(time.DateTime)
			}
			rows = append(rows, []string{
				oneLine(e.Endpoint), oneLine(s.Label), oneLine(s.Setting), oneLine(s.State), last, until,
			})
		}
	}
	return columns(rows)
}

// keptRotation shows which secrets proved the events of a journal.
func (p *program) keptRotation(ctx context.Context, kept *journal.Journal) error {
	all := rotations{Endpoints: []rotated{}}
	unread := 0
	for e, err := range kept.Entries(ctx, journal.Query{Limit: maxRows}) {
		var one *journal.UnreadableError
		switch {
		case errors.As(err, &one):
			unread++
		case err != nil:
			return err
		default:
			all.add(e)
		}
	}
	if unread > 0 {
		_, _ = fmt.Fprintf(p.err, "sallyport: --key-env: %d entries cannot be read\n", unread)
	}
	slices.SortFunc(all.Endpoints, func(a, b rotated) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return p.print(all, all.text())
}

// add counts an entry. Entries come the newest first.
func (r *rotations) add(e *journal.Entry) {
	i := slices.IndexFunc(r.Endpoints, func(one rotated) bool { return one.Endpoint == e.Endpoint })
	if i < 0 {
		i = len(r.Endpoints)
		r.Endpoints = append(r.Endpoints, rotated{Endpoint: e.Endpoint, Provider: e.Provider})
	}
	list := &r.Endpoints[i].Secrets
	j := slices.IndexFunc(*list, func(s usedSecret) bool { return s.Label == e.Secret })
	if j < 0 {
		j = len(*list)
		*list = append(*list, usedSecret{Label: e.Secret})
	}
	s := &(*list)[j]
	s.Matched++
	if e.Last.After(s.LastMatched) {
		s.LastMatched = e.Last
	}
}
