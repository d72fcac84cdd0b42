package httpsfv

// maxLinear is the number of names up to which they are searched one after the other.
const maxLinear = 8

// ordered is the ordered set of names of a dictionary or of parameters.
//
// A few names are searched one after the other, which is faster than a map and allocates nothing.
// Beyond maxLinear there is an index, so that an input of many names doesn't take quadratic time.
type ordered struct {
	names []string
	index map[string]int // nil up to maxLinear names
}

// find returns the position of a name.
func (o *ordered) find(name string) (int, bool) {
	if o.index != nil {
		i, ok := o.index[name]

		return i, ok
	}

	for i, n := range o.names {
		if n == name {
			return i, true
		}
	}

	return 0, false
}

// add appends a name that isn't in the set.
func (o *ordered) add(name string) {
	o.names = append(o.names, name)

	if o.index != nil {
		o.index[name] = len(o.names) - 1
	} else if len(o.names) > maxLinear {
		o.reindex()
	}
}

// del removes the name at a position.
func (o *ordered) del(i int) {
	o.names = append(o.names[:i], o.names[i+1:]...)
	o.reindex()
}

func (o *ordered) reindex() {
	o.index = nil

	if len(o.names) <= maxLinear {
		return
	}

	o.index = make(map[string]int, 2*len(o.names))
	for i, n := range o.names {
		o.index[n] = i
	}
}
