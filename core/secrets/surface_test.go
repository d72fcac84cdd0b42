package secrets_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/secrets"
)

// TestAValueIsReachedByItsLoudNameOnly: no field gives a secret or changes a list, and of the methods only
// DangerouslyReveal returns what a secret holds.
func TestAValueIsReachedByItsLoudNameOnly(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{reflect.TypeFor[secrets.Secret](), reflect.TypeFor[secrets.List]()} {
		for i := range typ.NumField() {
			require.False(t, typ.Field(i).IsExported(), "%s.%s", typ, typ.Field(i).Name)
		}
	}
	const value = "the-value-of-this-secret"
	s := reflect.ValueOf(secrets.New("label", value))
	for i := range s.NumMethod() {
		name := s.Type().Method(i).Name
		if m := s.Method(i); m.Type().NumIn() == 0 {
			out := m.Call(nil)[0].Interface()
			require.Equal(t, name == "DangerouslyReveal", out == any(value), name)
		}
	}
}
