package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Usage is what the Go files and the pages of a repository name, in all its modules. Names of packages are known by
// their import; fields and methods by their name alone, which finds fewer that nobody uses rather than more.
type Usage struct {
	names   map[string]bool            // import path + "." + name
	members map[string]map[string]bool // the name of a field or a method, and the import paths that use it
	pages   strings.Builder
}

// NewUsage reads the repository in root. Hidden folders and testdata are left out.
func NewUsage(root, module string) (*Usage, error) {
	u := &Usage{names: map[string]bool{}, members: map[string]map[string]bool{}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md") && d.Name() != "CHANGELOG.md":
			text, err := os.ReadFile(name)
			u.pages.Write(text)
			return err
		case strings.HasSuffix(name, ".go"):
			rel, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return err
			}
			return u.read(name, path.Join(module, filepath.ToSlash(rel)))
		}
		return nil
	})
	return u, err
}

// read notes what one file names. Tests are another package than the one they test, also those within it.
func (u *Usage) read(name, importPath string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	tests, of := strings.HasSuffix(name, "_test.go"), importPath
	within := tests && !strings.HasSuffix(file.Name.Name, "_test")
	if tests {
		importPath += "_test"
	}
	imports := map[string]string{}
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		short := path.Base(target)
		if spec.Name != nil {
			short = spec.Name.Name
		}
		imports[short] = target
	}
	member := func(name string) {
		if u.members[name] == nil {
			u.members[name] = map[string]bool{}
		}
		u.members[name][importPath] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			member(n.Sel.Name)
			if x, ok := n.X.(*ast.Ident); ok && imports[x.Name] != "" {
				u.names[imports[x.Name]+"."+n.Sel.Name] = true
			}
		case *ast.Ident:
			if within {
				u.names[of+"."+n.Name] = true
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				member(key.Name)
			}
		}
		return true
	})
	return nil
}

// uses reports whether anything outside a package names one of its names, or a page does.
func (u *Usage) uses(importPath, name string) bool {
	return u.names[importPath+"."+name] ||
		regexp.MustCompile(`\b`+path.Base(importPath)+`\.`+name+`\b`).MatchString(u.pages.String())
}

// usesMember reports whether anything outside a package names a field or a method, or a page does.
func (u *Usage) usesMember(importPath, name string) bool {
	for of := range u.members[name] {
		if of != importPath {
			return true
		}
	}
	return regexp.MustCompile(`\.` + name + `\b`).MatchString(u.pages.String())
}

// Unused returns what is shown and nobody uses: no other package of the repository, no test from outside and no page. A
// constant of a type of its own counts with its type, as one of a closed list, and a type with what has it. Methods
// that an interface asks for are called through that.
func (a *API) Unused(u *Usage) (list []Finding) {
	members := a.Members()
	held := map[*types.TypeName]bool{}
	asked := map[string]bool{
		"Error": true, "Unwrap": true, "Is": true, "As": true, "String": true, "Format": true, "GoString": true,
		"LogValue": true, "MarshalText": true, "MarshalJSON": true, "UnmarshalText": true, "Timeout": true,
		"Deadline": true, "Done": true, "Err": true, "Value": true,
	}
	for _, m := range members {
		if m.Kind != "type" && m.Kind != "const" {
			hold(m.typ, held)
		}
		if of, method, ok := strings.Cut(m.Name, "."); ok && m.Kind == "method" && a.isInterface(m.Path, of) {
			asked[method] = true
		}
	}
	for _, m := range members {
		_, inner, isMember := strings.Cut(m.Name, ".")
		used := true
		switch {
		case isMember && m.Kind == "method":
			used = asked[inner] || u.usesMember(m.Path, inner)
		case isMember:
			used = u.usesMember(m.Path, inner)
		case m.Kind == "const":
			of := typeName(m.typ)
			ofItsOwn := of != nil && of.Pkg() != nil && of.Pkg().Path() == m.Path
			used = ofItsOwn && (held[of] || u.uses(m.Path, of.Name())) || u.uses(m.Path, m.Name)
		case m.Kind == "type":
			used = held[typeName(m.typ)] || u.uses(m.Path, m.Name)
		default:
			used = u.uses(m.Path, m.Name)
		}
		if !used {
			list = append(list, Finding{m.At.Filename, m.At.Line, fmt.Sprintf(
				"nobody uses %s of %s: remove it, or use it in a test or an example (provider: make docs)", m.Name,
				m.Path)})
		}
	}
	return list
}

// typeName returns the name of a type that has one.
func typeName(t types.Type) *types.TypeName {
	if named, ok := t.(interface{ Obj() *types.TypeName }); ok {
		return named.Obj()
	}
	return nil
}

func (a *API) isInterface(importPath, name string) bool {
	for _, p := range a.packages {
		if p.Path == importPath {
			o := p.types.Scope().Lookup(name)
			return o != nil && types.IsInterface(o.Type())
		}
	}
	return false
}

// hold notes the named types within t.
func hold(t types.Type, held map[*types.TypeName]bool) {
	switch t := t.(type) {
	case *types.Alias:
		held[t.Obj()] = true
		hold(types.Unalias(t), held)
	case *types.Named:
		held[t.Obj()] = true
		for arg := range t.TypeArgs().Types() {
			hold(arg, held)
		}
	case interface{ Elem() types.Type }: // a pointer, a slice, an array, a channel; of a map the value
		hold(t.Elem(), held)
		if m, ok := t.(*types.Map); ok {
			hold(m.Key(), held)
		}
	case *types.Signature:
		hold(t.Params(), held)
		hold(t.Results(), held)
	case *types.Tuple:
		for v := range t.Variables() {
			hold(v.Type(), held)
		}
	}
}
