//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is kept is a secret, or leads to one: a file that others can read or change is not used, whichever command reads
// it.
func TestAKeptFileThatOthersCanUseIsRefused(t *testing.T) {
	t.Parallel()
	type kept struct{ file, folder string }
	open := func(mode os.FileMode) func(*testing.T, kept) {
		return func(t *testing.T, k kept) { require.NoError(t, os.Chmod(k.file, mode)) }
	}
	// elsewhere moves the file to a folder of its own, and leaves a link to it in a folder with these rights.
	elsewhere := func(mode os.FileMode) func(*testing.T, kept) {
		return func(t *testing.T, k kept) {
			moved := filepath.Join(t.TempDir(), "moved")
			require.NoError(t, os.Rename(k.file, moved))
			require.NoError(t, os.Symlink(moved, k.file))
			require.NoError(t, os.Chmod(k.folder, mode))
		}
	}
	const unread = "can be read or changed by others (mode 0"
	rows := []struct {
		says string
		make func(*testing.T, kept)
		want string // FILE and FOLDER stand for the paths
	}{
		{"all can read it", open(0o644), unread + "644): chmod 600 'FILE'"},
		{"its group can read it", open(0o640), unread + "640): chmod 600 'FILE'"},
		{"its group can write it", open(0o620), unread + "620): chmod 600 'FILE'"},
		{"all can write it", open(0o602), unread + "602): chmod 600 'FILE'"},
		{"all can run it", open(0o601), unread + "601): chmod 600 'FILE'"},
		{"a link in a folder that all can write", elsewhere(0o777),
			"is a symbolic link in FOLDER, where others can put another one (mode 0777): chmod go-w 'FOLDER'"},
		{"a link in a folder that all can write, as /tmp", elsewhere(0o777 | os.ModeSticky),
			"is a symbolic link in FOLDER, where others can put another one (mode 0777): chmod go-w 'FOLDER'"},
		{"a link in a folder that a group can write", elsewhere(0o770),
			"is a symbolic link in FOLDER, where others can put another one (mode 0770): chmod go-w 'FOLDER'"},
		{"a folder", func(t *testing.T, k kept) {
			require.NoError(t, os.Remove(k.file))
			require.NoError(t, os.Mkdir(k.file, 0o700))
		}, "is not a file: rm -r 'FILE'"},
		{"a pipe", func(t *testing.T, k kept) {
			require.NoError(t, os.Remove(k.file))
			require.NoError(t, syscall.Mkfifo(k.file, 0o600))
		}, "is not a file: rm -r 'FILE'"},
	}
	for _, file := range []struct {
		name     string
		commands [][]string
	}{
		{"stripe.json", [][]string{
			{"secret", "show", "--provider", "stripe"}, {"sign", "--provider", "stripe", "--body", "-"},
			{"send", "--provider", "stripe", "http://127.0.0.1:1/"},
			{"check", "--provider", "stripe", "http://127.0.0.1:1/"},
			{"listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"},
			{"doctor", "--provider", "stripe", "-"},
		}},
		{"stripe.url", [][]string{{"send", "--provider", "stripe"}}},
		{"page-4401.json", [][]string{
			{"events"}, {"show", "00ff"}, {"dismiss", "00ff"}, {"redrive"}, {"redrive", "00ff"}, {"rotation"},
		}},
	} {
		for _, row := range rows {
			t.Run(file.name+": "+row.says, func(t *testing.T) {
				t.Parallel()
				cmd := newCommand(t)
				cmd.good("secret", "new", "--provider", "stripe", "--keep")
				folder := filepath.Join(cmd.env["XDG_STATE_HOME"], "sallyport")
				k := kept{filepath.Join(folder, file.name), folder}
				text := map[string]string{"stripe.url": "http://127.0.0.1:1/\n",
					"page-4401.json": `{"host":"127.0.0.1:1","cookie":"a=b"}`}[file.name]
				if text != "" {
					require.NoError(t, os.WriteFile(k.file, []byte(text), 0o600))
				}
				secret := strings.TrimSpace(cmd.good("secret", "show", "--provider", "stripe"))
				row.make(t, k)
				want := strings.NewReplacer("FILE", k.file, "FOLDER", k.folder).Replace(row.want)
				for _, args := range file.commands {
					cmd.in = request
					status, out, problem := cmd.run(args...)
					require.Equal(t, usage, status, "%v: %s%s", args, out, problem)
					require.Contains(t, problem, k.file, args)
					require.Contains(t, problem, want, args)
					require.NotContains(t, out+problem, secret)
				}
				require.NoError(t, os.Chmod(k.folder, 0o700), "to remove it")
			})
		}
	}
}

