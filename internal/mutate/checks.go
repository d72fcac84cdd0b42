package main

import (
	"fmt"
	"regexp"
	"strings"
)

// checkCall is a line that makes a check, and refuses where it fails.
//
//lint:immutable an expression
var checkCall = regexp.MustCompile(`if (.*[=,] f :?= |f :?= )(.+); (.*)f\.Failed\(\)(.*) \{$`)

// onlyReported is noted only where the check of the time only reports: the line is a second gate, and refuses nothing.
const onlyReported = "i.claims.StaleNote"

// ofChecks take away one check each, of all that the order of the checks makes: a new one needs no mutation of its own.
func ofChecks(files map[string]string) []mutation {
	var all []mutation
	for _, file := range []string{"core/receive.go", "core/perimeter.go"} {
		lines := strings.Split(files[file], "\n")
		for i, line := range lines {
			m := checkCall.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil || strings.HasSuffix(m[3], "!") || strings.Contains(line, onlyReported) {
				continue // what goes on where a check has not failed, or never refuses
			}
			// Equal lines are distinguished by what stands before them.
			from := i
			for from > 0 && strings.Count(files[file], strings.Join(lines[from:i+1], "\n")) > 1 {
				from--
			}
			old := strings.Join(lines[from:i+1], "\n")
			never := strings.Replace(line, "f.Failed()", "f.Failed() && false", 1)
			all = append(all, mutation{
				name: fmt.Sprintf("%s, line %d: nothing is refused by %s", file, i+1, m[2]),
				file: file, old: old, new: strings.TrimSuffix(old, line) + never,
			})
		}
	}
	return all
}
