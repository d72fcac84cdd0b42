package journal

import "encoding/json"

// WriteHead returns an entry as a blob holds it, without its body.
func WriteHead(e *Entry) ([]byte, error) { return json.Marshal(headOf(e)) }

// ReadHead reads what WriteHead wrote.
func ReadHead(data []byte) (*Entry, error) {
	var h head
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, err
	}
	return h.entry()
}

// Merge returns a newer failure of the event of old.
func Merge(old, newer *Entry) *Entry { return merge(old, newer) }
