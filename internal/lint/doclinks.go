package lint

import (
	"fmt"
	"go/types"
	"regexp"
	"strings"
)

// docLink is a link of a doc comment: [Name], [Type.Method], [pkg.Name], [*Type]. A word in brackets that is followed
// by a bracket, a parenthesis or a colon is not one.
//
//lint:immutable a pattern
var docLink = regexp.MustCompile(`(^|[\s(,;])\[\*?([a-z][a-z0-9]*\.)?([A-Z]\w*)(\.\w+)?\]([^\[(:\w]|$)`)

// BrokenLinks returns the links in comments of the public packages that lead nowhere, as after a name has moved. What
// other modules have is not known.
func (a *API) BrokenLinks() (list []Finding) {
	for _, p := range a.packages {
		for _, file := range p.Files {
			for _, group := range file.Comments {
				for _, m := range docLink.FindAllStringSubmatch(group.Text(), -1) {
					of := p.types
					if m[2] != "" {
						if of = a.imported(p, strings.TrimSuffix(m[2], ".")); of == nil {
							continue
						}
					}
					if !shows(of, m[3], strings.TrimPrefix(m[4], ".")) {
						pos := p.Fset.Position(group.Pos())
						list = append(list, Finding{pos.Filename, pos.Line, fmt.Sprintf(
							"the link [%s%s%s] leads nowhere", m[2], m[3], m[4])})
					}
				}
			}
		}
	}
	return list
}

// imported returns a package that one of p's files imports, if its names are known.
func (a *API) imported(p *Package, name string) *types.Package {
	for _, of := range p.types.Imports() {
		if of.Name() == name && len(of.Scope().Names()) > 0 {
			return of
		}
	}
	return nil
}

// shows reports whether a package has a name, and that a member.
func shows(p *types.Package, name, member string) bool {
	o := p.Scope().Lookup(name)
	if o == nil || member == "" {
		return o != nil
	}
	found, _, _ := types.LookupFieldOrMethod(o.Type(), true, p, member)
	return found != nil
}
