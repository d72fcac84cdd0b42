package webhooktest

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

//go:embed setups
var setups embed.FS //lint:immutable files that were compiled in

// testEvents returns the deliveries of a provider's test buttons. They are events as any other. There are none for a
// provider whose test buttons are not known.
func testEvents(name string) []Setup {
	data, err := fs.ReadFile(setups, "setups/"+name+".json")
	if err != nil { // no file for this provider
		return nil
	}
	var files []struct {
		When, Type, Method string
		Empty              bool
		Header             map[string]string
		Body               json.RawMessage
		Form               map[string]string
		Text               string // a body that is neither JSON nor a form
	}
	if err := json.Unmarshal(data, &files); err != nil {
		panic(err) // a test of this package reads every one
	}
	var all []Setup
	for _, f := range files {
		step := Setup{
			When: f.When, Type: f.Type, Empty: f.Empty, Status: http.StatusOK,
			method: cmp.Or(f.Method, http.MethodPost),
			header: http.Header{"Content-Type": {"application/json"}}, body: f.Text,
		}
		if f.Body != nil {
			var compact bytes.Buffer
			if err := json.Compact(&compact, f.Body); err != nil {
				panic(err)
			}
			step.body = compact.String()
		}
		if f.Form != nil {
			form := url.Values{}
			for field, value := range f.Form {
				form.Set(field, value)
			}
			step.body = form.Encode()
			step.header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for header, value := range f.Header {
			step.header.Set(header, value)
		}
		all = append(all, step)
	}
	return all
}

// The types of a JSON document whose members keep their order, as a map would not. A value is an object, a list, a
// string that is JSON already, or nil.
type (
	member struct {
		name  string
		value any
	}
	object []member
	list   []any
)

// putAt returns doc with a value, which must be JSON, at a pointer. It makes the objects and lists on the way: a number
// in the pointer is a place in a list.
func putAt(doc any, pointer, value string) any {
	name, rest, deeper := strings.Cut(pointer[1:], "/")
	next := any(value)
	if n, err := strconv.Atoi(name); err == nil {
		items, _ := doc.(list)
		for len(items) <= n { // places before it are null unless they are set later
			items = append(items, nil)
		}
		if deeper {
			next = putAt(items[n], "/"+rest, value)
		}
		items[n] = next
		return items
	}
	members, _ := doc.(object)
	at := slices.IndexFunc(members, func(m member) bool { return m.name == name })
	if at < 0 {
		members, at = append(members, member{name: name}), len(members)
	}
	if deeper {
		next = putAt(members[at].value, "/"+rest, value)
	}
	members[at].value = next
	return members
}

// encodeJSON returns a document of putAt as JSON. Places of a list that were not set are null.
func encodeJSON(doc any) string {
	var parts []string
	switch doc := doc.(type) {
	case object:
		for _, m := range doc {
			parts = append(parts, strconv.Quote(m.name)+":"+encodeJSON(m.value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case list:
		for _, item := range doc {
			parts = append(parts, encodeJSON(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return doc
	default:
		return "null"
	}
}
