package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/internal/wire"
)

func TestNoFormOfAnAddressOfCredentialsIsAllowed(t *testing.T) {
	t.Parallel()
	for says, address := range map[string]string{
		"as it is": "169.254.169.254:80", "mapped": "[::ffff:169.254.169.254]:80", "link-local": "[fe80::1]:80",
		"with a zone": "[fe80::a9fe:a9fe%eth0]:80", "by NAT64": "[64:ff9b::a9fe:a9fe]:80",
		"Alibaba's by NAT64": "[64:ff9b::6464:64c8]:80", "Azure's by NAT64": "[64:ff9b::a83f:8110]:80",
		"by a NAT64 of one's own": "[64:ff9b:1::a9fe:a9fe]:80", "by 6to4": "[2002:a9fe:a9fe::1]:80",
		"by a NAT64 of one's own, of 48 bits": "[64:ff9b:1:a9fe:a9:fe00::]:80",
		"by a NAT64 of one's own, of 56 bits": "[64:ff9b:1:a9:fe:a9fe::]:80",
		"by a NAT64 of one's own, of 64 bits": "[64:ff9b:1:0:a9:fea9:fe00:0]:80",
		"translated":                          "[::ffff:0:169.254.169.254]:80",
		"by Teredo":                           "[2001:0:c000:201::5601:5601]:80",
		"by ISATAP":                           "[2001:db8::5efe:a9fe:a9fe]:80",
		"by ISATAP, of a global address":      "[2001:db8::200:5efe:a9fe:a9fe]:80",
		"compatible":                          "[::169.254.169.254]:80", "AWS over IPv6": "[fd00:ec2::254]:80",
	} {
		require.Error(t, wire.Allowed(address, true), says)
	}
	for _, address := range []string{"127.0.0.1:1", "[::1]:1", "192.0.2.1:1", "[2001:db8::a9fe:a9fe]:1",
		"[2001::a9fe:a9fe]:1", "[64:ff9b:1:c000:2:100::]:1"} {
		require.NoError(t, wire.Allowed(address, true), address)
	}
	require.Error(t, wire.Allowed("[64:ff9b::7f00:1]:1", false), "a translator's loopback is not that of this machine")
}

// A page that answers with what a sender, or somebody between, made up.
func TestWhatOthersWroteChangesNoTerminal(t *testing.T) {
	t.Parallel()
	hostile := "a\x1b]0;x\x07\u009b2J\u202eb\nforged  done\r\x7f"
	row := map[string]any{
		"id": hostile, "endpoint": hostile, "type": hostile, "state": hostile, "reason": hostile, "error": hostile,
		"event": hostile, "tenant": hostile, "revision": 1, "result": hostile, "label": hostile, "setting": hostile,
	}
	row["secrets"] = []any{map[string]any{"label": hostile, "setting": hostile, "state": hostile}}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]any{"rows": []any{row}, "results": []any{row}, "endpoints": []any{row}}
		for name, v := range row {
			answer[name] = v
		}
		if strings.HasSuffix(r.URL.Path, "/none") {
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(page.Close)
	cmd := newCommand(t)
	cmd.env["SALLYPORT_PAGE"], cmd.env["SALLYPORT_LOGIN"] = page.URL, "ops:password"
	for _, args := range [][]string{
		{"events"}, {"show", "x"}, {"show", "none"}, {"redrive", "x"}, {"redrive"}, {"rotation"}, {"dismiss", "x"},
		{hostile}, {"send", "--provider", hostile}, {"send", "--provider", "stripe", "--" + hostile},
		{"events", "--output", "json"}, {"show", "x", "--output", "json"}, {"rotation", "--output", "json"},
		{"redrive", "--output", "json"}, {"dismiss", "x", "--output", "json"},
	} {
		_, out, err := cmd.run(args...)
		require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f-\u009f\u202a-\u202e\u2066-\u2069]", out+err, "%q", args)
		require.NotRegexp(t, regexp.MustCompile(`(?m)^forged`), out+err, "%q", args)
		if strings.Contains(strings.Join(args, " "), "json") {
			var v any
			require.NoError(t, json.Unmarshal([]byte(out), &v), "%q", args)
			require.Contains(t, out, `\u009b2J\u202eb`)
		}
	}
}

func TestATypeMakesNoLineOfItsOwnAtListen(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	out := cmd.background("listen", "--provider", "stripe", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0")
	out.waits(t, "Page ")
	cmd.in = `{"id":"evt_own\nforged","type":"mine\n12:00:00  200 accepted  invoice.paid evt_2"}`
	cmd.good("send", "--provider", "stripe", "--body", "-")
	require.NotRegexp(t, regexp.MustCompile(`(?m)^(12:00:00|forged)`), out.waits(t, "mine"))
}

// A shell and a curl of the test's own take the command apart again.
func TestTheCurlCommandSendsTheVeryBody(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell on this machine")
	}
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "curl"), []byte("#!"+shell+"\n"+
		`while [ $# -gt 1 ]; do shift; done; case "$1" in @-) cat;; *) printf %s "$1";; esac`+"\n"), 0o700))
	for says, body := range map[string]string{
		"plain":        `{"id":"it's $HOME %s \\n"}`,
		"line ends":    "{\r\n\t\"id\": 1}\r\n",
		"not UTF-8":    "\xff\x00\x80'%d\\101 \u202e",
		"like an file": "@/etc/passwd",
		"like options": "--boundary\r\n-n\r\n", // as a form with files begins
		"like a flag":  "-n",
		// Linux passes no argument of 128 KiB or more to a program.
		"long": `{"text":"` + strings.Repeat(`it's 100% \\ `, 20_000) + `"}`,
	} {
		cmd := newCommand(t)
		cmd.in = body
		cmd.good("secret", "new", "--provider", "github", "--keep")
		line := cmd.good("sign", "--provider", "github", "--curl", "--body", "-", "http://127.0.0.1:1/a?[1-9]")
		require.Contains(t, line, "curl --globoff", "brackets in a URL are a list of requests")
		run := exec.CommandContext(t.Context(), shell, written(t, "send.sh", line))
		run.Env = []string{"PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=/nobody"}
		got, err := run.Output()
		require.NoError(t, err, says)
		require.Equal(t, body, string(got), says)
	}
}

func TestASecretIsNotKeptInTheFolderWhereTheCommandRuns(t *testing.T) {
	t.Parallel()
	cmd := newCommand(t)
	home := t.TempDir()
	cmd.env["XDG_STATE_HOME"], cmd.env["HOME"] = "state", home
	cmd.good("secret", "new", "--provider", "github", "--keep")
	require.FileExists(t, filepath.Join(home, ".local", "state", "sallyport", "github.json"))
	require.NoDirExists(t, "state")
}
