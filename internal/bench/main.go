// Command bench measures sallyport next to what people would use in its place, in one run whose subjects take turns. It
// writes docs/performance.md, and the tables behind it into docs/performance. It is a module of its own, so that nobody
// who uses sallyport downloads its peers.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
)

func main() {
	each := flag.Duration("time", 50*time.Millisecond, "how long a subject runs in a round")
	rounds := flag.Int("rounds", 8, "how many rounds there are")
	docs := flag.String("docs", "",
		"the directory that performance.md and the directory performance are written to; empty: only print")
	profile := flag.String("profile", "", "the file that a CPU profile is written to")
	only := flag.String("only", "", "run the one part of this name")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		must(err)
		must(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	// An application has a heap, and collects it as seldom as that allows; a process that has none collects all the
	// time.
	s := settings{each: *each, rounds: *rounds, goals: &goals{}, heap: newHeap()}
	defer runtime.KeepAlive(s.heap)
	var head, out bytes.Buffer
	preface(io.MultiWriter(os.Stdout, &head), s)
	w := io.MultiWriter(os.Stdout, &out)
	status := 0
	for _, part := range parts(*docs) {
		if *only != "" && part.name != *only {
			continue
		}
		start := time.Now()
		if err := part.run(s, w); err != nil {
			fmt.Fprintln(os.Stderr, part.name+":", err) // the pages say what was measured all the same
			status = 1
		}
		fmt.Fprintln(os.Stderr, part.name, "took", time.Since(start).Round(time.Second))
	}
	s.goals.write(io.MultiWriter(os.Stdout, &head)) // on the page before what it is made of
	if *docs != "" && *only == "" {
		write(*docs, pages(head.String()+out.String()))
	}
	if status != 0 {
		pprof.StopCPUProfile() // no deferred call runs any more
		os.Exit(status)
	}
}

// write writes documents, by their names.
func write(docs string, all map[string]string) {
	for name, text := range all {
		file := filepath.Join(docs, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		must(os.WriteFile(file, []byte(text), 0o644))
	}
}

const applicationHeap = 64 << 20

type part struct {
	name string
	run  func(settings, io.Writer) error
}

func parts(docs string) []part {
	return []part{
		{"verify", benchVerify},
		{"tokens", benchTokens},
		{"refuse", benchRefuse},
		{"secrets", benchSecrets},
		{"request", benchRequest},
		{"complete", benchComplete},
		{"refusals", benchRefusals},
		{"unused", benchUnused},
		{"credentials", benchCredentials},
		{"events", benchEvents},
		{"stores", benchStores},
		{"redis", benchRedis},
		{"limit", benchLimit},
		{"growth", func(s settings, w io.Writer) error { return benchGrowth(s, w, docs) }},
		{"load", benchLoad},
	}
}

func preface(w io.Writer, s settings) {
	fmt.Fprintf(w, `# Performance

Written by %cmake bench%c; do not edit.

## How it is measured

Each table is one run: its subjects take turns in %d rounds of %v each, so that what
a busy machine adds falls on all of them. Times are CPU time of the whole process, including garbage collection and other
goroutines, with a heap of 64 MiB, as an application has. Time on the wall is named where it is meant: it includes what
other processes do, and is measured without that heap. "To the first" (the floor, where there is one)
and "to ours" are ratios of medians. "Middle half" is half of the spread of the middle half of the rounds; a difference
that does not exceed it is marked as noise, and nothing is claimed from it. Every subject was checked to accept what is
genuine and to refuse what is forged before it was timed. A busy machine does not change counts: of allocations each
path's tests hold them, of instructions %cmake instructions%c.

- Machine: %s, %d CPUs, %s/%s; load before the run: %s
- %s

## Versions

| module | version |
|---|---|
`, '`', '`', s.rounds, s.each, '`', '`', cpuName(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, load(),
		runtime.Version())
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if measured(d.Path) {
				fmt.Fprintf(w, "| %s | %s |\n", d.Path, d.Version)
			}
		}
	}
	fmt.Fprintln(w)
}

// measured says whether a module is one of those that stand in a table.
func measured(path string) bool {
	for _, name := range []string{
		"stripe-go", "svix-webhooks", "standard-webhooks", "go-github", "slack-go/slack", "go-playground/webhooks",
		"mailgun-go", "twilio-go", "discordgo", "sendgrid-go", "golang-jwt", "lestrrat-go/jwx", "go-limiter",
		"ttlcache", "otter", "patrickmn/go-cache", "go-redis", "x/time", "modernc.org/sqlite",
		"gin-gonic/gin", "labstack/echo", "go-chi/chi",
	} {
		if strings.Contains(path, name) {
			return true
		}
	}
	return false
}

func cpuName() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "an unnamed processor"
}

func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// silent is an observer that does nothing, so that records take the way that they take with metrics: these need no
// names of events.
type silent struct{}

func (silent) Observe(context.Context, core.Record) {}
func (silent) NeedsNames() bool                     { return false }

func noObserver() []core.Observer { return []core.Observer{silent{}} }
