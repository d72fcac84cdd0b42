// Command mutate tests the tests: it breaks the code in ways that matter to security, one at a time, and each has to
// make a test fail. No file is changed: the compiler is shown the broken text by go's -overlay.
//
// It fails where a mutation survives, where it does not compile, and where the text that it replaces does not stand
// exactly once, in its file or in one other.
//
// A test that fails now and then proves nothing. So all of them have to pass over the unbroken code first, and what
// notices a mutation counts where it fails over the broken code twice and passes over the unbroken code as well.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// mutation breaks one thing.
type mutation struct {
	name string // what is broken, in words
	file string // from the module's root; once the text has moved to another file, that file is found by the text
	old  string // stands in one file, exactly once
	new  string
	in   []string // the packages whose tests have to notice; nil: that of the file, or core where that is core's
}

// mutations are in one function for each part of the code. A new one goes into the function of its step.
func mutations(files map[string]string) []mutation {
	all := ofChecks(files)
	for _, part := range [][]mutation{
		ofProofs(), ofKeys(), ofHeaders(), ofThePerimeter(), ofBodies(), ofSecrets(), ofReplay(), ofSettling(), ofConfigs(),
		ofBoundaries(), ofWhatShows(), ofEntries(), ofTokens(), ofSignatures(), ofTheJournal(), ofTheInbox(), ofThePage(),
	} {
		all = append(all, part...)
	}
	return all
}

// packages are those whose tests have to notice. What core is made of is tested through core as well.
func (m *mutation) packages() []string {
	if m.in != nil {
		return m.in
	}
	own := "./" + filepath.ToSlash(filepath.Dir(m.file))
	if strings.HasPrefix(own, "./core/internal/") || own == "./core/secrets" {
		if tests, _ := filepath.Glob(filepath.Join(filepath.Dir(m.file), "*_test.go")); len(tests) == 0 {
			return []string{"./core"}
		}
		return []string{own, "./core"}
	}
	return []string{own}
}

// locate finds the file that the text stands in, so that a mutation survives when code moves. The text has to stand in
// its own file, or else in exactly one other.
func (m *mutation) locate(files map[string]string) error {
	if len(m.places(files[m.file])) == 1 {
		return nil
	}
	var found []string
	for file, text := range files {
		if len(m.places(text)) == 1 {
			found = append(found, file)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("its old text stands once in %d files, and in %s %d times: bring it in step with the code",
			len(found), m.file, len(m.places(files[m.file])))
	}
	m.file = found[0]
	return nil
}

// places returns where the old text stands. Any space stands for any other, so that a mutation survives when lines are
// broken elsewhere. Space at the ends counts as it is.
func (m *mutation) places(text string) [][]int {
	if !strings.Contains(text, firstWord(m.old)) {
		return nil // most files, without an expression
	}
	words := strings.Fields(m.old)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	inner := strings.TrimSpace(m.old)
	before, after, _ := strings.Cut(m.old, inner)
	pattern := regexp.QuoteMeta(before) + strings.Join(words, `\s+`) + regexp.QuoteMeta(after)
	return regexp.MustCompile(pattern).FindAllStringIndex(text, 2)
}

func firstWord(text string) string { return strings.Fields(text)[0] }

// sources reads the code of the module below core and in the adapters, by its path from the root.
func sources(root string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "examples" || d.Name() == "mutate"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	return files, err
}

// apply gives the broken text of the file.
func (m *mutation) apply(root string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if m.old == m.new {
		return nil, fmt.Errorf("it changes nothing")
	}
	places := m.places(string(data))
	if len(places) == 0 {
		return nil, fmt.Errorf("its old text does not stand in %s", m.file)
	}
	at := places[0]
	return slices.Concat(data[:at[0]], []byte(m.new), data[at[1]:]), nil
}

func main() {
	only := flag.String("only", "", "try the mutations whose name or file matches this expression")
	jobs := flag.Int("jobs", 2, "how many are tried at the same time: half of the time is the compiler's")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err == nil && *jobs < 1 {
		err = fmt.Errorf("-jobs is %d, and has to be 1 at least", *jobs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	files, err := sources(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var some []mutation
	for _, m := range mutations(files) {
		if err := m.locate(files); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", m.name, err)
			os.Exit(1)
		}
		if pattern.MatchString(m.name) || pattern.MatchString(m.file) {
			some = append(some, m)
		}
	}
	if err := run(".", some, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tries the mutations and reports each as soon as it is known.
func run(root string, some []mutation, jobs int) error {
	if len(some) == 0 {
		return fmt.Errorf("no mutation has such a name or file")
	}
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	began := time.Now()
	b := &bench{root: root, folder: folder, suites: map[string]*suite{}, known: map[string][]string{}}
	if err := b.prepare(some); err != nil {
		return err
	}
	var lock sync.Mutex
	bad := 0
	work := make(chan *mutation)
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for m := range work {
				start := time.Now()
				by, err := b.try(m)
				took := time.Since(start).Round(100 * time.Millisecond)
				lock.Lock()
				switch {
				case err != nil:
					bad++
					fmt.Printf("ERROR     %s (%s): %v\n", m.name, m.file, err)
				case by == "":
					bad++
					fmt.Printf("SURVIVED  %s (%s), after %s\n", m.name, m.file, took)
				default:
					fmt.Printf("killed    %s, by %s in %s\n", m.name, by, took)
				}
				lock.Unlock()
			}
		})
	}
	for i := range some {
		work <- &some[i]
	}
	close(work)
	wg.Wait()
	fmt.Printf("%d mutations in %s: %d were noticed\n", len(some), time.Since(began).Round(time.Second), len(some)-bad)
	if bad > 0 {
		return fmt.Errorf("%d mutations were not noticed", bad)
	}
	return nil
}
