package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// fileEvery is the age at which files are read again in the background. Only a delivery starts a read.
	fileEvery = 5 * time.Second
	// filePause is the age at which a delivery waits for the read that it starts.
	filePause = time.Minute
	// filePatience is how long a delivery waits for a read. After that the last good list serves.
	filePatience = 250 * time.Millisecond
	// maxSecretFile is far more than any list needs, in bytes. A longer file is most likely the wrong file.
	maxSecretFile = 64 << 10
	// youngFile is the age below which a file may still be written to: half of a secret looks like a secret.
	youngFile = 2 * time.Second
)

// fileSecrets is the source that FromFiles returns. Its paths do not change after that.
type fileSecrets struct {
	paths []string
	renewal
}

// FromFiles reads secrets from files and follows their changes. It suits files that Kubernetes and Docker mount, and
// files that editors and renames replace.
//
// The files are read now. While deliveries come they are read again in the background, at most every five seconds.
// After a minute without a delivery the next one waits for the read, a quarter of a second at most. A file that changed
// within the last two seconds is read until two reads agree.
//
// A file that cannot be read, is empty or is malformed leaves the last good list in force. The guards that use the list
// report the fault. At start, where there is no list yet, core.New refuses such a file.
//
// A file holds one secret a line. Empty lines and lines that begin with "# " are skipped. A PEM block is one secret. Or
// the file holds a list in JSON, of strings or of objects:
//
//	[{"value": "whsec_...", "label": "2026-11",
//	  "not_before": "2026-11-01T00:00:00Z", "not_after": "2026-12-01T00:00:00Z"}]
//
// A secret without a label is labelled with the file's name; the second one in a file is "name#2". A file holds at most
// 64 KiB.
func FromFiles(paths ...string) Source {
	s := &fileSecrets{paths: slices.Clone(paths)}
	s.renewal.look, s.soft, s.hard, s.patience = s.readAll, fileEvery, filePause, filePatience
	secrets, _, err := s.readAll(context.Background())
	s.settle(secrets, err)
	return s
}

// Lookup returns the list from memory. It ignores the tenant: the files hold the secrets of every tenant.
func (s *fileSecrets) Lookup(ctx context.Context, _ string) (*List, error) { return s.get(ctx) }

func (*fileSecrets) sameForAll() {}

// Format prints only the paths, whatever the verb: %#v would otherwise walk into the secrets.
func (s *fileSecrets) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "secrets.FromFiles(%q)", s.paths)
}

// readAll reads every file. moving reports whether one of them may still be written to. One bad file fails the whole
// read, which fails closed: a list without the secrets of that file would refuse genuine deliveries without a word.
func (s *fileSecrets) readAll(context.Context) (all []Secret, moving bool, err error) {
	if len(s.paths) == 0 {
		return nil, false, errors.New("FromFiles names no file")
	}
	for _, path := range s.paths {
		data, changed, err := readSecretFile(path)
		// A time in the future is young too: a file system with another clock costs reads, never half a secret.
		young := time.Since(changed) < youngFile
		moving = moving || young
		if err != nil {
			return nil, moving, err
		}
		secrets, err := parseSecretFile(path, s.nameOf(path), data)
		clear(data) // the secrets are copies; the less memory holds them, the better
		if err != nil {
			return nil, moving, err
		}
		all = append(all, secrets...)
	}
	return all, moving, nil
}

// nameOf returns the file's name for labels, or the whole path where two files have the same name.
func (s *fileSecrets) nameOf(path string) string {
	name := filepath.Base(path)
	for _, other := range s.paths {
		if other != path && filepath.Base(other) == name {
			return path
		}
	}
	return name
}

// readSecretFile reads one file, and returns the time of its last change as it was after the read. Errors name the path
// and never quote the content. An error that comes with a zero time makes the caller treat the file as old.
func readSecretFile(path string) (data []byte, changed time.Time, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err // it names the path
	}
	// Opening a named pipe would block until somebody writes to it.
	if !info.Mode().IsRegular() {
		return nil, time.Time{}, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer func() { _ = f.Close() }()
	data, err = io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil {
		info, err = f.Stat() // after the read, of the open file: path may name another one by now
	}
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case len(data) > maxSecretFile:
		return nil, info.ModTime(), fmt.Errorf("the file %s is longer than any list of secrets", path)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, info.ModTime(), fmt.Errorf("the file %s is empty", path)
	}
	return data, info.ModTime(), nil
}
