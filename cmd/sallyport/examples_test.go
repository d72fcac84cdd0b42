package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheExampleOfEachRouterPassesTheCheck builds the programs of examples/, each with a free port in place of its own.
func TestTheExampleOfEachRouterPassesTheCheck(t *testing.T) {
	t.Parallel()
	const secret = "whsec_0123456789abcdef0123456789abcdef"
	adapters, err := filepath.Glob("../../*webhook")
	require.NoError(t, err)
	require.NotEmpty(t, adapters)
	for _, adapter := range adapters {
		router := strings.TrimSuffix(filepath.Base(adapter), "webhook")
		t.Run(router, func(t *testing.T) {
			t.Parallel()
			address := start(t, router, secret)
			cmd := newCommand(t)
			cmd.env["STRIPE_SECRET"] = secret
			out := cmd.good("check", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--slow", "30s",
				"http://"+address+"/webhooks/stripe")
			require.Contains(t, out, "16 checks, 0 wrong")
		})
	}
}

// start builds and starts the example of a router, and returns the address at which it listens.
func start(t *testing.T, router, secret string) string {
	t.Helper()
	examples, err := filepath.Abs("../../examples")
	require.NoError(t, err)
	source := filepath.Join(examples, router, "main.go")
	text, err := os.ReadFile(source)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(text, []byte(`":8080"`)))

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	changed := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(changed, bytes.Replace(text, []byte(`":8080"`), []byte(`"`+address+`"`), 1), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: changed}})
	require.NoError(t, err)
	described, program := filepath.Join(t.TempDir(), "overlay.json"), filepath.Join(t.TempDir(), router)
	require.NoError(t, os.WriteFile(described, overlay, 0o600))
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-overlay", described, "-o", program,
		"./"+router)
	build.Dir = examples
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	run := exec.CommandContext(ctx, program)
	run.Env = append(os.Environ(), "STRIPE_SECRET="+secret)
	require.NoError(t, run.Start())
	t.Cleanup(func() {
		cancel()
		_ = run.Wait() // it was killed
	})
	asking := client(false)
	require.Eventually(t, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/", http.NoBody)
		if err != nil {
			return false
		}
		w, err := asking.Do(r)
		if err != nil {
			return false
		}
		return w.Body.Close() == nil
	}, 20*time.Second, 20*time.Millisecond)
	return address
}
