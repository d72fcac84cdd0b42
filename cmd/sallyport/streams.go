package main

import (
	"context"
	"io"
	"sync"
)

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// input is standard input, which an interrupt ends.
type input struct {
	ctx context.Context
	r   io.Reader
}

// Read implements [io.Reader].
func (i *input) Read(p []byte) (int, error) {
	type read struct {
		n   int
		err error
	}
	// Of its own: the read goes on after an interrupt, until the program ends.
	b := make([]byte, min(len(p), 64<<10))
	done := make(chan read, 1)
	go func() {
		n, err := i.r.Read(b)
		done <- read{n, err}
	}()
	select {
	case got := <-done:
		return copy(p, b[:got.n]), got.err
	case <-i.ctx.Done():
		return 0, context.Cause(i.ctx)
	}
}

// output is standard output, and remembers that something could not be written to it.
type output struct {
	w  io.Writer
	mu sync.Mutex
	// err is of the first write that failed.
	err error
}

// Write implements [io.Writer].
func (o *output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
