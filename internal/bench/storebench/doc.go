// Package storebench measures the replay stores beside what people use for the same: each ratio comes from one run, in
// rounds that take turns. It is a module of its own, so that nobody who uses sallyport downloads its peers.
package storebench
