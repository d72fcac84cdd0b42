package core_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/internal/testlog"
)

// write makes a file that was written an hour ago.
func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	settle(t, path)
}

// settle lets a file be as old as one that nobody is writing to.
func settle(t *testing.T, path string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
}

func TestFilesOfSecrets(t *testing.T) {
	t.Parallel()
	pem := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\nAAAA\n-----END PUBLIC KEY-----\n"
	for _, row := range []struct {
		name, text string
		want       []string // labels and values
	}{
		{"one secret, as Docker mounts it", "abc", []string{"hook", "abc"}},
		{"a line break at the end", "abc\n", []string{"hook", "abc"}},
		{"line breaks of Windows", "abc\r\ndef\r\n", []string{"hook", "abc", "hook#2", "def"}},
		{"remarks and empty lines", "# new\nabc\n\n#\n   \n# old\ndef", []string{"hook", "abc", "hook#2", "def"}},
		{"a hash within a line is the secret's", "abc # def", []string{"hook", "abc # def"}},
		{"white space at an end is for the guard to refuse", " abc", []string{"hook", " abc"}},
		{"a PEM block is one secret", pem, []string{"hook", pem}},
		{"PEM blocks with remarks between", "# a\n" + pem + "\n# b\n" + strings.ReplaceAll(pem, "\n", "\r\n"),
			[]string{"hook", pem, "hook#2", pem}},
		{"a list of texts", `["abc", "# def"]`, []string{"hook", "abc", "hook#2", "# def"}},
		{"a list of objects", " [{\"value\":\"abc\",\"label\":\"new\"},\n{\"value\":\"d\\u00e9f\"}]\n",
			[]string{"new", "abc", "hook#2", "déf"}},
	} {
		path := filepath.Join(t.TempDir(), "hook")
		write(t, path, row.text)
		list, err := secrets.FromFiles(path).Lookup(t.Context(), "")
		require.NoError(t, err, row.name)
		require.Equal(t, row.want, revealed(list), row.name)
	}
}

func TestSeveralFilesOfSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"a/new", "a/old", "b/old"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		write(t, path, "secret of "+name)
		paths = append(paths, path)
	}
	list, err := secrets.FromFiles(paths...).Lookup(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"new", "secret of a/new", paths[1], "secret of a/old", paths[2], "secret of b/old"},
		revealed(list))
}

func TestTimesOfValidityFromAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hook.json")
	write(t, path, fmt.Sprintf(`[{"value":%q,"label":"new","not_before":"2026-03-01T12:00:00Z"},{"value":%q,"label":"old","not_after":"2026-03-01T13:00:00+01:00"}]`, testSecret, oldSecret))
	now := testTime
	c, rec := config(timestamped())
	c.Secrets, c.Now = secrets.FromFiles(path), func() time.Time { return now }
	g := mustNew(t, c)
	send := func(secret, id string) reason.Reason {
		body := `{"id":"` + id + `"}`
		run(g, post(body, "Acme-Signature", pairs(secret, now, body)), ok)
		return rec.last(t, g).Reason
	}
	require.Equal(t, reason.Accepted, send(testSecret, "1"))
	require.Equal(t, reason.Accepted, send(oldSecret, "2"))
	now = now.Add(-time.Second)
	require.Equal(t, reason.BadSignature, send(testSecret, "3"))
	now = now.Add(2 * time.Second)
	require.Equal(t, reason.BadSignature, send(oldSecret, "4"))
}

