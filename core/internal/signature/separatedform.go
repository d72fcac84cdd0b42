package signature

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// separated returns the fields of a sorted form that are signed with separators between them, and whether their text
// can be divided into fields in one way only. It fails closed: a text that could be two forms is refused, whichever of
// them is genuine.
//
// Values are signed decoded, so that one may hold what looks like further fields: "a=1&c=2" is one field or two. The
// names are in ascending order, and none is doubled. So what looks like a field begins one where its name comes behind
// that of the field it stands in, and cannot begin one where it does not. The first kind is refused inside a value.
// Then, from left to right, each boundary is where it is and nowhere else: a division that left one out would have such
// a name inside a value, and one that added another would have a name out of order.
func separated(part *entry.Part, fields []formField) (signed []formField, ok bool) {
	signed = slices.DeleteFunc(fields, func(f formField) bool { return slices.Contains(part.Without, f.name) })
	for _, f := range signed {
		if f.name == "" || strings.Contains(f.name, part.Equals) || strings.Contains(f.name, part.Between) {
			return nil, false
		}
		for rest := f.value; ; {
			_, after, found := strings.Cut(rest, part.Between)
			if !found {
				break
			}
			name, _, isField := strings.Cut(after, part.Equals)
			// A name that is not signed begins no field of the signed text.
			if isField && !strings.Contains(name, part.Between) && name > f.name &&
				!slices.Contains(part.Without, name) {
				return nil, false
			}
			rest = after
		}
	}
	return signed, true
}
