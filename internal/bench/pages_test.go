package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails where a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const record = `# Performance

By make bench.

## How it is measured

In turns.

## Targets

By the medians of this run, 1 of 2 are met.

| | at most | measured | |
|---|---:|---:|---|
| GitHub, 1 KiB | 1.35 | 1.64 | **missed** |

## Verifying

### GitHub (HMAC), 256 B

| | median ns | best ns | middle half | to the first | to ours | allocations | bytes |
|---|---:|---:|---:|---:|---:|---:|---:|
| floor: SHA-256 of the body | 245 | 245 | ±0% | 1.00 | 0.35 | 0 | 0 |

### GitHub (HMAC), 1 KiB

| | median ns | best ns | middle half | to the first | to ours | allocations | bytes |
|---|---:|---:|---:|---:|---:|---:|---:|
| floor: SHA-256 of the body | 730 | 729 | ±0% | 1.00 | 0.61 | 0 | 0 |
| **sallyport**, the proof alone | 1201 | 1195 | ±0% | 1.64 | - | 0 | 0 |
| the least: a pooled HMAC | 913 | 909 | ±0% | 1.25 | 0.76 | 0 | 0 |
| slow | 11892 | 10943 | ±4% | 16.29 | 9.90 | 25 | 7320 |
| quick | 1442 | 1431 | ±2% | 1.97 | 1.20 | 9 | 624 |

## A whole request, in process

Through the router.

### GitHub, 1 KiB

| router | hand-written | go-github | sallyport | of hand-written | of go-github | CPU of hand-written | allocations | bytes |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
| net/http | 4300 | 4500 | 43000 | 10.00 ±2% | 9.56 | 1.30 | 4 | 2140 |
| chi | 4400 | 4600 | 4100 | 0.93 ±2% | 0.89 | 1.20 | 4 | 2140 |

## Refusals

### 1 KiB

| | median ns | best ns | middle half | to the first | to ours | allocations | bytes |
|---|---:|---:|---:|---:|---:|---:|---:|
| refused: no signature | 900 | 890 | ±0% | 1.00 | - | 1 | 360 |
| the hand-written check: a forged signature | 2000 | 1990 | ±0% | 1.00 | - | 1 | 360 |
`

func TestTheRecordIsDividedIntoPages(t *testing.T) {
	got := pages(record)
	for name, parts := range map[string][]string{
		"performance.md": {
			"# Performance\n\nBy make bench.\n\n## What a verification costs\n",
			"\n\n## How it is measured\n\nIn turns.\n\n## The tables\n\n- [Targets]",
			"\n| GitHub (HMAC) | 730 ns | 1201 ns | 1442 ns, quick |\n",
			"By the medians of this run, 1 of 2 are met. [Each one](performance/targets.md)",
			"- [Verifying](performance/verifying.md)\n",
			"\n| GitHub, 1 KiB | 4300 ns | 4500 ns | 43.0 µs | 10.00 ±2% |\n",
			"\n| refused: no signature | 900 ns | 1 |\n",
		},
		"performance/targets.md": {"# Targets\n", "| GitHub, 1 KiB | 1.35 | 1.64 | **missed** |\n"},
		"performance/verifying.md": {"# Verifying\n", "## GitHub (HMAC), 256 B\n", "## GitHub (HMAC), 1 KiB\n",
			"| slow | 11892 |"},
	} {
		for _, part := range parts {
			if !strings.Contains(got[name], part) {
				t.Errorf("%s lacks %q:\n%s", name, part, got[name])
			}
		}
	}
	if strings.Contains(got["performance.md"], "| the hand-written check:") {
		t.Error("what others do when they refuse is not what a delivery costs")
	}
	if len(got) != 5 {
		t.Errorf("%d pages", len(got))
	}
}
