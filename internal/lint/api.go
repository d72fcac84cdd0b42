package lint

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// API is what the packages of a module show to those who import it. Packages below an internal folder show nothing.
type API struct {
	packages []*Package
	aliased  map[*types.TypeName]bool // types of internal packages that a public package gives a name
}

// NewAPI collects the public ones among the packages.
func NewAPI(packages []*Package) *API {
	a := &API{aliased: map[*types.TypeName]bool{}}
	for _, p := range packages {
		if !public(p.Path) {
			continue
		}
		a.packages = append(a.packages, p)
		for name := range exported(p) {
			if of, ok := name.(*types.TypeName); ok && of.IsAlias() {
				if named, ok := types.Unalias(of.Type()).(*types.Named); ok {
					a.aliased[named.Obj()] = true
				}
			}
		}
	}
	return a
}

func public(importPath string) bool {
	return !slices.Contains(strings.Split(importPath, "/"), "internal")
}

// exported yields the exported names of a package.
func exported(p *Package) func(func(types.Object) bool) {
	return func(yield func(types.Object) bool) {
		scope := p.types.Scope()
		for _, name := range scope.Names() {
			if o := scope.Lookup(name); o.Exported() && !yield(o) {
				return
			}
		}
	}
}

// Member is something that an exported name shows: the name itself, a field or a method.
type Member struct {
	Name string // "Guard.Shutdown", "Config.Limits", "New"
	Kind string // "const", "var", "func", "type", "field" or "method"
	At   token.Position

	// Path is the import path of its package.
	Path string
	typ  types.Type
}

// Members returns everything that the public packages show.
func (a *API) Members() (list []Member) {
	for _, p := range a.packages {
		add := func(kind, name string, o types.Object) {
			list = append(list, Member{name, kind, p.Fset.Position(o.Pos()), p.Path, o.Type()})
		}
		for o := range exported(p) {
			switch o := o.(type) {
			case *types.Const:
				add("const", o.Name(), o)
			case *types.Var:
				add("var", o.Name(), o)
			case *types.Func:
				add("func", o.Name(), o)
			case *types.TypeName:
				add("type", o.Name(), o)
				inside(o, add)
			}
		}
	}
	return list
}

// inside adds the exported fields and methods of a type.
func inside(of *types.TypeName, add func(kind, name string, o types.Object)) {
	name := of.Name() + "."
	switch u := of.Type().Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if f.Exported() && !f.Embedded() {
				add("field", name+f.Name(), f)
			}
		}
	case *types.Interface:
		for m := range u.ExplicitMethods() {
			if m.Exported() {
				add("method", name+m.Name(), m)
			}
		}
	}
	if named, ok := types.Unalias(of.Type()).(*types.Named); ok {
		for m := range named.Methods() {
			if m.Exported() {
				add("method", name+m.Name(), m)
			}
		}
	}
}

// Unnameable returns what is shown and has a type that nobody outside the module can write down.
func (a *API) Unnameable() (list []Finding) {
	for _, m := range a.Members() {
		if m.Kind == "type" {
			continue
		}
		if hidden := a.hidden(m.typ); hidden != nil {
			list = append(list, Finding{m.At.Filename, m.At.Line, fmt.Sprintf(
				"%s of %s has the type %s, which nobody outside can name: export it, or return an interface",
				m.Name, m.Path, types.TypeString(hidden.Type(), nil))})
		}
	}
	return list
}

// hidden returns a type within t that cannot be named; nil where there is none. Types of other modules are not known.
func (a *API) hidden(t types.Type) *types.TypeName {
	first := func(all ...types.Type) *types.TypeName {
		for _, one := range all {
			if of := a.hidden(one); of != nil {
				return of
			}
		}
		return nil
	}
	switch t := t.(type) {
	case *types.Alias:
		if t.Obj().Exported() && public(t.Obj().Pkg().Path()) {
			return nil
		}
		return a.hidden(types.Unalias(t))
	case *types.Named:
		of := t.Obj()
		named := of.Pkg() == nil || a.aliased[of] || of.Exported() && public(of.Pkg().Path())
		if !named {
			return of
		}
		for arg := range t.TypeArgs().Types() {
			if of := a.hidden(arg); of != nil {
				return of
			}
		}
	case *types.Pointer:
		return a.hidden(t.Elem())
	case *types.Slice:
		return a.hidden(t.Elem())
	case *types.Array:
		return a.hidden(t.Elem())
	case *types.Chan:
		return a.hidden(t.Elem())
	case *types.Map:
		return first(t.Key(), t.Elem())
	case *types.Signature:
		return first(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if of := a.hidden(v.Type()); of != nil {
				return of
			}
		}
	}
	return nil
}
