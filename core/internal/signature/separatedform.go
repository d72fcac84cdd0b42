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
		// Piece by piece: nothing is proved yet, so that no part of a value may be searched again for each separator.
		for _, rest, more := strings.Cut(f.value, part.Between); more; {
			var piece string
			piece, rest, more = strings.Cut(rest, part.Between)
			// A name that is not signed begins no field of the signed text.
			if name, _, isField := strings.Cut(piece, part.Equals); isField && name > f.name &&
				!slices.Contains(part.Without, name) {
				return nil, false
			}
		}
	}
	return signed, true
}
