package jsonscan_test

import (
	"encoding/json"
	"errors"
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
		{"the items come as they are written", ` [ {"a": [1, 2]} , "x,]" ,3.5, null] `,
			[]string{`{"a": [1, 2]}`, `"x,]"`, `3.5`, `null`}, nil},
		{"an empty list has none", `[ ]`, nil, nil},
		{"an object is no list", `{"a":[]}`, nil, jsonscan.ErrNoList},
		{"nothing is no list", ``, nil, jsonscan.ErrNoList},
		{"a comma too many", `[1,]`, nil, jsonscan.ErrMalformed},
		{"a comma too few", `[1 2]`, nil, jsonscan.ErrMalformed},
		{"a list that does not end", `[1,2`, nil, jsonscan.ErrMalformed},
		{"text after the list", `[1] 2`, nil, jsonscan.ErrMalformed},
		{"one more than the limit", `[1,2,3,4,5]`, nil, jsonscan.ErrTooMany},
		{"behind a byte order mark", "\ufeff[1]", []string{`1`}, nil},
		{"a list in a list", `[[1]]`, []string{`[1]`}, nil},
		{"brackets of two kinds", `[[}]`, nil, jsonscan.ErrMalformed},
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
			var each []string
			err = jsonscan.Each([]byte(row.list), 4, func(item []byte) error {
				each = append(each, string(item))
				return nil
			})
			if strings.HasPrefix(row.list, jsonscan.Mark) {
				require.ErrorIs(t, err, jsonscan.ErrNoList)
				return
			}
			require.ErrorIs(t, err, row.err)
			if err == nil {
				require.Equal(t, row.want, each)
			}
		})
	}
}

func TestItemsAreFoundHoweverDeepTheyNest(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{63, 64, 65, 500, 9_999, 10_000, 10_001, 300_000} {
		deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		items, err := jsonscan.Items([]byte(`[`+deep+`,2]`), 4)
		require.NoError(t, err, depth)
		require.Equal(t, []string{deep, "2"}, []string{string(items[0]), string(items[1])}, depth)
		err = jsonscan.Each([]byte(`[`+deep+`,2]`), 4, func([]byte) error { return nil })
		if depth < 128 {
			require.NoError(t, err, depth)
		} else {
			require.ErrorIs(t, err, jsonscan.ErrTooDeep, "before the proof nesting is bounded")
		}
	}
}

func TestALookAtEachItemEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	n, stop := 0, errors.New("stop")
	err := jsonscan.Each([]byte(`[1,2,3`), 4, func([]byte) error {
		n++
		return stop
	})
	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, n)
}

// FuzzItems: what encoding/json reads as a list is split into the same items.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[1,"a",{"b":[]}]`, ` [ null , true ] `, `[1,]`, `[[[]]]`, `["\u005d"]`, "\ufeff[1]",
		`["\\\"]",{"\\":[{}]}]`,
		`[` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `]`, `[` + strings.Repeat(`[{"a":`, 40) + "1" +
			strings.Repeat("}]", 40) + `]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		items, err := jsonscan.Items(list, 1000)
		var want []json.RawMessage
		if json.Unmarshal(list, &want) != nil || want == nil || len(want) > 1000 {
			return
		}
		require.NoError(t, err)
		require.Len(t, items, len(want))
		for i := range items {
			require.Equal(t, string(want[i]), string(items[i]))
		}
	})
}
