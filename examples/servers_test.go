// Package examples_test holds what is true of all examples.
package examples_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// TestEveryServerHasItsLimits reads the server of each example, those of nested modules included, and gives it to
// [core.CheckServer]. A server that net/http or a router makes by itself has no limits, so that none may be served by.
func TestEveryServerHasItsLimits(t *testing.T) {
	found := map[string]int{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		dir := strings.Split(filepath.ToSlash(path), "/")[0]
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		require.NoError(t, err)
		constants := constantsOf(t, filepath.Dir(path))
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name, ok := selector(n.Fun); ok &&
					(name == "http.ListenAndServe" || name == "http.ListenAndServeTLS" || name == "http.Serve") {
					t.Errorf("%s: %s makes a server without limits", files.Position(n.Pos()), name)
				}
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 &&
					(sel.Sel.Name == "Start" || sel.Sel.Name == "Run" || sel.Sel.Name == "RunTLS") {
					if addr, ok := n.Args[0].(*ast.BasicLit); ok && strings.Contains(addr.Value, ":") {
						t.Errorf("%s: the router's %s makes a server without limits", files.Position(n.Pos()),
							sel.Sel.Name)
					}
				}
			case *ast.CompositeLit:
				if name, ok := selector(n.Type); ok && name == "http.Server" {
					found[dir]++
					s := serverOf(t, n, constants)
					require.Empty(t, core.CheckServer(s), "%s", files.Position(n.Pos()))
				}
			}
			return true
		})
		return nil
	}))
	for _, example := range append(adapters(t), "internal", "demo", "cluster", "queue", "river", "prometheus") {
		require.NotZero(t, found[example], "the example %s serves, and no server was found in it", example)
	}
}

// recommended reads the numbers out of what CheckServer says of a server without limits.
func recommended(t *testing.T) *http.Server {
	t.Helper()
	s := &http.Server{}
	setting := regexp.MustCompile(`set it to (\d+)([sm]?)`)
	for _, mistake := range core.CheckServer(&http.Server{}) {
		m := setting.FindStringSubmatch(mistake.Reason)
		require.NotNil(t, m, mistake.Reason)
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		d := time.Duration(n) * map[string]time.Duration{"": 1, "s": time.Second, "m": time.Minute}[m[2]]
		switch mistake.Field {
		case "Server.ReadHeaderTimeout":
			s.ReadHeaderTimeout = d
		case "Server.ReadTimeout":
			s.ReadTimeout = d
		case "Server.WriteTimeout":
			s.WriteTimeout = d
		case "Server.IdleTimeout":
			s.IdleTimeout = d
		case "Server.MaxHeaderBytes":
			s.MaxHeaderBytes = n
		default:
			require.Fail(t, mistake.Field)
		}
	}
	return s
}

// TestThePagesRecommendWhatCheckServerRecommends: each server in README and docs has the numbers of CheckServer, and no
// program there is served without limits.
func TestThePagesRecommendWhatCheckServerRecommends(t *testing.T) {
	want := recommended(t)
	require.Empty(t, core.CheckServer(want))
	servers := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, block := range goBlocks(string(text)) {
			source := block
			if !strings.HasPrefix(source, "package ") && !strings.HasPrefix(source, "func ") {
				source = "func _() {\n" + source + "\n}"
			}
			if !strings.HasPrefix(source, "package ") {
				source = "package p\n" + source
			}
			file, err := parser.ParseFile(token.NewFileSet(), page, source, 0)
			require.NoError(t, err, block)
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					name, _ := selector(n.Fun)
					if name == "jobs.Start" {
						return true // River's workers, not a server
					}
					require.NotRegexp(t, `^http\.(ListenAndServe|Serve)|^\w+\.(Run|RunTLS|Start)$`, name, page)
				case *ast.CompositeLit:
					if name, ok := selector(n.Type); ok && name == "http.Server" {
						servers++
						require.Equal(t, want, serverOf(t, n, nil), page)
					}
				}
				return true
			})
		}
	}
	require.GreaterOrEqual(t, servers, 2)
}

func selector(e ast.Expr) (string, bool) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return pkg.Name + "." + sel.Sel.Name, true
}

// serverOf makes the server that a literal describes, as far as its limits go.
func serverOf(t *testing.T, lit *ast.CompositeLit, constants map[string]ast.Expr) *http.Server {
	t.Helper()
	s := &http.Server{}
	for _, elt := range lit.Elts {
		kv := elt.(*ast.KeyValueExpr)
		duration := func(to *time.Duration) { *to = time.Duration(number(t, kv.Value, constants)) }
		switch kv.Key.(*ast.Ident).Name {
		case "ReadHeaderTimeout":
			duration(&s.ReadHeaderTimeout)
		case "ReadTimeout":
			duration(&s.ReadTimeout)
		case "WriteTimeout":
			duration(&s.WriteTimeout)
		case "IdleTimeout":
			duration(&s.IdleTimeout)
		case "MaxHeaderBytes":
			s.MaxHeaderBytes = int(number(t, kv.Value, constants))
		}
	}
	return s
}

// number works a constant out. What is added at run time counts as nothing.
func number(t *testing.T, e ast.Expr, constants map[string]ast.Expr) int64 {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		n, ok := constant.Int64Val(constant.MakeFromLiteral(e.Value, e.Kind, 0))
		require.True(t, ok, e.Value)
		return n
	case *ast.ParenExpr:
		return number(t, e.X, constants)
	case *ast.Ident:
		require.Contains(t, constants, e.Name)
		return number(t, constants[e.Name], constants)
	case *ast.SelectorExpr:
		name, _ := selector(e)
		units := map[string]time.Duration{"time.Millisecond": time.Millisecond, "time.Second": time.Second,
			"time.Minute": time.Minute, "time.Hour": time.Hour}
		require.Contains(t, units, name)
		return int64(units[name])
	case *ast.CallExpr:
		return 0
	case *ast.BinaryExpr:
		x, y := number(t, e.X, constants), number(t, e.Y, constants)
		switch e.Op {
		case token.MUL:
			return x * y
		case token.ADD:
			return x + y
		case token.SHL:
			return x << y
		}
	}
	require.FailNow(t, "this is no constant", fmt.Sprintf("%T", e))
	return 0
}

// constantsOf are the constants of a package by name.
func constantsOf(t *testing.T, dir string) map[string]ast.Expr {
	t.Helper()
	all := map[string]ast.Expr{}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				for i, id := range v.Names {
					if i < len(v.Values) {
						all[id.Name] = v.Values[i]
					}
				}
			}
		}
	}
	return all
}
