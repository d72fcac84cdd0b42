package sfv

import "slices"

// maxLinear is up to how many names a search compares each.
const maxLinear = 8

// Map is values by their names, in the order in which the names first came. The zero Map is empty.
type Map[V any] struct {
	names  []string
	values []V            // values[i] is that of names[i]
	index  map[string]int // nil up to maxLinear names. A sender of thousands would otherwise cost quadratic time
}

// Names returns the names in their order. The caller must not change them.
func (m *Map[V]) Names() []string { return m.names }

// Get returns the value of a name.
func (m *Map[V]) Get(name string) (value V, ok bool) {
	i := m.find(name)
	if i < 0 {
		return value, false
	}
	return m.values[i], true
}

// find returns the place of a name, or -1.
func (m *Map[V]) find(name string) int {
	if m.index == nil {
		return slices.Index(m.names, name)
	}
	if i, ok := m.index[name]; ok {
		return i
	}
	return -1
}

// set sets the value of a name, and reports whether the name is new.
func (m *Map[V]) set(name string, value V) bool {
	if i := m.find(name); i >= 0 {
		m.values[i] = value
		return false
	}
	m.names, m.values = append(m.names, name), append(m.values, value)
	switch n := len(m.names); {
	case m.index != nil:
		m.index[name] = n - 1
	case n > maxLinear:
		m.index = make(map[string]int, 2*n)
		for i, name := range m.names {
			m.index[name] = i
		}
	}
	return true
}
