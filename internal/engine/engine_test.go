package engine_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// TestEnginesStartAndStop needs each engine where SALLYPORT_REQUIRE_ENGINES is 1, and says which are missing elsewhere.
func TestEnginesStartAndStop(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(engine.Options) (*engine.Server, error){
		"redis": engine.Redis, "nats": engine.NATS, "postgresql": engine.PostgreSQL, "mariadb": engine.MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := begin(engine.Options{})
			engine.Need(t, err)
			require.NoError(t, err)
			s.Kill()
			require.Empty(t, processesIn(s.Dir), "a connection could still be served")
			require.NoError(t, s.Start(), "after a crash, on the same data and port")
			c, err := net.Dial("tcp", s.Addr())
			require.NoError(t, err)
			require.NoError(t, c.Close())
			require.NoError(t, s.Close())
			_, err = net.Dial("tcp", s.Addr())
			require.Error(t, err)
			_, err = os.Stat(s.Dir)
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}

// processesIn returns the processes that work in a folder.
func processesIn(dir string) (pids []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir) {
			pids = append(pids, link)
		}
	}
	return pids
}

// Another program may take the port between the look at it and the server's own. The server is started on another one,
// and what answers on the port that is taken is not treated as the server.
func TestAPortThatIsTakenIsNotTheServers(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(engine.Options) (*engine.Server, error){
		"redis": engine.Redis, "nats": engine.NATS, "postgresql": engine.PostgreSQL, "mariadb": engine.MariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, err := begin(engine.Options{})
			engine.Need(t, err)
			require.NoError(t, err)
			t.Cleanup(func() { _ = first.Close() })
			second, err := begin(engine.Options{}.On(first.Port, first.Port))
			require.NoError(t, err)
			t.Cleanup(func() { _ = second.Close() })
			require.NotEqual(t, first.Port, second.Port)

			second.Stop()
			second.Port = first.Port
			require.ErrorIs(t, second.Start(), engine.ErrPortTaken, "the first one answers there")
		})
	}
}

func TestAMissingProgramSaysHowToInstallIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := engine.Redis(engine.Options{})
	var missing *engine.MissingError
	require.True(t, errors.As(err, &missing), fmt.Sprint(err))
	require.EqualError(t, err, "redis-server is not installed: apt-get install redis-server")
}
