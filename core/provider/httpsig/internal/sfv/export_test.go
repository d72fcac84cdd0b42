package sfv

// ReadItem reads a field that is a single item. Only the tests of the working group have those.
func ReadItem(text string) (item Item, ok bool) {
	s := &scanner{text: text}
	s.skip(" ")
	if item.Value, ok = s.value(); !ok || !s.params(&item.Params) {
		return item, false
	}
	s.skip(" ")
	return item, s.end()
}

// ReadList reads a field that is a list. Only the tests of the working group have those.
func ReadList(text string) (list []Item, ok bool) {
	s := &scanner{text: text}
	s.skip(" ")
	for !s.end() {
		var item Item
		if item.Value, ok = s.member(); !ok || !s.params(&item.Params) {
			return nil, false
		}
		list = append(list, item)
		s.skip(" \t")
		if comma := s.take(','); !comma {
			return list, s.end()
		}
		s.skip(" \t")
		if s.end() {
			return nil, false
		}
	}
	return list, true
}
