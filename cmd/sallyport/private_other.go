//go:build !unix

package main

import (
	"io"
	"os"
)

// readPrivate reads a file of writePrivate. Nothing is checked: on Windows a file has the rights of its folder, and one
// in the user's profile is open to the user, the administrators and the system.
func readPrivate(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, mostPrivate))
}
