package lint

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// comparer is how a library function compares.
type comparer int

const (
	notComparer comparer = iota
	comparesAny          // either operand may be the secret
	searchesFor          // parsing, unless what is searched for is the secret
)

func comparerOf(function string) comparer {
	switch function {
	case "bytes.Equal", "bytes.EqualFold", "bytes.Compare", "bytes.HasPrefix", "bytes.HasSuffix", "bytes.Contains",
		"strings.EqualFold", "strings.Compare", "strings.HasPrefix", "strings.HasSuffix", "strings.Contains",
		"slices.Equal", "slices.EqualFunc", "slices.Compare", "slices.Contains", "slices.Index", "slices.BinarySearch",
		"reflect.DeepEqual", "cmp.Compare", "cmp.Less":
		return comparesAny
	case "bytes.Index", "bytes.LastIndex", "bytes.Count", "bytes.Cut", "bytes.CutPrefix", "bytes.CutSuffix",
		"bytes.TrimPrefix", "bytes.TrimSuffix", "strings.Index", "strings.LastIndex", "strings.Count", "strings.Cut",
		"strings.CutPrefix", "strings.CutSuffix", "strings.TrimPrefix", "strings.TrimSuffix":
		return searchesFor
	}
	return notComparer
}

// comparisons reports every comparison of a secret that is not made in constant time.
func (c *checker) comparisons(f *ast.File) {
	called := map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			// Handed on, nobody sees what it compares.
			if name := c.functionName(n); comparerOf(name) == comparesAny && !called[n] && !c.excused(notSecret, n) {
				c.report(n, "%s is used as a value, so that what it compares is not seen; write the comparison out, "+
					"or say why it is no secret: //lint:%s <reason>", name, notSecret)
			}
		case *ast.BinaryExpr:
			switch n.Op {
			case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
				c.compare(n, n.Op.String(), n.X, n.Y)
			}
		case *ast.SwitchStmt:
			c.switches(n)
		case *ast.IndexExpr:
			if t := c.typeOf(n.X); t != nil {
				if _, isMap := t.Underlying().(*types.Map); isMap {
					c.mapLookup(n)
				}
			}
		case *ast.CallExpr:
			called[callee(n.Fun)] = true
			name := c.functionName(n.Fun)
			kind := comparerOf(name)
			if kind == notComparer || len(n.Args) < 2 {
				break
			}
			if kind == searchesFor {
				if secret := c.secretIn(n.Args[1]); secret != "" {
					c.blame(n, secret, name)
				}
				break
			}
			c.compare(n, name, n.Args[0], n.Args[1])
		}
		return true
	})
}

func (c *checker) switches(n *ast.SwitchStmt) {
	if n.Tag == nil || c.excused(notSecret, n.Tag) {
		return
	}
	for _, clause := range n.Body.List {
		for _, value := range clause.(*ast.CaseClause).List {
			if c.absent(value) || c.excused(notSecret, value) {
				continue
			}
			if secret := c.secretText(n.Tag, value, false); secret != "" {
				c.blame(n.Tag, secret, "switch")
				return
			}
			if secret := c.secretText(value, n.Tag, false); secret != "" {
				c.blame(value, secret, "switch")
			}
		}
	}
}

// mapLookup: a map compares its keys byte by byte.
func (c *checker) mapLookup(n *ast.IndexExpr) {
	if secret := c.secretText(n.Index, n.Index, false); secret != "" {
		c.blame(n, secret, "a map lookup")
	}
}

func (c *checker) compare(n ast.Node, how string, x, y ast.Expr) {
	if c.absent(x) || c.absent(y) {
		return // whether something was given is no secret
	}
	deep := strings.Contains(how, ".")
	secret := c.secretText(x, y, deep)
	if secret == "" {
		secret = c.secretText(y, x, deep)
	}
	if secret != "" {
		c.blame(n, secret, how)
	}
}

func (c *checker) blame(n ast.Node, secret, how string) {
	if c.excused(notSecret, n) {
		return
	}
	c.report(n, "%s is compared by %s, whose time tells how much of it was guessed; use hmac.Equal or "+
		"subtle.ConstantTimeCompare, or say why it is no secret: //lint:%s <reason>", secret, how, notSecret)
}

// secretText names the secret in x if x is text, or one byte of a text that is compared with a variable.
func (c *checker) secretText(x, other ast.Expr, deep bool) string {
	t := c.typeOf(x)
	if t == nil && !deep && !c.mayBeText(other) {
		return ""
	}
	if !isText(t, deep) && !(isByte(t) && indexes(x) && !c.isConstant(other)) {
		return ""
	}
	return c.secretIn(x)
}

// mayBeText checks what something of an unknown type is compared with: next to a number it is a number.
func (c *checker) mayBeText(e ast.Expr) bool {
	e = ast.Unparen(e)
	if sign, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(sign.X)
	}
	if literal, ok := e.(*ast.BasicLit); ok {
		return literal.Kind == token.STRING
	}
	return isText(c.typeOf(e), false)
}

