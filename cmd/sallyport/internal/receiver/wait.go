package receiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/secrets"
)

// lookEvery is how often a file is looked for that an operator has yet to write.
const lookEvery = time.Second

// secretFile is the file that holds the secrets, or will.
func (e *endpointConfig) secretFile() string {
	if e.sinkFile != "" {
		return e.sinkFile
	}
	return e.secretsFile
}

// awaits says that the endpoint has no secret yet. A file that is there, whatever it holds, ends the wait: what is
// wrong with it has to be reported, and must not let an unverified sender hand over another secret.
func (e *endpointConfig) awaits() bool {
	switch {
	case e.sinkFile == "" && !e.await:
		return false
	case e.secretFile() == "":
		return true
	}
	return missing(e.secretFile())
}

func missing(file string) bool {
	_, err := os.Lstat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// wait is an endpoint's wait for its secret.
type wait struct {
	endpoint string
	file     string                      // that will hold it; empty: the configuration will, at the next start
	sink     bool                        // the file is ours to write
	guard    func() (*core.Guard, error) // with the secret
	logger   *slog.Logger

	mu     sync.Mutex
	ready  func(*core.Guard) // takes the guard with the secret; nil: nobody serves, or it has
	logged string            // the last error that was logged
}

// newWait makes an endpoint's configuration one that waits.
func newWait(e *endpointConfig, conf *core.Config, logger *slog.Logger) *wait {
	w := &wait{endpoint: e.path, file: e.secretFile(), sink: e.sinkFile != "", logger: logger}
	with := *conf
	w.guard = func() (*core.Guard, error) {
		with.Secrets = secrets.FromFiles(w.file)
		return core.New(with)
	}
	conf.Setup.AwaitingSecret = true
	if w.sink {
		conf.Setup.SecretSink = w.take
	}
	return w
}

// serve begins the wait: until then no secret is taken, so that the check of a saved delivery writes nothing.
func (w *wait) serve(ready func(*core.Guard)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = ready
}

// take is the guard's sink.
func (w *wait) take(_ context.Context, s secrets.Secret) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready == nil {
		return errors.New("a secret is taken by a receiver that serves, and this one does not")
	}
	if err := keep(w.file, s.DangerouslyReveal()); err != nil {
		return err
	}
	w.logger.Warn("a secret was handed over and is in force: whoever knew the URL could have been first; compare it "+
		"with what the provider shows, "+
		"and to start again end the receiver and remove the file", "endpoint", w.endpoint, "file", w.file)
	w.look()
	return nil
}

// watch looks for the file, which an operator may write as well, until it is there or ctx ends.
func (w *wait) watch(ctx context.Context) {
	if w.file == "" {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.mu.Lock()
		w.look()
		over := w.ready == nil
		w.mu.Unlock()
		if over {
			return
		}
	}
}

// look puts the guard with the secret in force if the file is there. A file that is not valid is reported, once, and
// looked at again.
func (w *wait) look() {
	if w.ready == nil || missing(w.file) {
		return
	}
	guard, err := w.guard()
	if err != nil {
		if text := err.Error(); text != w.logged {
			w.logged = text
			w.logger.Error("the secret that was awaited does not hold up", "endpoint", w.endpoint, "file", w.file,
				"error", err)
		}
		return
	}
	w.ready(guard)
	w.ready = nil
	w.logger.Info("the secret is there", "endpoint", w.endpoint, "file", w.file)
}

// tryOut makes sure that a secret could be written down: the provider hands it over once.
func (w *wait) tryOut() error {
	if w == nil || !w.sink {
		return nil
	}
	trial, err := os.CreateTemp(filepath.Dir(w.file), ".secret-trial-*")
	if err != nil {
		return fmt.Errorf("secret_sink_file of %s: %w", w.endpoint, err)
	}
	defer func() { _ = os.Remove(trial.Name()) }()
	second := trial.Name() + "-2"
	if err = errors.Join(trial.Close(), keep(second, "nothing")); err == nil {
		err = os.Remove(second)
	}
	if err != nil {
		return fmt.Errorf("secret_sink_file of %s: %w", w.endpoint, err)
	}
	return nil
}

// keep writes a secret into a file that was not there. The file comes whole, and readable by its owner alone.
func keep(file, secret string) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".secret-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.WriteString(secret + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link replaces nothing: what another process wrote in the meantime is in use.
	if err := os.Link(temp.Name(), file); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(file)); err == nil {
		_ = dir.Sync() // not every system can; the file itself is written
		_ = dir.Close()
	}
	return nil
}
