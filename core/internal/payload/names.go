package payload

import (
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

// Names returns the values that the event is remembered by, decoded. They stand in room if they fit. ok is false where
// the payload does not hold the first, or holds one of them twice.
//
// It fails closed for a value that comes twice. The caller must then use something else that is proved.
// Values are decoded, so that another escape of the same text is the same event. An attacker who can
// write JSON differently would otherwise replay it.
func (r *Reader) Names(t *Source, room [][]byte) (names [][]byte, ok bool) {
	names = r.identityIn(t, room)
	if names == nil {
		return nil, false
	}
	first, ok := jsonscan.Bytes(names[0])
	if !ok || len(first) == 0 {
		return nil, false
	}
	names[0] = first
	for i, more := range names[1:] {
		names[i+1], _ = jsonscan.Bytes(more)
	}
	return names, true
}

// identityIn returns the values that the event is remembered by, as they are written. nil: the payload does not hold
// them, or holds one of them twice.
func (r *Reader) identityIn(t *Source, room [][]byte) [][]byte {
	switch {
	case len(r.envelopeIDs) > 0:
		if t.envelope == nil {
			return nil
		}
		for _, at := range r.envelopeIDs {
			room = append(room, t.envelope[at])
		}
	case t.binary: // nothing was read of the payload
		raw := make([][]byte, len(r.idAt))
		if r.identity.Read(t.Payload, raw) != nil {
			return nil
		}
		room = append(room, raw...)
	case t.malformed:
		return nil
	default:
		for _, at := range r.idAt {
			room = append(room, t.found()[at])
		}
	}
	if slices.ContainsFunc(room, jsonscan.Twice) {
		return nil
	}
	return room
}

// AppendJoined appends the values of the headers that join a digest.
//
// They join a digest of what is proved, and never replace it.
func (r *Reader) AppendJoined(with []string, t *Source) []string {
	if len(r.with) == 0 {
		return with // of most entries none does
	}
	return r.appendJoined(with, t)
}

func (r *Reader) appendJoined(with []string, t *Source) []string {
	for _, name := range r.joins(t) {
		with = append(with, t.header(name))
	}
	return with
}

// joins returns the names of the headers that join a digest. Of several names for one header it is the first that came.
func (r *Reader) joins(t *Source) []string {
	if !r.either {
		return r.with
	}
	n := max(slices.IndexFunc(r.with, func(name string) bool { return t.header(name) != "" }), 0)
	return r.with[n : n+1]
}
