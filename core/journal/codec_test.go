package journal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/journal"
)

// addMembers notes new members of stored entries: see "make docs".
var addMembers = flag.Bool("add-members", false, "note new members of stored entries")

// fill gives every field below v a value that is not zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1790000000, 7).UTC()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key)
		fill(t, value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case v.CanInt():
		v.SetInt(1)
	case v.CanUint():
		v.SetUint(1)
	case v.Kind() == reflect.String:
		v.SetString("a")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		require.Failf(t, "a field of a kind that fill does not know", "%v: add a case for it", v.Type())
	}
}

// filled is an entry with every field but the body, which stands in no head.
func filled(t *testing.T) *journal.Entry {
	t.Helper()
	var e journal.Entry
	fill(t, reflect.ValueOf(&e).Elem())
	e.Body = nil
	return &e
}

func TestEveryFieldOfAnEntryIsStored(t *testing.T) {
	t.Parallel()
	want := filled(t)
	data, err := journal.WriteHead(want)
	require.NoError(t, err)
	have, err := journal.ReadHead(data)
	require.NoError(t, err)
	wanted, read := reflect.ValueOf(want).Elem(), reflect.ValueOf(have).Elem()
	for i, of := range reflect.VisibleFields(wanted.Type()) {
		require.Equal(t, wanted.Field(i).Interface(), read.Field(i).Interface(), "Entry.%s is lost when an entry is "+
			"stored: it, or a part of it, has no row in its table of members, in core/journal/entry.go", of.Name)
	}
}

// TestWhatIsMergedIsNotLost merges an entry that has every field with a failure of its event that has none: what the
// table of members says to be merged is there still, and all else is the newest failure's.
func TestWhatIsMergedIsNotLost(t *testing.T) {
	t.Parallel()
	stored := filled(t)
	failed := &journal.Entry{State: journal.Open, First: stored.First.Add(time.Hour)}
	old, newer := reflect.ValueOf(stored).Elem(), reflect.ValueOf(failed.Clone()).Elem()
	result := journal.Merge(stored, failed)
	merged, table := reflect.ValueOf(result).Elem(), journal.MergedMembers(result)
	for i, of := range reflect.VisibleFields(merged.Type()) {
		want := newer
		if table[merged.Field(i).Addr().Pointer()] {
			want = old
		}
		require.Equal(t, want.Field(i).Interface(), merged.Field(i).Interface(), "Entry.%s: its row in the table of "+
			"members and merge, in core/journal/keep.go, do not agree on what becomes of it when its event fails again",
			of.Name)
	}
}

// TestStoredEntriesNeverChange compares entries with one that was written down when it was released. Members may be
// added; those that are there keep their names and forms.
func TestStoredEntriesNeverChange(t *testing.T) {
	t.Parallel()
	const how = "stores hold entries in this form, and this release would not read them: undo the change of " +
		"core/journal/entry.go, or give the new form a number of its own and go on reading this one"
	golden, err := os.ReadFile("testdata/head.json")
	require.NoError(t, err)
	_, err = journal.ReadHead(golden)
	require.NoError(t, err, how)
	written, err := journal.WriteHead(filled(t))
	require.NoError(t, err)
	var want, have any
	var indented bytes.Buffer
	require.NoError(t, json.Unmarshal(golden, &want))
	require.NoError(t, json.Unmarshal(written, &have))
	requireWithin(t, want, have, "head", how)
	if *addMembers {
		require.NoError(t, json.Indent(&indented, written, "", "  "))
		require.NoError(t, os.WriteFile("testdata/head.json", append(indented.Bytes(), '\n'), 0o600))
		return
	}
	requireWithin(t, have, want, "head", `the member is new: "make docs" notes its name, which later releases keep`)
}

// requireWithin requires of have what want has. Objects may have more.
func requireWithin(t *testing.T, want, have any, at, how string) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		require.IsType(t, want, have, "%s: %s", at, how)
		for name := range want {
			require.Contains(t, have, name, "%s: %s", at, how)
			requireWithin(t, want[name], have.(map[string]any)[name], at+"."+name, how)
		}
	case []any:
		require.IsType(t, want, have, "%s: %s", at, how)
		require.Len(t, have, len(want), "%s: %s", at, how)
		for i := range want {
			requireWithin(t, want[i], have.([]any)[i], at, how)
		}
	default:
		require.Equal(t, want, have, "%s: %s", at, how)
	}
}
