//go:build race

package provider_test

// raced says that the race detector is at work, under which everything takes five times as long.
const raced = true
