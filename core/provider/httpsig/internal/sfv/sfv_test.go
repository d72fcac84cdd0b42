package sfv_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/provider/httpsig/internal/sfv"
)

func TestANameThatComesTwiceKeepsItsPlaceAndItsLastValue(t *testing.T) {
	t.Parallel()
	d, ok := sfv.Read(`a=1;x=1;y;x=2, b=2, a=3;x=4;y;x=5`)
	require.True(t, ok)
	require.True(t, d.Repeated)
	require.Equal(t, []string{"a", "b"}, d.Names())
	a, _ := d.Get("a")
	require.Equal(t, int64(3), a.Value)
	require.Equal(t, []string{"x", "y"}, a.Params.Names())
	x, _ := a.Params.Get("x")
	require.Equal(t, int64(5), x)

	d, ok = sfv.Read("a, b, aa")
	require.True(t, ok)
	require.False(t, d.Repeated)
	_, found := d.Get("c")
	require.False(t, found)
}

// TestNamesAreFoundOnBothSidesOfTheIndex reads dictionaries of a few names, which are compared one by one, and of more.
func TestNamesAreFoundOnBothSidesOfTheIndex(t *testing.T) {
	t.Parallel()
	for n := range 3 * 8 {
		var members, want []string
		for i := range n {
			want = append(want, fmt.Sprintf("k%d", i))
			members = append(members, fmt.Sprintf("k%d=%d", i, i))
		}
		d, ok := sfv.Read(strings.Join(members, ","))
		require.True(t, ok)
		require.False(t, d.Repeated)
		require.Equal(t, want, d.Names())
		for i, name := range want {
			item, found := d.Get(name)
			require.True(t, found)
			require.Equal(t, int64(i), item.Value)
		}
		again, ok := sfv.Read(strings.Join(append(members, "k0=0"), ","))
		require.True(t, ok)
		require.Equal(t, n > 0, again.Repeated)
	}
}

// TestManyNamesTakeLinearTime fails where each name is compared with all before it: that takes seconds.
func TestManyNamesTakeLinearTime(t *testing.T) {
	t.Parallel()
	const n = 200000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "k%d,", i)
	}
	text.WriteString("z")
	for i := range n {
		fmt.Fprintf(&text, ";k%d", i)
	}
	start := time.Now()
	d, ok := sfv.Read(text.String())
	require.True(t, ok)
	require.Len(t, d.Names(), n+1)
	z, _ := d.Get("z")
	require.Len(t, z.Params.Names(), n)
	require.Less(t, time.Since(start), 10*time.Second)
}

func TestStringsWithAndWithoutEscapes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`""`: ``, `"a"`: `a`, `"\""`: `"`, `"a\\"`: `a\`, `"a\"b\\c"`: `a"b\c`, `"\\\\"`: `\\`, `"\\\""`: `\"`,
	} {
		d, ok := sfv.Read("a=" + in)
		require.True(t, ok, in)
		a, _ := d.Get("a")
		require.Equal(t, want, a.Value, in)
	}
}

func TestWhatIsNotADictionaryIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a=", "a,", "a b", "A", "1=1", "-a", "é", `a="é"`, `a="`, `a="\`, `a="\x"`, "a=-", "a=1.", "a=.1", "a=1.0000",
		"a=1234567890123.0", "a=1234567890123456", "a=?", "a=?2", "a=@", "a=@1.0", "a=@-", "a=:", "a=:AA==", "a=:A:",
		"a=:AA\n==:", "a=:AA\r==:", `a=%`, `a=%"`, `a=%"%`, `a=%"%e`, `a=%"%E2%82%AC"`, `a=%"%ff"`, `a=%"%+1"`, "a=%x",
		"a=(", "a=(1", "a=(1,2)", "a=((1))", `a=("b""c")`, "a=(1", "a;", "a;A", "a;b=", "a=1;b=(1)", "\ta", "a\n",
		"a=(1\t2)", "a=1\x00", "a=(1\x00)", "\x00",
	} {
		_, ok := sfv.Read(text)
		require.False(t, ok, text)
	}
	for _, text := range []string{"", " ", "a ", "a\t,\tb", "a=( )", "a=( 1  2 );b", `a=%"%e2%82%ac"`, "a=::", "*=*"} {
		_, ok := sfv.Read(text)
		require.True(t, ok, text)
	}
}

// TestAllocationsOfASignature counts those of the header Signature-Input of RFC 9421.
func TestAllocationsOfASignature(t *testing.T) {
	const in = `sig1=("@method" "@authority" "@path" "content-digest" "content-type")` +
		`;created=1618884473;keyid="test-key-ed25519"`
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { sfv.Read(in) }), 15.0)
}

// FuzzRead reads whatever comes, and finds every name that it says is there.
func FuzzRead(f *testing.F) {
	for _, cases := range suite(f) {
		for _, c := range cases[:min(len(cases), 100)] {
			f.Add(strings.Join(c.Raw, ", "))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := sfv.Read(text)
		if !ok {
			return
		}
		for _, name := range d.Names() {
			item, found := d.Get(name)
			require.True(t, found)
			require.True(t, item.Value != nil)
		}
		// What is read again with the same member behind it has that name twice.
		if names := d.Names(); len(names) > 0 && !d.Repeated {
			again, ok := sfv.Read(text + ", " + names[0])
			require.True(t, ok)
			require.True(t, again.Repeated)
			require.Equal(t, names, again.Names())
		}
	})
}
