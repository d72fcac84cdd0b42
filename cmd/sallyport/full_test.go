//go:build full

package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAForgottenEventRunsAgain(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	cmd.env["STRIPE_SECRET"] = "whsec_made-up-for-tests-0123456789"
	config := written(t, "receiver.yaml", `
listen: 127.0.0.1:0
endpoints:
  - path: /hooks
    provider: stripe
    secrets: [whsec_made-up-for-tests-0123456789]
    dangerously_allow_http: true
    replay: {store: sqlite, namespace: receiver, url: "`+filepath.Join(t.TempDir(), "replay.db")+`"}
`)
	out := cmd.background("serve", "--config", config)
	text := out.waits(t, `{"listening":"`)
	_, address, _ := strings.Cut(text, `{"listening":"`)
	address, _, _ = strings.Cut(address, `"`)
	send := func() {
		cmd.in = `{"id":"evt_1","type":"invoice.paid"}`
		cmd.good("send", "--provider", "stripe", "--secret-env", "STRIPE_SECRET", "--body", "-", "http://"+address+"/hooks")
	}
	send()
	out.waits(t, `"attempt":"ok"`)
	send()
	out.waits(t, `"reason":"duplicate"`)
	require.Equal(t, "forgotten by /hooks: evt_1\n", cmd.good("forget", "--config", config, "evt_1"))
	send()
	require.Equal(t, 2, strings.Count(out.waits(t, ""), `"attempt":"ok"`))

	var line map[string]map[string]string
	require.NoError(t, json.Unmarshal([]byte(cmd.good("forget", "--config", config, "-o", "json", "evt_1")), &line))
	require.Equal(t, map[string]map[string]string{"forgotten": {"endpoint": "/hooks", "id": "evt_1"}}, line)
}
