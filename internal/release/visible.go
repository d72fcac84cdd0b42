package main

import (
	"io/fs"
	"strings"
)

// visible is a file system without names that begin with a dot: .git, tools, and what editors leave.
type visible struct{ fs.FS }

// ReadDir implements [fs.ReadDirFS].
func (v visible) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(v.FS, name)
	var list []fs.DirEntry
	for _, entry := range all {
		if !strings.HasPrefix(entry.Name(), ".") {
			list = append(list, entry)
		}
	}
	return list, err
}
