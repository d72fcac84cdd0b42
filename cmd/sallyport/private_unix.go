//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sallyport-go/sallyport/internal/plain"
)

// readPrivate reads a file of writePrivate. It fails closed: a file that others can read has no secret any more, and
// one that they can change, or have put there, holds what they chose.
func readPrivate(file string) ([]byte, error) { return readOwned(file, os.Geteuid()) }

// refuse returns a [*refusedFileError].
func refuse(format string, args ...any) error { return &refusedFileError{fmt.Sprintf(format, args...)} }

// readOwned is readPrivate for a user.
func readOwned(file string, user int) ([]byte, error) {
	resolved, err := resolve(file, user)
	if err != nil {
		return nil, err
	}
	// No link may have taken the file's place since. A pipe is not waited for.
	f, err := os.OpenFile(resolved, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat() // of what is open, whatever stands at the path by now
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, refuse("%s is not a file: rm -r %s", file, plain.Quoted(file))
	case owner(info) != user:
		return nil, refuse("%s belongs to another user (%d, and this is %d), who chose what it holds: rm %s", file,
			owner(info), user, plain.Quoted(file))
	case info.Mode().Perm()&0o077 != 0:
		return nil, refuse("%s can be read or changed by others (mode 0%o): chmod 600 %s; or remove it for a new "+
			"one, if somebody may have done so", file, info.Mode().Perm(), plain.Quoted(file))
	}
	return io.ReadAll(io.LimitReader(f, mostPrivate))
}

// owner returns the user that a file belongs to. It fails closed: -1 is nobody.
func owner(info os.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// mostLinks is how many symbolic links a path may have, as Linux has it.
const mostLinks = 40

// resolve returns a path without symbolic links. It fails closed: a link in a folder where another user can put another
// one leads wherever that user wants.
func resolve(path string, user int) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	at, links := "/", 0
	for rest := strings.Split(path, "/"); len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > mostLinks {
			return "", refuse("%s has too many symbolic links", path)
		}
		target, err := readLink(at, next, user)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
}

// readLink reads a link in a folder where nobody but the user, and root, can put another one.
func readLink(folder, link string, user int) (string, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return "", err
	}
	if by := owner(info); by != user && by != 0 {
		return "", refuse("%s is a symbolic link in %s, which belongs to another user (%d): use a folder of your own",
			link, folder, by)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return "", refuse("%s is a symbolic link in %s, where others can put another one (mode 0%o): chmod go-w %s",
			link, folder, mode, plain.Quoted(folder))
	}
	return os.Readlink(link)
}
