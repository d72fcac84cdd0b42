package httpsfv

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestOrderedMapsAcrossTheIndex compares parameters and dictionaries of any size with plain maps, while names are added,
// overwritten and removed.
func TestOrderedMapsAcrossTheIndex(t *testing.T) {
	t.Parallel()

	for n := 0; n <= 3*maxLinear; n++ {
		p, d := NewParams(), NewDictionary()
		var names []string

		for i := 0; i < n; i++ {
			name := fmt.Sprintf("k%d", i)
			names = append(names, name)
			p.Add(name, int64(0))
			p.Add(name, int64(i))
			d.Add(name, NewItem(int64(0)))
			d.Add(name, NewItem(int64(i)))
		}

		for len(names) > 0 {
			if !reflect.DeepEqual(p.Names(), names) || !reflect.DeepEqual(d.Names(), names) {
				t.Fatalf("names are %v and %v; %v expected", p.Names(), d.Names(), names)
			}

			for _, name := range names {
				v, ok := p.Get(name)
				m, found := d.Get(name)

				if want := fmt.Sprintf("k%v", v); !ok || !found || want != name || m.(Item).Value != v {
					t.Fatalf("%s is %v (%v) and %v (%v)", name, v, ok, m, found)
				}
			}

			gone := len(names) / 2
			if !p.Del(names[gone]) || !d.Del(names[gone]) || p.Del(names[gone]) || d.Del(names[gone]) {
				t.Fatalf("%s must be deleted once", names[gone])
			}

			if _, ok := p.Get(names[gone]); ok {
				t.Fatalf("%s was deleted", names[gone])
			}

			names = append(append([]string{}, names[:gone]...), names[gone+1:]...)
		}
	}
}

// TestManyNamesTakeLinearTime fails where each name is compared with all before it: that takes seconds.
func TestManyNamesTakeLinearTime(t *testing.T) {
	t.Parallel()

	const n = 200000

	var params, members strings.Builder

	params.WriteString("a")

	for i := 0; i < n; i++ {
		fmt.Fprintf(&params, ";k%d", i)
		fmt.Fprintf(&members, "k%d,", i)
	}

	start := time.Now()

	item, err := UnmarshalItem([]string{params.String()})
	if err != nil || len(item.Params.Names()) != n {
		t.Fatal(err)
	}

	d, err := UnmarshalDictionary([]string{members.String() + "z"})
	if err != nil || len(d.Names()) != n+1 {
		t.Fatal(err)
	}

	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestStringsWithAndWithoutEscapes(t *testing.T) {
	t.Parallel()

	for in, want := range map[string]string{
		`""`: ``, `"a"`: `a`, `"\""`: `"`, `"a\\"`: `a\`, `"a\"b\\c"`: `a"b\c`, `"\\\\"`: `\\`,
	} {
		got, err := UnmarshalItem([]string{in})
		if err != nil || got.Value != want {
			t.Errorf("%s is %v (%v); %s expected", in, got.Value, err, want)
		}
	}
}

// TestItemsOfAnInnerListHaveTheirOwnParameters changes the parameters of one item, of those that are made together and
// of those that are not.
func TestItemsOfAnInnerListHaveTheirOwnParameters(t *testing.T) {
	t.Parallel()

	in := "(" + strings.Repeat("1 ", 2*maxGuess) + "1)"

	d, err := UnmarshalDictionary([]string{"a=" + in})
	if err != nil {
		t.Fatal(err)
	}

	m, _ := d.Get("a")
	items := m.(InnerList).Items

	for i := range items {
		items[i].Params.Add("x", int64(i))
	}

	for i := range items {
		if x, _ := items[i].Params.Get("x"); x != int64(i) || len(items[i].Params.Names()) != 1 {
			t.Errorf("item %d has %v", i, x)
		}
	}
}

// TestAllocationsOfASignature counts those of the header Signature-Input of RFC 9421.
func TestAllocationsOfASignature(t *testing.T) {
	in := []string{`sig1=("@method" "@authority" "@path" "content-digest" "content-type")` +
		`;created=1618884473;keyid="test-key-ed25519"`}

	const most = 18

	allocs := testing.AllocsPerRun(100, func() {
		if _, err := UnmarshalDictionary(in); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > most {
		t.Errorf("%v allocations; at most %d expected", allocs, most)
	}
}
