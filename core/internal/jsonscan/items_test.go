package jsonscan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
)

func TestItemsOfAList(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, list string
		want       []string
		err        error
	}{
		{"the items come as they are written", ` [ {"a": [1, 2]} , "x,]" ,3.5, null] `, []string{`{"a": [1, 2]}`, `"x,]"`, `3.5`, `null`}, nil},
		{"an empty list has none", `[ ]`, nil, nil},
		{"an object is no list", `{"a":[]}`, nil, jsonscan.ErrNoList},
		{"nothing is no list", ``, nil, jsonscan.ErrNoList},
		{"a comma too many", `[1,]`, nil, jsonscan.ErrMalformed},
		{"a comma too few", `[1 2]`, nil, jsonscan.ErrMalformed},
		{"a list that does not end", `[1,2`, nil, jsonscan.ErrMalformed},
		{"text after the list", `[1] 2`, nil, jsonscan.ErrMalformed},
		{"one more than the limit", `[1,2,3,4,5]`, nil, jsonscan.ErrTooMany},
		{"nested beyond every use", strings.Repeat("[", 500) + strings.Repeat("]", 500), nil, jsonscan.ErrTooDeep},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			items, err := jsonscan.Items([]byte(row.list), 4)
			require.ErrorIs(t, err, row.err)
			got := []string(nil)
			for _, item := range items {
				got = append(got, string(item))
			}
			require.Equal(t, row.want, got)
		})
	}
}

// FuzzItems: what encoding/json reads as a list is split into the same items.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{`[]`, `[1,"a",{"b":[]}]`, ` [ null , true ] `, `[1,]`, `[[[]]]`, `["\u005d"]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		items, err := jsonscan.Items(list, 1000)
		var want []json.RawMessage
		if json.Unmarshal(list, &want) != nil || want == nil || len(want) > 1000 {
			return
		}
		if err != nil {
			require.ErrorIs(t, err, jsonscan.ErrTooDeep)
			return
		}
		require.Len(t, items, len(want))
		for i := range items {
			require.Equal(t, string(want[i]), string(items[i]))
		}
	})
}
