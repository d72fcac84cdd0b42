package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
)

// member is a field as it is stored: a member of a JSON object. The tables of members stand below the types in
// entry.go.
type member struct {
	name  string // in the object. It outlives releases: it never changes
	value any    // a pointer to the field, of a type whose JSON is the stored form
	trait trait
}

// trait says what differs from other fields. A field without one is left out where it is empty; its newest value
// replaces the stored one when the event fails again; Config.Filter may change it. A text that is too long is cut.
type trait uint8

const (
	// always is stored where it is empty, too. An object without it is refused: it was not written by us. A new field
	// never has it: entries that are stored already lack the member.
	always trait = 1 << iota
	// merged has more to it than its newest value when the event fails again: see merge.
	merged
	// fixed is what Config.Filter cannot change: what decides where, as whom and whether the event runs again.
	fixed
	// whole is a text that is not cut where it is longer than 64 KiB: it is the app's, and says whose the entry is.
	whole
)

// membered is a type that is stored as the object of its members.
type membered interface{ members() []member }

// entryShape is the type of an entry's object: a struct of pointers to the fields, which encoding/json reads and writes
// in one pass. A field that is left out is nil.
//
//lint:immutable made once
var entryShape = sync.OnceValue(func() reflect.Type { return shapeOf(reflect.TypeFor[*Entry]()) })

// shapeOf returns what stands in an object for a field that a points to: an object of its own, a list of objects, or
// the pointer.
func shapeOf(a reflect.Type) reflect.Type {
	of := reflect.TypeFor[membered]()
	switch field := a.Elem(); {
	case a.Implements(of):
		var fields []reflect.StructField
		for i, m := range reflect.New(field).Interface().(membered).members() {
			fields = append(fields, reflect.StructField{
				Name: "M" + strconv.Itoa(i), Type: shapeOf(reflect.TypeOf(m.value)),
				Tag: reflect.StructTag(`json:"` + m.name + `,omitempty"`),
			})
		}
		return reflect.PointerTo(reflect.StructOf(fields))
	case field.Kind() == reflect.Slice && reflect.PointerTo(field.Elem()).Implements(of):
		return reflect.SliceOf(shapeOf(reflect.PointerTo(field.Elem())))
	}
	return a
}

// writeHead returns the object of an entry. The same entry is the same bytes: they compress as well every time.
func writeHead(e *Entry) ([]byte, error) {
	return json.Marshal(shaped(entryShape(), reflect.ValueOf(e)).Interface())
}

// shaped returns the shape of a field that p points to.
func shaped(shape reflect.Type, p reflect.Value) reflect.Value {
	switch {
	case shape == p.Type():
		return p
	case shape.Kind() == reflect.Slice:
		list := reflect.MakeSlice(shape, p.Elem().Len(), p.Elem().Len())
		for i := range list.Len() {
			list.Index(i).Set(shaped(shape.Elem(), p.Elem().Index(i).Addr()))
		}
		return list
	}
	object := reflect.New(shape.Elem())
	for i, m := range p.Interface().(membered).members() {
		if value := reflect.ValueOf(m.value); m.trait&always != 0 || !empty(value.Elem()) {
			field := object.Elem().Field(i)
			field.Set(shaped(field.Type(), value))
		}
	}
	return object
}

// empty reports whether v has no value, or no elements.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

// readHead reads what writeHead wrote. Members that it does not know, of a newer release, are ignored.
func readHead(data []byte) (*Entry, error) {
	object := reflect.New(entryShape().Elem())
	if err := json.Unmarshal(data, object.Interface()); err != nil {
		return nil, err
	}
	e := &Entry{}
	return e, unshape(object, reflect.ValueOf(e))
}

// unshape sets the field that p points to, which is empty, to what shaped returned. It fails closed where something is
// missing that is always written.
func unshape(shape, p reflect.Value) error {
	switch {
	case shape.IsNil():
		return errors.New("a null in a list")
	case shape.Type() == p.Type():
		p.Elem().Set(shape.Elem())
		return nil
	case shape.Kind() == reflect.Slice:
		list := reflect.MakeSlice(p.Elem().Type(), shape.Len(), shape.Len())
		for i := range list.Len() {
			if err := unshape(shape.Index(i), list.Index(i).Addr()); err != nil {
				return err
			}
		}
		p.Elem().Set(list)
		return nil
	}
	for i, m := range p.Interface().(membered).members() {
		field := shape.Elem().Field(i)
		if field.IsNil() {
			if m.trait&always != 0 {
				return fmt.Errorf("it has no %s", m.name)
			}
			continue
		}
		if err := unshape(field, reflect.ValueOf(m.value)); err != nil {
			return err
		}
	}
	return nil
}
