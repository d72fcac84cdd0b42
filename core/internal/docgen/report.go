package docgen

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/sallyport-go/sallyport/internal/catalogue"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// oldest is how many entries the report lists as the oldest.
const oldest = 25

// Report lists what of the catalogue to look at next: the entries whose facts are the oldest, those that rest on third
// parties, and those without a recorded delivery or the sender's SDK in internal/interop. root is the module's folder.
func Report(root string) (string, error) {
	recorded, err := recordedIn(root)
	if err != nil {
		return "", err
	}
	sdks, err := sdksIn(root)
	if err != nil {
		return "", err
	}
	all := catalogue.All()
	slices.SortStableFunc(all,
		func(a, b catalogue.Entry) int { return cmp.Compare(a.Fact().Confirmed, b.Fact().Confirmed) })
	var b strings.Builder
	fmt.Fprintf(&b, "The %d oldest of %d entries:\n", oldest, len(all))
	for _, c := range all[:oldest] {
		e, _ := entry.Of(c.Sample())
		fmt.Fprintf(&b, "  %s  %-30s %s\n", c.Fact().Confirmed, c.Name, cmp.Or(c.Fact().Source, e.Docs))
	}
	var weak, unproved []string
	for _, c := range catalogue.All() {
		e, _ := entry.Of(c.Sample())
		if e.Confidence > "B" {
			weak = append(weak, c.Name)
		}
		if !recorded[c.Name] && !sdks[plainName(functionOf(c))] {
			unproved = append(unproved, c.Name)
		}
	}
	fmt.Fprintf(&b, "\nBelow confidence B (%d):\n  %s\n", len(weak), strings.Join(weak, " "))
	fmt.Fprintf(&b, "\nWithout a recorded delivery, and without the sender's SDK in internal/interop (%d):\n",
		len(unproved))
	for chunk := range slices.Chunk(unproved, 8) {
		b.WriteString("  " + strings.Join(chunk, " ") + "\n")
	}
	return b.String(), nil
}

// functionOf is the name of the function that makes an entry's provider.
func functionOf(c catalogue.Entry) string {
	name, _, _ := strings.Cut(c.Fact().Call, "(")
	_, name, _ = strings.Cut(name, ".")
	return name
}

func plainName(name string) string { return strings.ToLower(name) }

// recordedIn are the entries with a delivery that was recorded or published, and not made by a formula.
func recordedIn(root string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(root, "core/provider/testdata/vectors/*.json"))
	if err != nil {
		return nil, err
	}
	more, err := filepath.Glob(filepath.Join(root, "core/provider/*/testdata/vectors/*.json"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range append(files, more...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var vectors []struct{ Provider, Kind, Expect string }
		if json.Unmarshal(data, &vectors) != nil {
			continue // of another form
		}
		for _, v := range vectors {
			if v.Expect == "valid" && v.Kind != "synthetic" {
				names[v.Provider] = true
			}
		}
	}
	return names, nil
}

// sdksIn are the names, in lower case, of the functions whose providers internal/interop tries against other code.
func sdksIn(root string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(root, "internal/interop/*_test.go"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, from := range []string{"provider.", "jwt.", "jws.", "httpsig.", "keccak.", "nfkd.", "unproved."} {
			for _, rest := range strings.Split(string(text), from)[1:] {
				if name, _, called := strings.Cut(rest, "("); called && isWord(name) {
					names[plainName(name)] = true
				}
			}
		}
	}
	return names, nil
}

func isWord(name string) bool {
	return name != "" && !strings.ContainsFunc(name,
		func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
