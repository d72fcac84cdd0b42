package sfv_test

import (
	"encoding/base32"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/sfv"
)

// suiteCase is a test of the IETF HTTP working group, https://github.com/httpwg/structured-field-tests at 1e280c3.
type suiteCase struct {
	Name     string   `json:"name"`
	Raw      []string `json:"raw"`
	Type     string   `json:"header_type"`
	Expected any      `json:"expected"`
	MustFail bool     `json:"must_fail"`
	CanFail  bool     `json:"can_fail"`
}

func suite(t testing.TB) map[string][]suiteCase {
	t.Helper()
	files, err := filepath.Glob("testdata/structured-field-tests/*.json")
	require.NoError(t, err)
	require.Len(t, files, 20)
	all := make(map[string][]suiteCase)
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		decoder := json.NewDecoder(f)
		decoder.UseNumber()
		var cases []suiteCase
		require.NoError(t, decoder.Decode(&cases), file)
		require.NoError(t, f.Close())
		require.NotEmpty(t, cases, file)
		all[filepath.Base(file)] = cases
	}
	return all
}

// TestTheSuiteOfTheWorkingGroup reads its fields, and compares every value and parameter.
func TestTheSuiteOfTheWorkingGroup(t *testing.T) {
	t.Parallel()
	for file, cases := range suite(t) {
		for _, c := range cases {
			got, ok := c.read(t)
			switch {
			case c.MustFail:
				require.False(t, ok, "%s: %s", file, c.Name)
			case ok:
				require.Equal(t, c.Expected, got, "%s: %s", file, c.Name)
			default:
				require.True(t, c.CanFail, "%s: %s", file, c.Name)
			}
		}
	}
}

// read reads the field, and returns it in the words of the suite.
func (c *suiteCase) read(t *testing.T) (any, bool) {
	text := strings.Join(c.Raw, ", ")
	switch c.Type {
	case "item":
		item, ok := sfv.ReadItem(text)
		return itemOf(&item), ok
	case "list":
		list, ok := sfv.ReadList(text)
		return listOf(list), ok
	case "dictionary":
		d, ok := sfv.Read(text)
		return mapOf(&d.Map, func(i sfv.Item) any { return itemOf(&i) }), ok
	default:
		require.Fail(t, "the suite has a field of another type", c.Type)
		return nil, false
	}
}

func itemOf(i *sfv.Item) any { return []any{valueOf(i.Value), mapOf(&i.Params, valueOf)} }

func listOf(list []sfv.Item) any {
	all := []any{}
	for i := range list {
		all = append(all, itemOf(&list[i]))
	}
	return all
}

func mapOf[V any](m *sfv.Map[V], value func(V) any) any {
	all := []any{}
	for _, name := range m.Names() {
		v, _ := m.Get(name)
		all = append(all, []any{name, value(v)})
	}
	return all
}

func valueOf(value any) any {
	typed := func(kind string, value any) any { return map[string]any{"__type": kind, "value": value} }
	switch v := value.(type) {
	case []sfv.Item:
		return listOf(v)
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return json.Number(text)
	case []byte:
		return typed("binary", base32.StdEncoding.EncodeToString(v))
	case sfv.Token:
		return typed("token", string(v))
	case sfv.Date:
		return typed("date", valueOf(int64(v)))
	case sfv.DisplayString:
		return typed("displaystring", string(v))
	default:
		return v
	}
}
