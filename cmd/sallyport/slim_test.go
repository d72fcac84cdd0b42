//go:build !full

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABuildWithoutDriversSaysWhichBuildHasThem(t *testing.T) {
	t.Parallel()
	config := written(t, "receiver.yaml", `endpoints:
  - path: /hooks
    provider: github
    secrets: [`+githubSecret+`]
    replay: {store: sqlite, namespace: receiver, url: replay.db}
`)
	for _, row := range []struct {
		args   []string
		status int
	}{
		{[]string{"serve", "--config", config}, wrong},
		{[]string{"forget", "--config", config, "evt_1"}, usage},
	} {
		status, out, problem := newCommand(t).run(row.args...)
		require.Equal(t, row.status, status, row.args)
		require.Empty(t, out)
		require.Equal(t, config+":5: endpoints[0].replay.store: this build of sallyport links no database: "+
			"go install -tags full github.com/sallyport-go/sallyport/cmd/sallyport@latest\n", problem)
	}
}

func TestAnOperatorsDatabaseNeedsTheBuildToo(t *testing.T) {
	t.Parallel()
	status, out, problem := newCommand(t).run("events", "--database", "app.db", "--namespace", "billing")
	require.Equal(t, usage, status)
	require.Empty(t, out)
	require.Equal(t, "sallyport: --database: this build of sallyport links no database: "+
		"go install -tags full github.com/sallyport-go/sallyport/cmd/sallyport@latest\n", problem)
}
