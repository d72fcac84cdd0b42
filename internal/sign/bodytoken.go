package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// presentInBody writes a token into a JSON object, or into each object of its list. A list that is missing is made up.
// The members may change their order.
func presentInBody(r *http.Request, c entry.Credential, secret string) error {
	doc := jsonCarrier{}
	if r.Body != nil { // without a body the object is empty
		d := json.NewDecoder(r.Body)
		d.UseNumber() // a float would change long numbers
		err := d.Decode(&doc)
		_ = r.Body.Close()
		if err != nil && !errors.Is(err, io.EOF) || doc == nil {
			return errors.New("webhooktest: the body is not a JSON object that could carry the token")
		}
	}
	places := []jsonCarrier{doc} // the objects that get the token
	if c.Items != "" {
		object, member := doc.parent(c.Items)
		list, _ := object[member].([]any)
		if len(list) == 0 { // one item, so that the token has a place
			list = []any{map[string]any{}}
		}
		object[member], places = list, nil
		for _, item := range list {
			place, ok := item.(map[string]any)
			if !ok {
				return errors.New("webhooktest: an item is not a JSON object")
			}
			places = append(places, place)
		}
	}
	for _, place := range places {
		name := c.Name
		if head, _, ok := strings.Cut(strings.TrimPrefix(c.Or, "/"), "/"); ok && place[head] != nil {
			name = c.Or // the object that holds it there is in the body
		}
		object, member := place.parent(name)
		object[member] = secret
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}