func TestFilesThatAreNoListAreRefusedByNameAlone(t *testing.T) {
	t.Parallel()
	const canary = "canary-0123456789"
	for _, row := range []struct{ name, text, says string }{
		{"empty", "", "is empty"},
		{"blank", " \n\t\n", "is empty"},
		{"remarks only", "# " + canary, "holds no secret"},
		{"a remark without a space", canary + "\n#" + canary, "line 2 begins with #"},
		{"a PEM block without an end", "\n-----BEGIN PUBLIC KEY-----\n" + canary, "begins in line 2 has no END line"},
		{"a byte order mark", "\ufeff" + canary, "byte order mark"},
		{"UTF-16", "c\x00a\x00n\x00", "zero byte"},
		{"an empty list", "[]", "holds no secret"},
		{"not JSON", `["` + canary, "not a list"},
		{"a list that is cut off", `["` + canary + `"`, "not a list"},
		{"something after the list", `["` + canary + `"] ` + canary, "something follows"},
		{"a second list", `["` + canary + `"]["x"]`, "something follows"},
		{"a number", `[17]`, "item 1: it is neither"},
		{"null", `["a", null]`, "item 2: it is neither"},
		{"a list in the list", `[["` + canary + `"]]`, "item 1: it is neither"},
		{"an unknown member", `[{"value":"x","` + canary + `":"x"}]`, "item 1: it has a member other"},
		{"a member in capitals", `[{"Value":"` + canary + `"}]`, "item 1: it has a member other"},
		{"no value", `[{"label":"` + canary + `"}]`, `"value" is missing`},
		{"a value that is no text", `[{"value":{"x":"` + canary + `"}}]`, `"value" is not a string`},
		{"a value twice", `[{"value":"x","value":"` + canary + `"}]`, `"value" comes twice`},
		{"a bad time", `[{"value":"x","not_after":"` + canary + `"}]`, `"not_after" is not a time`},
		{"a date", `[{"value":"x","not_after":"2026-12-01"}]`, `"not_after" is not a time`},
		{"a null time", `[{"value":"x","not_after":null}]`, `"not_after" is not a string`},
		{"not UTF-8", "[\"" + canary + "\xff\"]", "UTF-8"},
		{"too long", strings.Repeat(canary+"\n", 5000), "longer than any list"},
	} {
		path := filepath.Join(t.TempDir(), "hook")
		write(t, path, row.text)
		c, _ := config(timestamped())
		c.Secrets = secrets.FromFiles(path)
		_, err := core.New(c)
		require.ErrorContains(t, err, row.says, row.name)
		require.ErrorContains(t, err, path, row.name)
		require.NotContains(t, err.Error(), "canary", row.name)
	}
}

func TestFilesThatCannotBeReadAreRefusedAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, row := range []struct {
		paths []string
		says  string
	}{
		{nil, "names no file"},
		{[]string{filepath.Join(dir, "missing")}, "no such file"},
		{[]string{dir}, "not a regular file"},
		{[]string{pipe}, "not a regular file"},
	} {
		c, _ := config(timestamped())
		c.Secrets = secrets.FromFiles(row.paths...)
		_, err := core.New(c)
		require.ErrorContains(t, err, row.says)
	}
}

// reloading is a guard over a file, in a bubble of time.
type reloading struct {
	t    *testing.T
	path string
	log  *testlog.Log
	rec  *records
	g    *core.Guard
	n    int
}

func inTime(t *testing.T, path string, fn func(r *reloading)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if path == "" {
			path = filepath.Join(t.TempDir(), "hook")
			write(t, path, oldSecret)
		} else {
			settle(t, path)
		}
		log := &testlog.Log{}
		c, rec := config(timestamped())
		c.Secrets, c.Logger = secrets.FromFiles(path), log.Logger()
		r := &reloading{t: t, path: path, log: log, rec: rec}
		r.g = mustNew(t, c)
		fn(r)
	})
}

// accepts says whether a delivery under the secret is, and lets what it began in the background end.
func (r *reloading) accepts(secret string) bool {
	r.t.Helper()
	r.n++
	begun := time.Now()
	run(r.g, signedBy(secret, fmt.Sprintf(`{"id":"%d"}`, r.n)), ok)
	require.Less(r.t, time.Since(begun), time.Second, "no delivery waits for what is not still")
	accepted := r.rec.last(r.t, r.g).Reason == reason.Accepted
	synctest.Wait()
	return accepted
}

func TestAFileIsFollowed(t *testing.T) {
	t.Parallel()
	inTime(t, "", func(r *reloading) {
		require.True(t, r.accepts(oldSecret))
		write(t, r.path, testSecret+"\n"+oldSecret+"\n")
		time.Sleep(4 * time.Second)
		require.False(t, r.accepts(testSecret), "looked at again after five seconds, not before")
		time.Sleep(time.Second)
		require.False(t, r.accepts(testSecret), "this delivery begins the look, and does not wait for it")
		require.True(t, r.accepts(testSecret))
		require.True(t, r.accepts(oldSecret))
		write(t, r.path, testSecret+"\n")
		time.Sleep(time.Hour)
		require.False(t, r.accepts(oldSecret), "after a pause the first delivery waits for the look")
		require.True(t, r.accepts(testSecret))
		require.Equal(t, 2, strings.Count(r.log.String(), "a new list of secrets is in force"))
		require.NotContains(t, r.log.String(), testSecret)
	})
}

