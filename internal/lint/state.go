package lint

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// state reports what makes a package's behaviour depend on more than its arguments.
func (c *checker) state(f *ast.File) {
	for _, spec := range f.Imports {
		switch path, _ := strconv.Unquote(spec.Path.Value); path {
		case "math/rand", "math/rand/v2":
			c.report(spec, "%s can be predicted; use crypto/rand", path)
		case "regexp":
			if c.rules.NoRegexp {
				c.report(spec, "no regular expressions in core: write the grammar out, bounded, as a function")
			}
		}
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				c.report(d, "no init functions: what is linked must not change what happens; call it where it is "+
					"needed")
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				c.variable(d, spec.(*ast.ValueSpec))
			}
		}
	}
}

func (c *checker) variable(d *ast.GenDecl, v *ast.ValueSpec) {
	excused := c.excused(immutable, v)
	for _, doc := range []*ast.CommentGroup{d.Doc, v.Doc, v.Comment} {
		if doc != nil && c.excused(immutable, doc) {
			excused = true
		}
	}
	for i, name := range v.Names {
		switch {
		case name.Name == "_":
		case len(v.Values) == len(v.Names) && c.isError(v.Values[i]):
			c.immutable[name.Name] = true
		case excused:
			c.immutable[name.Name] = true
		case c.isPool(v, i):
			if d.Doc.Text() == "" && v.Doc.Text() == "" && v.Comment.Text() == "" {
				c.report(name, "the sync.Pool %s needs a comment that says why it is shared by the whole program",
					name.Name)
			}
		default:
			c.report(name, "package-level variable %s: keep it in the value that New returns, make it a constant or a "+
				"function, or say that nothing changes it: //lint:%s <reason>", name.Name, immutable)
		}
	}
}

// isError reports whether a value is a new error, or the error of another package, which is held to the same rule.
func (c *checker) isError(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return c.functionName(e.Fun) == "errors.New"
	case *ast.SelectorExpr:
		return strings.HasPrefix(e.Sel.Name, "Err")
	}
	return false
}

func (c *checker) isPool(v *ast.ValueSpec, i int) bool {
	t := c.typeOf(v.Names[i])
	return t != nil && strings.TrimPrefix(t.String(), "*") == "sync.Pool"
}

// writes holds lint:immutable to its word, as far as the package's own code goes: nothing is assigned to such a
// variable or into it, and nobody gets its address.
func (c *checker) writes(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				c.write(left, "assigned to")
			}
		case *ast.IncDecStmt:
			c.write(n.X, "changed")
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				c.write(n.Key, "assigned to")
				c.write(n.Value, "assigned to")
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				c.write(n.X, "lent out by address")
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (id.Name == "delete" || id.Name == "clear") {
				c.write(n.Args[0], "changed")
			}
		}
		return true
	})
}

func (c *checker) write(e ast.Expr, what string) {
	if e == nil || c.pkg.types == nil {
		return
	}
	root := e
	for {
		switch x := ast.Unparen(root).(type) {
		case *ast.IndexExpr:
			root = x.X
			continue
		case *ast.SelectorExpr:
			root = x.X
			continue
		case *ast.StarExpr:
			root = x.X
			continue
		case *ast.Ident:
			object := c.pkg.Info.Uses[x]
			if object != nil && object.Parent() == c.pkg.types.Scope() && c.immutable[x.Name] {
				c.report(e, "%s is declared not to change, and is %s here", x.Name, what)
			}
		}
		return
	}
}
