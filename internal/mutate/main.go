// Command mutate tests the tests: it breaks the code in ways that matter to security, one at a time, and each has to make
// a test fail. No file is changed: the compiler is shown the broken text by go's -overlay.
//
// It fails where a mutation survives, where it does not compile, and where the text that it replaces does not stand in its
// file exactly once.
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
	"strings"
	"sync"
	"time"
)

// mutation breaks one thing.
type mutation struct {
	name string // what is broken, in words
	file string // from the module's root
	old  string // stands in the file exactly once
	new  string
	in   []string // the packages whose tests have to notice; nil: that of the file, or core where that is core's
}

func mutations() []mutation {
	var all []mutation
	for _, part := range [][]mutation{
		ofProofs(), ofKeys(), ofHeaders(), ofThePerimeter(), ofBodies(), ofSecrets(), ofReplay(), ofSettling(), ofConfigs(),
		ofBoundaries(), ofWhatShows(), ofEntries(), ofTokens(),
	} {
		all = append(all, part...)
	}
	return all
}

func (m *mutation) packages() []string {
	if m.in != nil {
		return m.in
	}
	return []string{"./" + filepath.ToSlash(filepath.Dir(m.file))}
}

// apply gives the broken text of the file.
func (m *mutation) apply(root string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	text := string(data)
	if n := strings.Count(text, m.old); n != 1 {
		return nil, fmt.Errorf("its old text stands %d times in %s, and has to stand there once: bring it in step with the code", n, m.file)
	}
	if m.old == m.new {
		return nil, fmt.Errorf("it changes nothing")
	}
	return []byte(strings.Replace(text, m.old, m.new, 1)), nil
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
	var some []mutation
	for _, m := range mutations() {
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