func TestAFileThatDoesNotChangeIsTheSameList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "hook")
		write(t, path, testSecret)
		src := secrets.FromFiles(path)
		first, err := src.Lookup(t.Context(), "")
		require.NoError(t, err)
		for range 5 {
			time.Sleep(time.Minute)
			write(t, path, testSecret+"\n")
			list, err := src.Lookup(t.Context(), "")
			require.NoError(t, err)
			require.Same(t, first, list, "so that nothing is compiled again")
		}
	})
}

// TestASymlinkIsSwappedAsKubernetesDoes follows the volume's layout: the file is a link into ..data, which is a link to
// a directory that is replaced by a rename.
func TestASymlinkIsSwappedAsKubernetesDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	version := func(n int, text string) {
		name := fmt.Sprintf("..version_%d", n)
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name, "secret"), []byte(text), 0o600))
		require.NoError(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	version(1, oldSecret)
	path := filepath.Join(dir, "secret")
	require.NoError(t, os.Symlink(filepath.Join("..data", "secret"), path))
	inTime(t, path, func(r *reloading) {
		require.True(t, r.accepts(oldSecret))
		version(2, testSecret) // its file is young, as far as this clock can tell
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "..version_1")))
		time.Sleep(6 * time.Second)
		r.accepts(testSecret)
		time.Sleep(1100 * time.Millisecond) // it was read twice, and was the same
		require.True(t, r.accepts(testSecret))
		require.False(t, r.accepts(oldSecret))
		require.NotContains(t, r.log.String(), "level=ERROR")
	})
}

func TestAFileThatIsBeingWrittenIsWaitedFor(t *testing.T) {
	t.Parallel()
	inTime(t, "", func(r *reloading) {
		require.True(t, r.accepts(oldSecret))
		time.Sleep(6 * time.Second) // the next delivery begins a look
		for n := range len(testSecret) + 1 {
			require.NoError(t, os.WriteFile(r.path, []byte(testSecret[:n]), 0o600))
			require.NoError(t, os.Chtimes(r.path, time.Now(), time.Now()))
			require.True(t, r.accepts(oldSecret), "half a list never takes effect")
			if n >= 16 && n < len(testSecret) {
				require.False(t, r.accepts(testSecret[:n]), "though it is long enough to be a secret")
			}
			time.Sleep(700 * time.Millisecond)
		}
		require.NotContains(t, r.log.String(), "level=ERROR", "what is being written is no mistake")
		r.accepts(testSecret)
		time.Sleep(3 * time.Second)
		require.True(t, r.accepts(testSecret))
		require.False(t, r.accepts(oldSecret))
	})
}

func TestAFileThatGoesBadLeavesTheLastGoodList(t *testing.T) {
	t.Parallel()
	const canary = "canary-0123456789"
	for _, row := range []struct {
		name string
		do   func(path string) error
		says string
	}{
		{"removed", os.Remove, "no such file"},
		{"emptied", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "is empty"},
		{"malformed", func(p string) error { return os.WriteFile(p, []byte(`["`+canary), 0o600) }, "not a list"},
		{"short", func(p string) error { return os.WriteFile(p, []byte("canary"), 0o600) }, "needs at least 16"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			inTime(t, "", func(r *reloading) {
				require.True(t, r.accepts(oldSecret))
				require.NoError(t, row.do(r.path))
				if row.name != "removed" {
					settle(t, r.path)
				}
				for range 60 {
					time.Sleep(6 * time.Second)
					require.True(t, r.accepts(oldSecret))
				}
				require.True(t, r.rec.last(t, r.g).SecretsStale)
				require.Equal(t, 1, strings.Count(r.log.String(), "level=ERROR"), r.log.String())
				require.Contains(t, r.log.String(), row.says)
				require.Contains(t, r.g.Health().SecretsProblem, row.says)
				require.NotContains(t, r.log.String(), "canary")
				require.NotContains(t, r.g.Health().SecretsProblem, "canary")
				write(t, r.path, testSecret)
				time.Sleep(time.Hour)
				require.True(t, r.accepts(testSecret))
				require.False(t, r.rec.last(t, r.g).SecretsStale)
				require.Empty(t, r.g.Health().SecretsProblem)
			})
		})
	}
}

func TestAFileIsReadByManyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hook")
	write(t, path, testSecret)
	src := secrets.FromFiles(path)
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 200 {
					list, err := src.Lookup(context.Background(), "")
					if err != nil || list.Len() != 1 {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
	})
}

func TestASourceOfFilesShowsItsPathsOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hook")
	write(t, path, testSecret)
	src := secrets.FromFiles(path)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		out := fmt.Sprintf(verb, src)
		require.Contains(t, out, path)
		require.NotContains(t, out, testSecret)
	}
}
