package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// section is a part of the record of one run: what begins with "## ".
type section struct{ title, text string }

// file is the name of a section's page.
func (s *section) file() string {
	title, _, _ := strings.Cut(s.title, ",")
	return strings.ReplaceAll(strings.ToLower(title), " ", "-") + ".md"
}

// pages divides the record of a run: the page that people read first, performance.md, and a page for each section in
// the directory performance.
func pages(record string) map[string]string {
	head, sections := split(record)
	all := map[string]string{}
	how, list := "", "## The tables\n\n"
	for i := range sections {
		s := &sections[i]
		if s.title == howTitle {
			how = "## " + s.title + "\n" + s.text + "\n"
			continue
		}
		name := "performance/" + s.file()
		all[name] = fmt.Sprintf("# %s\n\nOf one run: [performance.md](../performance.md) has how it was "+
			"measured.\n\n%s\n",
			s.title, strings.ReplaceAll(strings.TrimSpace(s.text), "\n### ", "\n## "))
		list += fmt.Sprintf("- [%s](%s)\n", s.title, name)
	}
	all["performance.md"] = head + summary(sections) + how + list
	return all
}

func split(record string) (head string, sections []section) {
	head, rest, _ := strings.Cut(record, "\n## ")
	for text := range strings.SplitSeq(rest, "\n## ") {
		title, text, _ := strings.Cut(text, "\n")
		sections = append(sections, section{title, text})
	}
	return strings.TrimRight(head, "\n") + "\n\n", sections
}

// summary is what matters first, read out of the tables.
func summary(sections []section) string {
	var b strings.Builder
	b.WriteString("## What a verification costs\n\nCPU time for a body of 1 KiB, from the headers to the verdict.\n\n" +
		"| sender | the hash or key operation alone | sallyport | the fastest library |\n|---|---:|---:|---:|\n")
	for _, title := range []string{"Verifying", "Public keys and tokens"} {
		for name, rows := range tables(sections, title, ", 1 KiB") {
			floor, own, other := pick(rows, "floor: "), pick(rows, proofRow).time(), fastest(rows)
			if own == "-" {
				own = pick(rows, ownRow).time() + ", the whole of Receive"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, floor.time(), own, other.timeAndName())
		}
	}
	b.WriteString("\n## What a request costs\n\nTime on the wall that is added to net/http's router, with a handler " +
		"that reads the body. The hand-written check verifies one secret and keeps no replay out; the vendor's " +
		"library stands in the same middleware.\n\n| sender and body | hand-written check | the vendor's library | " +
		"sallyport | of hand-written |\n|---|---:|---:|---:|---:|\n")
	for name, cells := range requests(sections) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, cells[1].time(), cells[2].time(), cells[3].time(),
			cells[4].name)
	}
	b.WriteString("\n## What a delivery costs\n\nWith an observer, memstore and one receiver; 1 KiB.\n\n" +
		"| outcome | CPU time | allocations |\n|---|---:|---:|\n")
	for _, title := range []string{"The complete path", "Refusals"} {
		for name, rows := range tables(sections, title, "1 KiB") {
			for _, r := range rows {
				if strings.HasPrefix(r.name, "the least") || strings.HasPrefix(r.name, "the hand-written") {
					continue
				}
				fmt.Fprintf(&b, "| %s%s | %s | %s |\n", strings.Replace(name, ", ", ": ", 1), r.name, r.time(),
					r.allocs)
			}
		}
	}
	for i := range sections {
		if s := &sections[i]; s.title == "Targets" {
			first, _, _ := strings.Cut(strings.TrimSpace(s.text), "\n")
			fmt.Fprintf(&b, "\n## Targets\n\n%s [Each one](performance/%s), and why it was missed.\n\n", first,
				s.file())
		}
	}
	return b.String()
}

const (
	howTitle = "How it is measured"
	ownRow   = "**sallyport**"
	proofRow = ownRow + ", the proof alone"
)

// row is a subject's line in a table of times.
type row struct {
	name   string
	ns     float64
	allocs string
}

// tables yields the tables of times in a section, in order. A name is what follows "### ", without the suffix that it
// must have; a table above the first name has the section's own.
func tables(sections []section, title, suffix string) func(yield func(string, []row) bool) {
	return func(yield func(string, []row) bool) {
		for i := range sections {
			if s := &sections[i]; s.title == title || strings.HasPrefix(s.title, title+",") {
				for j, part := range strings.Split("\n"+s.text, "\n### ") {
					name, text, _ := strings.Cut(part, "\n")
					if j == 0 {
						name = s.title + suffix
					}
					name, ok := strings.CutSuffix(name, suffix)
					if rows := times(text); ok && len(rows) > 0 && !yield(name, rows) {
						return
					}
				}
			}
		}
	}
}

// requests yields what the first router of each table of whole requests has.
func requests(sections []section) func(yield func(string, []row) bool) {
	return func(yield func(string, []row) bool) {
		for i := range sections {
			if !strings.HasPrefix(sections[i].title, "A whole request") {
				continue
			}
			for part := range strings.SplitSeq(sections[i].text, "\n### ") {
				name, text, _ := strings.Cut(part, "\n")
				_, text, found := strings.Cut(text, "\n| net/http |")
				if !found {
					continue
				}
				line, _, _ := strings.Cut(text, "\n")
				cells := []row{{name: "net/http"}}
				for cell := range strings.SplitSeq(strings.Trim(line, "| "), "|") {
					r := row{name: strings.TrimSpace(cell)}
					r.ns, _ = strconv.ParseFloat(r.name, 64)
					cells = append(cells, r)
				}
				if len(cells) > 4 && !yield(name, cells) {
					return
				}
			}
		}
	}
}

// times reads the rows of a table with a column for allocations.
func times(text string) []row {
	var rows []row
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 8 {
			continue
		}
		if ns, err := strconv.ParseFloat(strings.TrimSpace(cells[1]), 64); err == nil {
			rows = append(rows, row{strings.TrimSpace(cells[0]), ns, strings.TrimSpace(cells[6])})
		}
	}
	return rows
}

// pick returns the first row whose name begins so; the zero row where there is none.
func pick(rows []row, name string) row {
	i := slices.IndexFunc(rows, func(r row) bool { return strings.HasPrefix(r.name, name) })
	if i < 0 {
		return row{}
	}
	return rows[i]
}

// fastest returns the quickest of the libraries.
func fastest(rows []row) row {
	others := slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
		return strings.HasPrefix(r.name, ownRow) || strings.HasPrefix(r.name, "floor: ") ||
			strings.HasPrefix(r.name, "the least")
	})
	if len(others) == 0 {
		return row{}
	}
	return slices.MinFunc(others, func(a, b row) int { return cmp.Compare(a.ns, b.ns) })
}

func (r row) time() string {
	switch {
	case r.name == "":
		return "-"
	case r.ns < 10_000:
		return fmt.Sprintf("%.0f ns", r.ns)
	}
	return fmt.Sprintf("%.1f µs", r.ns/1000)
}

func (r row) timeAndName() string {
	if r.name == "" {
		return "-"
	}
	return r.time() + ", " + r.name
}
