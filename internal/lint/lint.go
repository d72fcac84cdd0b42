// Package lint holds the rules of this repository that no stock linter knows. They run as ordinary tests, so that
// `go test ./...` enforces them on every machine:
//
//   - secrets, MACs, signatures and credentials are compared in constant time only;
//   - packages that decide about security hold no mutable package-level state, no init functions, no math/rand and
//     (in core) no regular expressions;
//   - what users see has types that can be named, is used by somebody, links to what exists, and has no remarks for
//     tools.
//
// # Directives
//
// A finding is excused on its own line, or by a comment of its own on the line above, with the reason:
//
//	if version != sig { //lint:notsecret the version tag is public
//
//	//lint:immutable a table that is only read
//	var grammars = map[string]int{ ... }
//
// The rule about comparisons goes by names, as a reviewer does: it cannot know that x holds a MAC when nothing says
// so. Call a secret a secret.
package lint

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Finding is one broken rule.
type Finding struct {
	File    string // relative to the root of the repository
	Line    int
	Message string // what is wrong and how to fix it
}

// String is the form that editors and terminals turn into a link.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message) }

// Rules says which rules a package has to keep next to those that hold everywhere.
type Rules struct {
	NoRegexp bool // core: what parses untrusted bytes is written out
}

// Check checks one package.
func Check(p *Package, rules Rules) []Finding {
	c := &checker{pkg: p, rules: rules, immutable: map[string]bool{}}
	for _, f := range p.Files {
		c.directives(f)
	}
	for _, f := range p.Files {
		c.state(f)
	}
	for _, f := range p.Files {
		c.comparisons(f)
		c.writes(f)
	}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return c.findings
}

type checker struct {
	pkg       *Package
	rules     Rules
	excuses   []excuse
	immutable map[string]bool // package-level names that were said not to change
	findings  []Finding
}

// excuse is a directive with a reason.
type excuse struct {
	kind, file string
	line       int
	alone      bool // nothing else on the line, so that it speaks for the next one
}

const (
	notSecret = "notsecret"
	immutable = "immutable"
)

func (c *checker) report(n ast.Node, format string, args ...any) {
	pos := c.pkg.Fset.Position(n.Pos())
	c.findings = append(c.findings, Finding{c.relative(pos), pos.Line, fmt.Sprintf(format, args...)})
}

func (c *checker) relative(pos token.Position) string {
	if rel, err := filepath.Rel(c.pkg.Root, pos.Filename); err == nil {
		return filepath.ToSlash(rel)
	}
	return pos.Filename
}

// directives collects a file's excuses and reports those without a reason.
func (c *checker) directives(f *ast.File) {
	for _, group := range f.Comments {
		for _, comment := range group.List {
			rest, ok := strings.CutPrefix(comment.Text, "//lint:")
			if !ok {
				continue
			}
			kind, reason, _ := strings.Cut(rest, " ")
			switch kind {
			case "ignore", "file-ignore": // staticcheck's
				continue
			case notSecret, immutable:
			default:
				c.report(comment, "unknown directive //lint:%s; there are //lint:%s and //lint:%s", kind, notSecret,
					immutable)
				continue
			}
			if strings.TrimSpace(reason) == "" {
				c.report(comment, "//lint:%s needs a reason: //lint:%s <why this is safe>", kind, kind)
				continue
			}
			pos := c.pkg.Fset.Position(comment.Pos())
			before := c.pkg.line(pos)[:pos.Column-1]
			c.excuses = append(c.excuses, excuse{kind, pos.Filename, pos.Line, strings.TrimSpace(before) == ""})
		}
	}
}

// excused looks at the lines of the node, and at the line above it.
func (c *checker) excused(kind string, n ast.Node) bool {
	from, to := c.pkg.Fset.Position(n.Pos()), c.pkg.Fset.Position(n.End())
	for _, e := range c.excuses {
		if e.kind != kind || e.file != from.Filename {
			continue
		}
		if e.line >= from.Line && e.line <= to.Line || e.alone && e.line == from.Line-1 {
			return true
		}
	}
	return false
}
