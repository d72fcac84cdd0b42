// Command bench measures sallyport beside what people would use in its place, in one run whose subjects take turns, and
// writes docs/performance.md. It is a module of its own, so that nobody who uses sallyport downloads its peers.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 50*time.Millisecond, "how long a subject runs in a round")
	rounds := flag.Int("rounds", 8, "how many rounds there are")
	docs := flag.String("docs", "", "the directory that performance.md and its drawings are written to; empty: only print")
	profile := flag.String("profile", "", "the file that a CPU profile is written to")
	only := flag.String("only", "", "run the one part of this name")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		must(err)
		must(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	// An application has a heap, and collects it as seldom as that allows; a process that has none collects all the time.
	heap := make([]byte, applicationHeap)
	defer runtime.KeepAlive(heap)
	s := settings{each: *each, rounds: *rounds}
	var out bytes.Buffer
	w := io.MultiWriter(os.Stdout, &out)
	preface(w, s)
	for _, part := range parts(*docs) {
		if *only != "" && part.name != *only {
			continue
		}
		start := time.Now()
		if err := part.run(s, w); err != nil {
			fmt.Fprintln(os.Stderr, part.name+":", err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, part.name, "took", time.Since(start).Round(time.Second))
	}
	if *docs == "" || *only != "" {
		return
	}
	must(os.WriteFile(filepath.Join(*docs, "performance.md"), append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), 0o644)) //nolint:gosec // a document
}

const applicationHeap = 64 << 20

type part struct {
	name string
	run  func(settings, io.Writer) error
}

func parts(docs string) []part {
	return []part{
		{"proof", benchProof},
		{"verify", benchVerify},
		{"request", benchRequest},
		{"limit", benchLimit},
		{"growth", func(s settings, w io.Writer) error { return benchGrowth(s, w, docs) }},
		{"load", benchLoad},
	}
}

func preface(w io.Writer, s settings) {
	fmt.Fprintf(w, `# Performance

Written by %cmake bench%c; do not edit. Each table is one run: its subjects take turns in %d rounds of %v each, so that what
a busy machine adds falls on all of them. Times are CPU time of the whole process, garbage collection and goroutines beside
the request included, with a heap of 64 MiB beside, as an application has. "To the floor" and "to ours" are ratios of
medians. "Middle half" is half of the spread of the middle half of the rounds; a difference that does not exceed it is
marked as noise, and nothing is claimed from it. Every subject was checked to accept what is genuine and to refuse what
is forged before it was timed.

- Machine: %s, %d CPUs, %s/%s; load before the run: %s
- %s

| module | version |
|---|---|
`, '`', '`', s.rounds, s.each, cpuName(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, load(), runtime.Version())
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
		"mailgun-go", "twilio-go", "discordgo", "sendgrid-go", "golang-jwt", "go-limiter", "x/time", "gin-gonic/gin", "labstack/echo", "go-chi/chi",
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

// benchProof shows core's own measure of the proof alone, which needs no request, body or handle.
func benchProof(s settings, w io.Writer) error {
	fmt.Fprint(w, "## The proof alone\n\nFrom the headers to the verdict, 0 allocations, as a multiple of the bare SHA-256 of the body: the best of turns.\n\n| | ns | to the floor |\n|---|---:|---:|\n")
	turns := max(2048, int(s.each/time.Microsecond)*s.rounds/40)
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "BenchmarkVerify", "-benchtime", fmt.Sprintf("%dx", turns), "./core") //nolint:gosec // our own words
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("core's benchmark: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasPrefix(f[0], "BenchmarkVerify/") {
			continue
		}
		name := strings.ReplaceAll(strings.TrimPrefix(f[0], "BenchmarkVerify/"), "_", " ")
		if at := strings.LastIndexByte(name, '-'); at > 0 {
			name = name[:at]
		}
		fmt.Fprintf(w, "| %s bytes | %s | %s |\n", strings.Replace(name, "/", ", ", 1), f[2], f[4])
	}
	fmt.Fprintln(w)
	return nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
