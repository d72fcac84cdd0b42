package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// listed is one sender as a command shows it.
type listed struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Aliases    []string `json:"aliases,omitempty"`
	Confidence string   `json:"confidence"`
	Confirmed  string   `json:"confirmed"`
	Package    string   `json:"package"`
	Docs       string   `json:"docs,omitempty"`
	Proof      string   `json:"proof"`

	Call       string      `json:"go"`
	Parameters []parameter `json:"parameters,omitempty"`
	Steps      []string    `json:"steps,omitempty"`
	Refuses    []string    `json:"refuses,omitempty"`
	Notes      []string    `json:"notes,omitempty"`
	Unsigned   []string    `json:"unsigned,omitempty"`
}

type parameter struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret,omitempty"`
}

func (p *program) providersCommand() *cobra.Command {
	return &cobra.Command{
		Use: "providers [NAME]", Short: "List the senders, or show one",
		Long: paragraphs(
			"List the senders whose name or title holds a text, or show the one of that name. Exit status " +
				"1: there is none."),
		Example: "  sallyport providers\n  sallyport providers mail\n  sallyport providers stripe",
		Args:    arguments(0, 1, "give one name, or none"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text := ""
			if len(args) > 0 {
				text = args[0]
				if e, ok := catalogue.ByName(text); ok {
					l := listing(&e)
					return p.print(l, l.page())
				}
			}
			return p.search(text)
		},
	}
}

func (p *program) search(text string) error {
	found := []listed{}
	rows := [][]string{}
	text = strings.ToLower(text)
	for _, e := range catalogue.All() {
		l := listing(&e)
		if !strings.Contains(strings.ToLower(l.Name+" "+l.Title+" "+strings.Join(l.Aliases, " ")), text) {
			continue
		}
		found = append(found, l)
		rows = append(rows, []string{l.Name, l.Title, l.Confidence, strings.Join(l.Aliases, ", ")})
	}
	says := columns(rows)
	if len(found) == 0 {
		says = catalogue.Unknown(text) + "\n"
	}
	if err := p.print(found, says); err != nil {
		return err
	}
	if len(found) == 0 {
		return errWrong
	}
	return nil
}

func names() []string {
	var all []string
	for _, e := range catalogue.All() {
		all = append(all, e.Name)
	}
	return all
}

func listing(c *catalogue.Entry) listed {
	l := listed{
		Name: c.Name, Aliases: c.Aliases(), Package: c.Package, Confirmed: c.Fact().Confirmed, Call: c.Fact().Call,
		Steps: c.Guide().Steps, Refuses: c.Guide().Refuses, Notes: c.Guide().Notes,
	}
	for _, one := range c.Parameters {
		l.Parameters = append(l.Parameters, parameter{one.Name, one.Doc, one.Required, one.Secret})
	}
	e, err := entry.Of(c.Sample())
	if err != nil || e == nil {
		return l // the laws' tests refuse such an entry
	}
	l.Title, l.Confidence, l.Docs, l.Unsigned = e.Title, e.Confidence, e.Docs, e.Unsigned
	l.Proof = proofOf(e)
	return l
}

func proofOf(e *entry.Entry) string {
	switch s := e.Scheme; {
	case s == nil:
		return "a shared secret that is sent as it is; nothing is signed"
	case s.Custom != nil:
		return s.Custom.Traits().Proof
	case s.Algorithm.PublicKey():
		return "a signature with a key pair, in " + strings.Join(s.Signature.Headers, " or ")
	case len(s.Signature.Headers) > 0:
		return "a signature with a shared secret, in " + strings.Join(s.Signature.Headers, " or ")
	default:
		return "a signature with a shared secret, in the body or the URL"
	}
}

func (l *listed) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", l.Title, l.Name)
	rows := [][]string{
		{"proof", l.Proof}, {"in Go", l.Call + ", package " + l.Package}, {"documentation", l.Docs},
		{"confidence", l.Confidence + ", confirmed " + l.Confirmed},
	}
	if len(l.Aliases) > 0 {
		rows = append(rows, []string{"also called", strings.Join(l.Aliases, ", ")})
	}
	if len(l.Unsigned) > 0 {
		rows = append(rows, []string{"not covered", strings.Join(l.Unsigned, ", ")})
	}
	for _, one := range l.Parameters {
		need := ""
		if one.Required {
			need = " (required)"
		}
		if one.Secret {
			need += "; the name of the environment variable that holds it"
		}
		rows = append(rows, []string{"--param " + one.Name, one.Doc + need})
	}
	b.WriteString(columns(rows))
	section(&b, "Setting it up", l.Steps)
	section(&b, "Not taken", l.Refuses)
	section(&b, "Notes", l.Notes)
	return b.String()
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + "\n")
	for n, line := range lines {
		fmt.Fprintf(b, "  %d. %s\n", n+1, line)
	}
}
