package keccak_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/adapter"
	"github.com/sallyport-go/sallyport/core/provider/keccak"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/core/secrets"
)

const secret = "a-secret-of-this-test-and-nothing-else"

// keccak256 is the hash once more, written down from the definition of the permutation (FIPS 202, section 3) with the
// padding that Keccak had before it became SHA-3.
func keccak256(message string) string {
	const rate = 136
	padded := append([]byte(message), 0x01)
	for len(padded)%rate != 0 {
		padded = append(padded, 0)
	}
	padded[len(padded)-1] |= 0x80
	var a [5][5]uint64 // a[x][y]
	for block := 0; block < len(padded); block += rate {
		for i := range rate / 8 {
			a[i%5][i/5] ^= binary.LittleEndian.Uint64(padded[block+8*i:])
		}
		lfsr := byte(1)
		for range 24 {
			var c [5]uint64
			for x := range 5 {
				c[x] = a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4]
			}
			for x := range 5 {
				for y := range 5 {
					a[x][y] ^= c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
				}
			}
			x, y, current := 1, 0, a[1][0]
			for t := range 24 {
				x, y = y, (2*x+3*y)%5
				current, a[x][y] = a[x][y], bits.RotateLeft64(current, (t+1)*(t+2)/2)
			}
			for y := range 5 {
				row := [5]uint64{a[0][y], a[1][y], a[2][y], a[3][y], a[4][y]}
				for x := range 5 {
					a[x][y] = row[x] ^ (^row[(x+1)%5] & row[(x+2)%5])
				}
			}
			for j := range 7 {
				if lfsr&1 != 0 {
					a[0][0] ^= 1 << (1<<j - 1)
				}
				lfsr = lfsr<<1 ^ lfsr>>7*0x71
			}
		}
	}
	out := make([]byte, 0, 32)
	for i := range 4 {
		out = binary.LittleEndian.AppendUint64(out, a[i][0])
	}
	return hex.EncodeToString(out)
}

// TestMoralisLibraryAgrees checks what Moralis's library for JavaScript was asked about.
func TestMoralisLibraryAgrees(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors/moralis.json")
	require.NoError(t, err)
	var vectors []struct {
		ID, Secret, Expect string
		Headers            map[string]string
		Body               []byte `json:"body_b64"`
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.Len(t, vectors, 3)
	for _, v := range vectors {
		g, err := core.New(core.Config{
			Endpoint: "moralis", Provider: keccak.Moralis(), Secrets: secrets.Static(v.Secret),
			Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", bytes.NewReader(v.Body))
		for name, value := range v.Headers {
			r.Header.Set(name, value)
		}
		_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		require.Equal(t, v.Expect == "valid", reply == nil, v.ID)
	}
}

func TestMoralis(t *testing.T) {
	t.Parallel()
	// The hash of nothing, as every description of Ethereum has it.
	require.Equal(t, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", keccak256(""))
	g, err := core.New(core.Config{
		Endpoint: "moralis", Provider: keccak.Moralis(), Secrets: secrets.Static("another-secret-of-this-test", secret),
		Replay: core.DangerouslyNoReplay, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	body := `{"confirmed":true,"tag":"transfers","streamId":"s"}`
	good := "0x" + keccak256(body+secret)
	check := func(value, body string) reason.Reason {
		r := httptest.NewRequest(http.MethodPost, "https://example.com/hooks", strings.NewReader(body))
		r.Header.Set("X-Signature", value)
		_, reply := g.Receive(httptest.NewRecorder(), r, adapter.Inbound{})
		if reply == nil {
			return ""
		}
		return reply.Rejection.Reason
	}
	rows := []struct {
		name, value, body string
		want              reason.Reason
	}{
		{"genuine", good, body, ""},
		{"upper-case digits are the same digits", "0x" + strings.ToUpper(good[2:]), body, ""},
		{"a long body", "0x" + keccak256(strings.Repeat("x", 1000)+secret), strings.Repeat("x", 1000), ""},
		{"an empty body", "0x" + keccak256(secret), "", ""},
		{"the secret first", "0x" + keccak256(secret+body), body, reason.BadSignature},
		{"no secret", "0x" + keccak256(body), body, reason.BadSignature},
		{"another body", good, body + " ", reason.BadSignature},
		{"no prefix", good[2:], body, reason.MalformedSignature},
		{"the prefix in upper case", "0X" + good[2:], body, reason.MalformedSignature},
		{"a digit less", good[:65], body, reason.MalformedSignature},
		{"a digit more", good + "0", body, reason.MalformedSignature},
		{"no digits", "0x" + strings.Repeat("z", 64), body, reason.MalformedSignature},
		{"nothing", "", body, reason.MissingSignature},
	}
	for _, row := range rows {
		require.Equal(t, row.want, check(row.value, row.body), row.name)
	}
	for i := range body {
		changed := []byte(body)
		changed[i] ^= 1
		require.Equal(t, reason.BadSignature, check(good, string(changed)))
	}
	_, err = core.New(core.Config{Endpoint: "x", Provider: keccak.Moralis(), Secrets: secrets.Static("short"),
		Replay: core.DangerouslyNoReplay})
	require.ErrorContains(t, err, "16 bytes")
}
