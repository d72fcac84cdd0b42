package journal

import "reflect"

// WriteHead returns an entry as a blob holds it, without its body.
func WriteHead(e *Entry) ([]byte, error) { return writeHead(e) }

// ReadHead reads what WriteHead wrote.
func ReadHead(data []byte) (*Entry, error) { return readHead(data) }

// MergedMembers returns the places of the fields of e that have a row in the table: true where merge keeps more than
// the newest value.
func MergedMembers(e *Entry) map[uintptr]bool {
	places := map[uintptr]bool{}
	for _, m := range e.members() {
		places[reflect.ValueOf(m.value).Pointer()] = m.trait&merged != 0
	}
	return places
}

// Merge returns a newer failure of the event of old.
func Merge(old, newer *Entry) *Entry { return merge(old, newer) }
