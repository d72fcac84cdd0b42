// Package guardtests proves what a guard answers while its store, a real one, will not do.
package guardtests
