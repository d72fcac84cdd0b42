package lint

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Package is a parsed package with what is known of its types.
type Package struct {
	Root, Path string
	Fset       *token.FileSet
	Files      []*ast.File
	Info       *types.Info
	types      *types.Package
	source     map[string][]string
}

func (p *Package) line(pos token.Position) string { return p.source[pos.Filename][pos.Line-1] }

// Loader reads packages of one module. The types of the standard library and of the module are known. Those of other
// modules (the routers) are not, because reading them takes longer than everything else together: where a type is
// unknown the rules go by names alone, which finds more rather than less.
type Loader struct {
	root, module string
	fset         *token.FileSet
	std          types.Importer
	build        build.Context
	packages     map[string]*Package
	foreign      map[string]*types.Package
}

// NewLoader reads the module whose go.mod is in root.
func NewLoader(root string) (*Loader, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	name := regexp.MustCompile(`(?m)^module\s+(\S+)`).FindSubmatch(mod)
	if name == nil {
		return nil, fmt.Errorf("%s/go.mod has no module line", root)
	}
	// The source importer takes its settings from the default context; with cgo it would run a C compiler.
	build.Default.CgoEnabled = false
	fset := token.NewFileSet()
	return &Loader{
		root: root, module: string(name[1]), fset: fset,
		std: importer.ForCompiler(fset, "source", nil), build: build.Default,
		packages: map[string]*Package{}, foreign: map[string]*types.Package{},
	}, nil
}

// Load reads the non-test files of one folder, given relative to the root. It is nil where there are none.
func (l *Loader) Load(folder string) (*Package, error) {
	return l.load(path.Join(l.module, filepath.ToSlash(folder)), filepath.Join(l.root, folder))
}

func (l *Loader) load(importPath, folder string) (*Package, error) {
	if p, ok := l.packages[importPath]; ok {
		return p, nil
	}
	p := &Package{Root: l.root, Path: importPath, Fset: l.fset, source: map[string][]string{}}
	l.packages[importPath] = nil // an import cycle ends here; the compiler complains about it
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if ok, err := l.build.MatchFile(folder, name); err != nil || !ok {
			continue
		}
		full := filepath.Join(folder, name)
		text, err := os.ReadFile(full)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(l.fset, full, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, file)
		p.source[full] = strings.Split(string(text), "\n")
	}
	if len(p.Files) == 0 {
		return nil, nil
	}
	p.Info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{},
	}
	// Errors are the compiler's business; what is left unknown is checked by name.
	conf := types.Config{Importer: l, Error: func(error) {}}
	p.types, _ = conf.Check(importPath, l.fset, p.Files, p.Info)
	l.packages[importPath] = p
	return p, nil
}

// Import implements [types.Importer].
func (l *Loader) Import(importPath string) (*types.Package, error) {
	first, _, _ := strings.Cut(importPath, "/")
	inner, inside := strings.CutPrefix(importPath, l.module)
	switch {
	case inside && (inner == "" || inner[0] == '/'):
		p, err := l.load(importPath, filepath.Join(l.root, filepath.FromSlash(inner)))
		if err == nil && p != nil && p.types != nil {
			return p.types, nil
		}
	case !strings.Contains(first, "."):
		return l.std.Import(importPath)
	}
	if l.foreign[importPath] == nil {
		name := path.Base(importPath)
		if regexp.MustCompile(`^v[0-9]+$`).MatchString(name) {
			name = path.Base(path.Dir(importPath))
		}
		l.foreign[importPath] = types.NewPackage(importPath, name)
		l.foreign[importPath].MarkComplete()
	}
	return l.foreign[importPath], nil
}
