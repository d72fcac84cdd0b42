package provider_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
	"github.com/sallyport-go/sallyport/core/secrets"
	"github.com/sallyport-go/sallyport/core/webhooktest"
	"github.com/sallyport-go/sallyport/httpwebhook"
)

// A sender of your own, described by data, and a delivery of it as it would sign one.
func ExampleHMAC() {
	acme := provider.HMAC(provider.HMACConfig{
		Name:            "acme",
		Header:          "X-Acme-Signature",
		TimestampHeader: "X-Acme-Time",
		Signed:          "{timestamp}.{body}",
		EventID:         "/id",
		EventType:       "/type",
		IdentityPointer: "/id",
		RetryHorizon:    24 * time.Hour,
	})
	const secret = "a-secret-that-acme-has-as-well!!"
	guard, err := core.New(core.Config{
		Endpoint: "acme", Provider: acme, Secrets: secrets.Static(secret), Replay: memstore.New(),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := httpwebhook.Verify(guard)(httpwebhook.Signal(func(_ *http.Request, e core.Event) error {
		fmt.Println(e.Type, e.ID)
		return nil
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, webhooktest.NewRequest(acme, secret, "https://example.com/hooks", `{"id":"1","type":"order.paid"}`,
		time.Now()))
	fmt.Println(w.Code)
	// Output:
	// order.paid 1
	// 200
}

// A handler that writes its own answer gives DingTalk the acknowledgement that it wants. Signals do so by themselves.
func ExampleDingTalk() {
	dingtalk := provider.DingTalk(provider.DingTalkConfig{
		OwnerKeys:       []string{"dingabcdefgh"},
		EncodingAESKeys: secrets.Static("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
	})
	const token = "a-token-that-dingtalk-has-too"
	guard, err := core.New(core.Config{
		Endpoint: "dingtalk", Provider: dingtalk, Secrets: secrets.Static(token), Replay: memstore.New(),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := httpwebhook.Verify(guard)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, ok := core.FromContext(r.Context())
		if !ok {
			return
		}
		fmt.Printf("%s\n", d.Events()[0].Payload)
		if contentType, body, ok := d.Acknowledgement(); ok {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write(body)
		}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, webhooktest.NewRequest(dingtalk, token, "https://example.com/hooks", `{"EventType":"user_add_org"}`,
		time.Now()))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output:
	// {"EventType":"user_add_org"}
	// 200 application/json
}
