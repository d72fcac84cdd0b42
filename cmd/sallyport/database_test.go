package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// None of these opens a database, so that they hold for each build.
func TestADatabaseIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	remembering := written(t, "receiver.yaml", `endpoints:
  - {path: /a, provider: github, secrets: [`+githubSecret+`], replay: {store: sqlite, namespace: a, url: a.db}}
  - {path: /b, provider: github, secrets: [`+githubSecret+`], replay: {store: sqlite, namespace: b, url: a.db}}
`)
	memory := written(t, "receiver.yaml",
		"endpoints:\n  - {path: /a, provider: github, secrets: ["+githubSecret+"]}\n")
	for _, row := range []struct {
		says string
		args []string
		want string
	}{
		{"a password", []string{"--database", "postgres://u:hunter2@127.0.0.1/db", "--namespace", "a"},
			"--database holds a password"},
		{"a password as a parameter", []string{"--database", "postgres://u@h/db?password=hunter2", "--namespace", "a"},
			"--database holds a password"},
		{"a password in a form of the driver's", []string{"--database", "u:hunter2@tcp(h)/db", "--namespace", "a"},
			"--database holds a password"},
		{"no namespace", []string{"--database", "app.db"}, "--namespace is missing"},
		{"another scheme", []string{"--database", "redis://127.0.0.1/0", "--namespace", "a"},
			"--database: it begins with postgres://, mysql:// or sqlite://"},
		{"a word", []string{"--database", "app", "--namespace", "a"}, "--database: it begins with postgres://"},
		{"two places", []string{"--database", "a.db", "--config", "x"}, "--database goes without --config"},
		{"a namespace next to a file", []string{"--namespace", "a", "--config", "x"}, "--namespace goes without --config"},
		{"no such file", []string{"--config", "none.yaml"}, "--config: open none.yaml: "},
		{"two namespaces", []string{"--config", remembering}, "in 2 SQL databases or namespaces"},
		{"a store in memory", []string{"--config", memory}, "in 0 SQL databases or namespaces"},
	} {
		t.Run(row.says, func(t *testing.T) {
			for _, args := range [][]string{{"events"}, {"show", "x"}, {"dismiss", "x"}, {"rotation"}} {
				status, out, problem := newCommand(t).run(append(args, row.args...)...)
				require.Equal(t, usage, status, problem)
				require.Empty(t, out)
				require.Contains(t, problem, row.want)
				require.NotContains(t, problem, "hunter2")
				require.Regexp(t, `^[^\n]+\n$`, problem)
			}
		})
	}
	for _, flag := range []string{"--namespace", "--table", "--key-env"} { // of no database, which is forgotten easily
		for _, args := range [][]string{{"events"}, {"show", "x"}, {"dismiss", "x"}, {"rotation"}} {
			_, _, problem := newCommand(t).run(append(args, flag, "x")...)
			require.Equal(t, "sallyport: "+flag+" goes with a database: name it by --database, SALLYPORT_DATABASE or "+
				"--config\n", problem)
		}
		_, _, problem := newCommand(t).run("redrive", flag, "x")
		require.Contains(t, problem, "redrive runs the app's receivers, which no database has")
	}
	cmd := newCommand(t)
	cmd.env["SALLYPORT_DATABASE"] = "u:hunter2@somewhere"
	_, _, problem := cmd.run("events", "--namespace", "a")
	require.Contains(t, problem, "SALLYPORT_DATABASE: it begins with postgres://")
	require.NotContains(t, problem, "hunter2")
	_, _, problem = cmd.run("redrive")
	require.Contains(t, problem, "SALLYPORT_PAGE is not set")
}