// The command in the error is the one that helps.
func TestTheCommandInTheErrorHelps(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["XDG_STATE_HOME"] = filepath.Join(t.TempDir(), "it's $HOME")
	cmd.good("secret", "new", "--provider", "stripe", "--keep")
	file := filepath.Join(cmd.env["XDG_STATE_HOME"], "sallyport", "stripe.json")
	require.NoError(t, os.Chmod(file, 0o644))
	_, _, problem := cmd.run("secret", "show", "--provider", "stripe")
	_, fix, found := strings.Cut(strings.TrimSpace(problem), "): ")
	require.True(t, found, problem)
	fix, _, _ = strings.Cut(fix, "; ")
	require.NoError(t, exec.CommandContext(t.Context(), "sh", "-c", fix).Run())
	require.NotEmpty(t, cmd.good("secret", "show", "--provider", "stripe"))
}

// A folder of one's own may be a link, as people who keep such files elsewhere have it.
func TestALinkInAFolderOfOnesOwnIsFollowed(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.good("secret", "new", "--provider", "stripe", "--keep")
	secret := cmd.good("secret", "show", "--provider", "stripe")
	home := t.TempDir()
	require.NoError(t, os.Symlink(cmd.env["XDG_STATE_HOME"], filepath.Join(home, "absolute")))
	require.NoError(t, os.Mkdir(filepath.Join(home, "down"), 0o700))
	require.NoError(t, os.Symlink("../absolute", filepath.Join(home, "down", "relative")))
	for _, path := range []string{"absolute", "down/relative"} {
		cmd.env["XDG_STATE_HOME"] = filepath.Join(home, path)
		require.Equal(t, secret, cmd.good("secret", "show", "--provider", "stripe"))
	}
	require.NoError(t, os.Chmod(filepath.Join(home, "down"), 0o777))
	_, _, problem := cmd.run("secret", "show", "--provider", "stripe")
	require.Contains(t, problem, "relative is a symbolic link in "+filepath.Join(home, "down")+", where others can")
	require.NoError(t, os.Symlink("circle", filepath.Join(home, "circle")))
	cmd.env["XDG_STATE_HOME"] = filepath.Join(home, "circle")
	_, _, problem = cmd.run("secret", "show", "--provider", "stripe")
	require.Contains(t, problem, "too many symbolic links")
}

// Another user's file may hold what that user chose.
func TestAFileOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	file := written(t, "kept.json", "{}")
	require.NoError(t, os.Chmod(file, 0o600))
	_, err := readOwned(file, os.Geteuid())
	require.NoError(t, err)
	_, err = readOwned(file, os.Geteuid()+1)
	require.ErrorContains(t, err, file+" belongs to another user (")
	require.ErrorContains(t, err, "rm '"+file+"'")

	// So it is with a link in another user's folder, whatever its rights.
	folder := t.TempDir()
	require.NoError(t, os.Symlink(file, filepath.Join(folder, "link")))
	_, err = readOwned(filepath.Join(folder, "link"), os.Geteuid())
	require.NoError(t, err)
	_, err = readOwned(filepath.Join(folder, "link"), os.Geteuid()+1)
	if os.Geteuid() != 0 { // root may do everything in any folder
		require.ErrorContains(t, err, "is a symbolic link in "+folder)
	}
	require.Error(t, err)
}
