// Package odddoc makes documents that no sender writes, for tests.
package odddoc

// Spoil calls try with each value in a JSON document replaced by values of other kinds, and with each member left out.
// It puts everything back.
func Spoil(doc any, try func()) {
	others := []any{
		nil, "text", "", 7, true, []any{}, []any{nil}, []any{"x", 1, []any{}}, map[string]any{},
		map[string]any{"a": nil},
	}
	switch d := doc.(type) {
	case map[string]any:
		for name, was := range d {
			for _, other := range others {
				d[name] = other
				try()
			}
			delete(d, name)
			try()
			d[name] = was
			Spoil(was, try)
		}
	case []any:
		for i, was := range d {
			for _, other := range others {
				d[i] = other
				try()
			}
			d[i] = was
			Spoil(was, try)
		}
	}
}
