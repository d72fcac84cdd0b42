package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
)

// mostPrivate is the most that is read of a file of writePrivate.
const mostPrivate = 1 << 20

// refusedFileError is the error of a file that is not the user's alone.
type refusedFileError struct{ says string }

// Error says what was seen, and the command that fixes it.
func (e *refusedFileError) Error() string { return e.says }

// writePrivate writes a file that only the user can read.
func writePrivate(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	// A name of its own first: whoever reads meanwhile gets a whole file, and an older one's mode does not stay.
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// removeOwn removes a file of writePrivate that leads nowhere any more, unless a newer program has written its own.
func removeOwn(file string, text []byte) {
	if is, err := os.ReadFile(file); err == nil && bytes.Equal(is, text) {
		_ = os.Remove(file)
	}
}
