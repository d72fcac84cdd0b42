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
	// fileEvery is how often files are looked at, while deliveries come.
	fileEvery = 5 * time.Second
	// filePause is after how long without a look the next delivery waits for one.
	filePause = time.Minute
	// filePatience is for how long.
	filePatience = 250 * time.Millisecond
	// maxSecretFile is far more than any list takes: what is longer is another file.
	maxSecretFile = 64 << 10
	// youngFile is how recently a file was written that somebody may still be writing to.
	youngFile = 2 * time.Second
)

type fileSecrets struct {
	paths []string
	renewal
}

// FromFiles reads secrets from files and follows them, as Kubernetes and Docker mount them and as editors and renames
// replace them. They are read now, and looked at again at most every five seconds while deliveries come; only after a
// minute without a delivery does the next one wait for that, a quarter of a second at most. What is being written is
// waited for. A file that cannot be read, is empty or malformed leaves the last good list in force, and the guards that
// use it say so; at start core.New refuses it.
//
// A file holds one secret a line; empty lines, and lines that begin with "# ", are left out, and a block in PEM is one
// secret. Or it holds a list in JSON, of texts or of objects:
//
//	[{"value": "whsec_...", "label": "2026-11", "not_before": "2026-11-01T00:00:00Z", "not_after": "2026-12-01T00:00:00Z"}]
//
// Without a label a secret has the file's name; the second one in a file is "name#2". A file holds at most 64 KiB.
func FromFiles(paths ...string) Source {
	s := &fileSecrets{paths: slices.Clone(paths)}
	s.renewal.look, s.soft, s.hard, s.patience = s.readAll, fileEvery, filePause, filePatience
	secrets, _, err := s.readAll(context.Background())
	s.settle(secrets, err)
	return s
}

// Lookup answers from memory.
func (s *fileSecrets) Lookup(ctx context.Context, _ string) (*List, error) { return s.get(ctx) }

func (*fileSecrets) sameForAll() {}

// Format shows the paths only, whatever the verb.
func (s *fileSecrets) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "secrets.FromFiles(%q)", s.paths)
}

// readAll reads every file, and says whether one of them may still be being written to.
func (s *fileSecrets) readAll(context.Context) (all []Secret, moving bool, err error) {
	if len(s.paths) == 0 {
		return nil, false, errors.New("FromFiles names no file")
	}
	for _, path := range s.paths {
		data, changed, err := readSecretFile(path)
		young := time.Since(changed) < youngFile // one from the future is young
		moving = moving || young
		if err != nil {
			return nil, moving, err
		}
		secrets, err := parseSecretFile(path, s.nameOf(path), data)
		clear(data)
		if err != nil {
			return nil, moving, err
		}
		all = append(all, secrets...)
	}
	return all, moving, nil
}

// nameOf is the file's name, or its whole path where two files have the same name.
func (s *fileSecrets) nameOf(path string) string {
	name := filepath.Base(path)
	for _, other := range s.paths {
		if other != path && filepath.Base(other) == name {
			return path
		}
	}
	return name
}

func readSecretFile(path string) (data []byte, changed time.Time, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err // it names the path
	}
	if !info.Mode().IsRegular() {
		return nil, time.Time{}, fmt.Errorf("%s is no regular file", path) // opening a pipe would wait for its writer
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer func() { _ = f.Close() }()
	data, err = io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil {
		info, err = f.Stat() // of what was read, after it was read
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
