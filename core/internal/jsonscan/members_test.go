package jsonscan_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, doc string
		want      []string
		err       error
	}{
		{"none", ` { } `, nil, nil},
		{"all, in order", `{"b":1,"a":{"x":[1]},"b":null}`, []string{"b=1", `a={"x":[1]}`, "b=null"}, nil},
		{"an escaped name", `{"\u0061":"x"}`, []string{`a="x"`}, nil},
		{"a byte order mark", "\ufeff" + `{"a":1}`, []string{"a=1"}, nil},
		{"a list", `[1]`, nil, jsonscan.ErrNoObject},
		{"nothing", ``, nil, jsonscan.ErrNoObject},
		{"no end", `{"a":1`, []string{"a=1"}, jsonscan.ErrMalformed},
		{"no value", `{"a"}`, nil, jsonscan.ErrMalformed},
		{"a trailing comma", `{"a":1,}`, []string{"a=1"}, jsonscan.ErrMalformed},
		{"trailing data", `{"a":1} {}`, []string{"a=1"}, jsonscan.ErrMalformed},
		{"nesting", `{"a":` + deep(500) + `}`, []string{"a=" + deep(500)}, nil},
	} {
		var got []string
		err := jsonscan.Members([]byte(row.doc), func(name, value []byte) error {
			got = append(got, string(name)+"="+string(value))
			return nil
		})
		require.ErrorIs(t, err, row.err, row.name)
		require.Equal(t, row.want, got, row.name)
	}
	stop := errors.New("enough")
	require.ErrorIs(t, jsonscan.Members([]byte(`{"a":1,"b":2}`), func(_, _ []byte) error { return stop }), stop)
}

// FuzzMembers: of every object that encoding/json accepts, the members are those that it reads.
func FuzzMembers(f *testing.F) {
	for _, doc := range []string{
		`{"a":1,"b":[{}],"a":"x"}`, `{}`, `{"\ud83d\ude00":null}`, `{"\ud83dxude00":null}`, `{"a":{"b":{"c":1}}}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want map[string]json.RawMessage
		valid := json.Unmarshal(doc, &want) == nil && want != nil
		got := map[string]json.RawMessage{}
		err := jsonscan.Members(doc, func(name, value []byte) error {
			got[string(name)] = value
			return nil
		})
		if valid {
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}
