// Package adaptertest holds one table of behaviour that every adapter has to show, over real connections. It has tests
// only.
package adaptertest