// secretIn names what in an expression is a secret by its name or its type's name, or is "".
func (c *checker) secretIn(e ast.Expr) string {
	if c.isConstant(e) {
		return "" // what stands in the source is public: reasons, header names, prefixes
	}
	e = ast.Unparen(e)
	switch e := e.(type) {
	case *ast.Ident:
		if _, isPackage := c.pkg.Info.Uses[e].(*types.PkgName); isPackage || describes(e.Name) {
			return ""
		}
		if isSecret(e.Name) {
			return e.Name
		}
	case *ast.SelectorExpr:
		if describes(e.Sel.Name) {
			return "" // sig.Prefix
		}
		if isSecret(e.Sel.Name) {
			return e.Sel.Name
		}
		if s := c.secretIn(e.X); s != "" {
			return s + "." + e.Sel.Name
		}
	case *ast.IndexExpr:
		if key := c.constantText(e.Index); isSecret(key) {
			return `"` + key + `"`
		}
		if s := c.secretIn(e.X); s != "" {
			return s
		}
	case *ast.SliceExpr:
		return c.secretIn(e.X)
	case *ast.StarExpr:
		return c.secretIn(e.X)
	case *ast.UnaryExpr:
		return c.secretIn(e.X)
	case *ast.TypeAssertExpr:
		return c.secretIn(e.X)
	case *ast.BinaryExpr:
		if s := c.secretIn(e.X); s != "" {
			return s
		}
		return c.secretIn(e.Y)
	case *ast.CallExpr:
		if s := c.secretInCall(e); s != "" {
			return s
		}
	}
	return secretType(c.typeOf(e))
}

func (c *checker) secretInCall(call *ast.CallExpr) string {
	fun := ast.Unparen(call.Fun)
	if tv, ok := c.pkg.Info.Types[fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		return c.secretInArgs(call) // string(mac), append(mac, 0)
	}
	if s := c.secretIn(fun); s != "" {
		return s + "()"
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		switch sel.Sel.Name {
		case "Get", "Values", "FormValue", "PostFormValue", "PathValue", "Param", "Query", "QueryParam", "GetHeader":
			for _, arg := range call.Args {
				if text := c.constantText(arg); isSecret(text) {
					return `"` + text + `"`
				}
			}
		}
	}
	// What is re-coded, trimmed or printed is as secret as it was.
	name := c.functionName(fun)
	for _, pkg := range []string{"strings.", "bytes.", "fmt.", "slices.", "encoding/", "(*encoding/", "unsafe."} {
		if strings.HasPrefix(name, pkg) {
			return c.secretInArgs(call)
		}
	}
	return ""
}

func (c *checker) secretInArgs(call *ast.CallExpr) string {
	for _, arg := range call.Args {
		if s := c.secretIn(arg); s != "" {
			return s
		}
	}
	return ""
}

// functionName is "bytes.Equal", whatever the import is called; "" for what is no named function.
func (c *checker) functionName(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.objectName(e)
	case *ast.SelectorExpr:
		return c.objectName(e.Sel)
	case *ast.IndexExpr: // slices.Equal[[]byte]
		return c.functionName(e.X)
	case *ast.IndexListExpr:
		return c.functionName(e.X)
	}
	return ""
}

// callee is the function itself, without parentheses and type arguments.
func callee(e ast.Expr) ast.Expr {
	switch e := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		return callee(e.X)
	case *ast.IndexListExpr:
		return callee(e.X)
	default:
		return e
	}
}

func (c *checker) objectName(id *ast.Ident) string {
	if f, ok := c.pkg.Info.Uses[id].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

func (c *checker) typeOf(e ast.Expr) types.Type {
	t := c.pkg.Info.TypeOf(e)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil
	}
	return t
}

func (c *checker) isConstant(e ast.Expr) bool {
	if _, literal := ast.Unparen(e).(*ast.BasicLit); literal {
		return true
	}
	return c.pkg.Info.Types[e].Value != nil
}

func (c *checker) constantText(e ast.Expr) string {
	if v := c.pkg.Info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	return ""
}

// absent: nil, "", []byte(nil), [32]byte{}.
func (c *checker) absent(e ast.Expr) bool {
	e = ast.Unparen(e)
	if tv, ok := c.pkg.Info.Types[e]; ok {
		if tv.IsNil() {
			return true
		}
		if tv.Value != nil {
			return tv.Value.Kind() == constant.String && constant.StringVal(tv.Value) == ""
		}
	}
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "nil" // next to something of an unknown type
	case *ast.BasicLit:
		return e.Value == `""` || e.Value == "``"
	case *ast.CompositeLit:
		return len(e.Elts) == 0
	case *ast.CallExpr:
		tv := c.pkg.Info.Types[e.Fun]
		return tv.IsType() && len(e.Args) == 1 && c.absent(e.Args[0])
	}
	return false
}

// secretType is the name of a type, or of what it points to, if the name is that of a secret.
func secretType(t types.Type) string {
	for t != nil {
		switch u := t.(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Named:
			if isSecret(u.Obj().Name()) {
				return "a " + u.Obj().Name()
			}
		case *types.Alias:
			if isSecret(u.Obj().Name()) {
				return "a " + u.Obj().Name()
			}
			t = types.Unalias(u)
			continue
		}
		return ""
	}
	return ""
}

// isText: a string, bytes, or something unknown; for comparisons in depth, a list of those or a pointer as well.
func isText(t types.Type, deep bool) bool {
	if t == nil {
		return true
	}
	if _, generic := types.Unalias(t).(*types.TypeParam); generic {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Slice:
		return isByte(u.Elem()) || deep && isText(u.Elem(), deep)
	case *types.Array:
		return isByte(u.Elem()) || deep && isText(u.Elem(), deep)
	case *types.Pointer:
		return deep && isText(u.Elem(), deep)
	case *types.Interface:
		_, named := types.Unalias(t).(*types.Named) // json.Token is a word of a language
		return u.Empty() && !named
	}
	return false
}

func isByte(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Byte
}

func indexes(e ast.Expr) bool {
	_, ok := ast.Unparen(e).(*ast.IndexExpr)
	return ok
}
