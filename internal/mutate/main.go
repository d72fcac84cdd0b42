// Command mutate tests the tests: it breaks the code in ways that matter to security, one at a time, and each has to make
// a test fail. No file is changed: the compiler is shown the broken text by go's -overlay.
//
// It fails where a mutation survives, where it does not compile, and where the text that it replaces does not stand in its
// file exactly once.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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
	for _, part := range [][]mutation{ofProofs(), ofKeys(), ofHeaders(), ofThePerimeter(), ofBodies(), ofReplay(), ofSettling(), ofConfigs(), ofWhatShows(), ofEntries()} {
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

// quick are the tests that notice most and take no time, and slow those that take seconds. Every test runs where the
// ones before it have noticed nothing.
const (
	quick = "TestHostile|TestNewRefuses"
	slow  = "TestAThousand|TestSlowSenders"
)

// patience is how long the tests of one package may take; broken code may wait for ever.
const patience = 3 * time.Minute

func main() {
	only := flag.String("only", "", "run the mutations whose name or file matches this expression")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	began, bad, ran := time.Now(), 0, 0
	for _, m := range mutations() {
		if !pattern.MatchString(m.name) && !pattern.MatchString(m.file) {
			continue
		}
		ran++
		start := time.Now()
		by, err := try(".", &m)
		took := time.Since(start).Round(100 * time.Millisecond)
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
	}
	fmt.Printf("%d mutations in %s: %d were noticed\n", ran, time.Since(began).Round(time.Second), ran-bad)
	if bad > 0 || ran == 0 {
		os.Exit(1)
	}
}

// try runs the tests over the broken code and names what noticed it.
func try(root string, m *mutation) (by string, err error) {
	text, err := m.apply(root)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	original, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	broken := filepath.Join(folder, filepath.Base(m.file))
	overlay := filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: broken}})
	if err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{broken: text, overlay: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return "", err
		}
	}
	for i, p := range m.packages() {
		program := filepath.Join(folder, fmt.Sprintf("test%d", i))
		build := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", program, p)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("it does not compile: %s", out)
		}
		for _, which := range [][]string{{"-test.run", quick}, {"-test.skip", quick + "|" + slow}, {"-test.run", slow}} {
			run := exec.Command(program, append(which, "-test.failfast", "-test.timeout", patience.String())...)
			run.Dir = filepath.Join(root, p)
			if out, err := run.CombinedOutput(); err != nil {
				return noticedBy(string(out)), nil
			}
		}
	}
	return "", nil
}

// noticedBy finds the first test that failed.
func noticedBy(out string) string {
	if m := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`).FindAllStringSubmatch(out, 2); m != nil {
		return m[len(m)-1][1]
	}
	if strings.Contains(out, "panic: test timed out") {
		return "a timeout"
	}
	return "a panic"
}
