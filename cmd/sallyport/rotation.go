package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/core/journal"
)

// rotations are the secrets of endpoints, as the page answers.
type rotations struct {
	Endpoints []rotated `json:"endpoints"`
	Notes     []string  `json:"notes,omitempty"` // what a database cannot know
}

type rotated struct {
	Endpoint string       `json:"endpoint"`
	Provider string       `json:"provider"`
	Secrets  []usedSecret `json:"secrets"`

	// Of a journal in a database: when the states were so, and how far back its events reach.
	AsOf  time.Time `json:"as_of,omitzero"`
	Since time.Time `json:"since,omitzero"`
}

type usedSecret struct {
	Tenant      string    `json:"tenant,omitempty"`
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
				"An event in a journal says how the process that kept it had used its secrets until then, with all " +
				"deliveries that succeeded. So a database answers as the page did at that time, which is printed. It " +
				"does not know an endpoint without a journal or without a kept event, nor what happened since, nor " +
				"what another process has seen whose events are not there. The page knows what its own process has " +
				"seen until now."),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch byPage, err := p.byPage(&at); {
			case err != nil:
				return err
			case !byPage:
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
			name := e.Endpoint
			if s.Tenant != "" {
				name += " (tenant " + s.Tenant + ")"
			}
			rows = append(rows, []string{
				oneLine(name), oneLine(s.Label), oneLine(s.Setting), oneLine(s.State), last, until,
			})
		}
	}
	text := columns(rows)
	for _, note := range r.Notes {
		text += oneLine(note) + "\n"
	}
	return text
}

// keptRotation shows how the secrets of a journal's endpoints were used.
func (p *program) keptRotation(ctx context.Context, kept *journal.Journal) error {
	var all keptUses
	unread, read := 0, 0
	for e, err := range kept.Entries(ctx, journal.Query{Limit: maxRows}) {
		var one *journal.UnreadableError
		read++
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
	found := all.rotations()
	if read == maxRows {
		found.Notes = append(found.Notes, fmt.Sprintf("only the newest %d events of the journal were read", maxRows))
	}
	found.Notes = append(found.Notes, "endpoints without a journal, or without a kept event, are not known here")
	return p.print(found, found.text())
}
