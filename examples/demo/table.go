package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/terminal"
)

// layout is a line of the table. With six routers it is 79 columns wide.
const layout = "  %-26s %-6s %-18s %-6s %s\n"

var errWrong = errors.New("some deliveries were not answered as they should be")

// printTable prints one line for what was sent to all routers, with a mark for each, and says what is wrong.
func printTable(w io.Writer, results []*played, took time.Duration) error {
	var b strings.Builder
	paint := terminal.Painter(w, os.Getenv)
	var wrong []string
	sent := 0
	for _, p := range results {
		sent += p.sent
		for status, answers := range p.refusals {
			if len(answers) > 1 {
				wrong = append(wrong, fmt.Sprintf("%s: failed authentications got %d different answers with status "+
					"%d; an outsider must not tell them apart", p.router, len(answers), status))
			}
		}
	}
	_, _ = fmt.Fprintf(&b, "Each line was sent over HTTPS to %d apps on the loopback interface:\n", len(results))
	b.WriteString(legend(results) + ".\n\n")
	b.WriteString(paint(terminal.Bold,
		strings.TrimRight(fmt.Sprintf(layout, "sent", "answer", "reason", "signal", heads(results)), " \n")) + "\n")
	for i, g := range results[0].groups {
		_, _ = fmt.Fprintf(&b, "\n%s\n", paint(terminal.Bold, g.title))
		for j, r := range g.rows {
			marks, bad := check(results, i, j)
			wrong = append(wrong, bad...)
			b.WriteString(line(r.sent, observed(results, i, j), marks, paint))
		}
	}
	b.WriteByte('\n')
	for _, text := range wrong {
		_, _ = fmt.Fprintf(&b, "%s %s\n", paint(terminal.Red, "WRONG"), text)
	}
	summary := fmt.Sprintf("%d deliveries over %d routers", sent, len(results))
	if len(wrong) == 0 {
		b.WriteString("ran = the app's code was called; (old) = the old secret of a rotation matched.\n")
		b.WriteString("Failed authentications of one status look alike from outside, byte for byte.\n\n")
		summary = paint(terminal.Green, summary+": all answered as they should be") + fmt.Sprintf(" (%.1fs).",
			took.Seconds())
	} else {
		summary += fmt.Sprintf(": wrong outcomes: %d (%.1fs).", len(wrong), took.Seconds())
	}
	b.WriteString(summary + "\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	if len(wrong) > 0 {
		return errWrong
	}
	return nil
}

func line(sent string, o outcome, marks []string, paint terminal.Painting) string {
	reason, ran := string(o.reason), "-"
	if o.label == "old" || strings.HasSuffix(o.label, "+old") {
		reason += " (old)"
	}
	if o.signals == 1 {
		ran = "ran"
	} else if o.signals > 1 {
		ran = fmt.Sprintf("%d×", o.signals)
	}
	for i, m := range marks {
		colour := terminal.Green
		if strings.TrimSpace(m) != "ok" {
			colour = terminal.Red
		}
		marks[i] = paint(colour, m)
	}
	text := fmt.Sprintf(layout, sent, "\x00", reason, ran, strings.Join(marks, " "))
	colour := terminal.Yellow
	if o.status < 300 {
		colour = terminal.Green
	}
	return strings.Replace(text, "\x00  ", paint(colour, strconv.Itoa(o.status)), 1)
}

// check compares every router's outcome with the right one.
func check(results []*played, i, j int) (marks, wrong []string) {
	for _, p := range results {
		mark := "ok"
		g := p.groups[i]
		if j >= len(g.rows) {
			mark = "NO"
			wrong = append(wrong, fmt.Sprintf("%s, %s: a line is missing", p.router, g.title))
		} else if r := g.rows[j]; r.got != r.want {
			mark = "NO"
			wrong = append(wrong,
				fmt.Sprintf("%s, %s, %s: got %s; right is %s", p.router, g.title, strings.TrimSpace(r.sent), r.got,
					r.want))
		}
		marks = append(marks, mark)
	}
	return marks, wrong
}

// observed is what the line shows: the outcome that is wrong, if there is one.
func observed(results []*played, i, j int) outcome {
	for _, p := range results {
		if g := p.groups[i]; j < len(g.rows) && g.rows[j].got != g.rows[j].want {
			return g.rows[j].got
		}
	}
	return results[0].groups[i].rows[j].got
}

func heads(results []*played) string {
	var numbers []string
	for i := range results {
		numbers = append(numbers, fmt.Sprintf("%2d", i+1))
	}
	return strings.Join(numbers, " ")
}

func legend(results []*played) string {
	var names []string
	for i, p := range results {
		names = append(names, fmt.Sprintf("%d = %s", i+1, p.router))
	}
	return strings.Join(names, ", ")
}
