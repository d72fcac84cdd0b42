package jws

import (
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/fault"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/core/internal/strictjson"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// The environments of the App Store that sign what they send. Xcode and LocalTesting do not, and are never accepted.
const (
	AppleProduction = "Production"
	AppleSandbox    = "Sandbox"
)

// AppleConfig says which app's notifications count, and what vouches for their certificates.
type AppleConfig struct {
	// Roots are the root certificates that Apple publishes for the App Store ("Apple Root CA - G3 Root"), each as it
	// comes in DER, or in PEM. Required: a delivery brings its certificates, and only these roots vouch for them.
	//
	// https://www.apple.com/certificateauthority/
	Roots [][]byte
	// BundleID is the app's: "com.example.app". Required: Apple signs the notifications of all apps in the same way.
	BundleID string
	// Environment is AppleProduction or AppleSandbox. Required.
	Environment string
	// AppAppleID is the app's number in the App Store. Required in production; not compared in the sandbox.
	AppAppleID int64
}

func (c AppleConfig) check() error {
	var mistakes []error
	if c.BundleID == "" {
		mistakes = append(mistakes, errors.New("AppleConfig.BundleID is empty; Apple signs for every app alike"))
	}
	switch c.Environment {
	case AppleProduction:
		if c.AppAppleID <= 0 {
			mistakes = append(mistakes, errors.New("AppleConfig.AppAppleID is missing; production needs the app's "+
				"number in the App Store"))
		}
	case AppleSandbox:
	default:
		mistakes = append(mistakes, fmt.Errorf("AppleConfig.Environment must be %s or %s, and %.40q is neither: "+
			"nothing else is signed", AppleProduction, AppleSandbox, c.Environment))
	}
	return errors.Join(mistakes...)
}

// The extensions by which Apple marks the certificates that sign for the App Store, and those that issue them.
func appleMarks() (leaf, intermediate asn1.ObjectIdentifier) {
	return asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 11, 1},
		asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 2, 1}
}

// AppleAppStore is Apple's App Store Server Notifications, version 2. Neither Secrets nor Keys are needed: a
// notification brings its chain of certificates, which counts up to the roots of the config. Revocation is not checked,
// because nothing is fetched. Secrets, where tests give some, take the chain's place: they are the key that signs.
//
// An event's payload is what the notification's signedPayload says. The signed transaction and renewal in its data are
// covered by the same proof: they need no second one to be decoded.
//
// Production tries again five times, the last time 157 hours after the first; the sandbox never does, and a test
// notification has the type TEST. An event is remembered by its notificationUUID, which retries keep.
//
// https://developer.apple.com/documentation/appstoreservernotifications
func AppleAppStore(c AppleConfig) core.Provider {
	const horizon = (1 + 12 + 24 + 48 + 72) * time.Hour
	leaf, intermediate := appleMarks()
	trusted, err := newChains(c.Roots, leaf, intermediate)
	if err != nil {
		err = fmt.Errorf("AppleConfig.Roots: %w", err)
	}
	return made(entry.Entry{
		Name: "apple-app-store", Title: "Apple App Store", Confidence: "A",
		Docs:       "https://developer.apple.com/documentation/appstoreservernotifications",
		SecretFrom: "nothing: the roots vouch for what deliveries bring",
		Scheme:     &entry.Scheme{Timestamp: entry.Timestamp{Past: horizon + 5*time.Minute}},
		Unsigned:   []string{"what stands next to signedPayload in the body"},
		Identity:   entry.Identity{Kind: entry.ByPointer, Pointer: "/notificationUUID"},
		Event: entry.Event{
			ID: pointer("/notificationUUID"), Type: pointer("/notificationType"), Action: pointer("/subtype"),
			Time: pointer("/signedDate"), TimeUnit: entry.Milliseconds, Data: "/data",
			Tenant: []entry.Value{{JSON: "/data/bundleId"}, {JSON: "/summary/bundleId"},
				{JSON: "/externalPurchaseToken/bundleId"}, {JSON: "/appData/bundleId"}},
		},
		RetryHorizon: horizon, LastQuickRetry: time.Hour,
	}, &mechanism{
		algorithm: es256, in: "the body's `/signedPayload`", member: jsonscan.Compile("/signedPayload"), names: byChain,
		expects: []string{"x5c"}, chain: trusted, time: moment{at: "/signedDate", unit: entry.Milliseconds},
		forUs: c.forUs, covers: "the payload of `/signedPayload`", wrap: "signedPayload", complete: c.complete,
	}, errors.Join(err, c.check()))
}

// appleParts are the members that may say whom a notification is for; the first that is there counts, as in Apple's own
// libraries.
func appleParts() []string { return []string{"data", "summary", "externalPurchaseToken", "appData"} }

//lint:immutable a compiled set of pointers
var applePaths = func() *jsonscan.Paths {
	var pointers []string
	for _, part := range appleParts() {
		pointers = append(pointers, "/"+part, "/"+part+"/bundleId", "/"+part+"/appAppleId", "/"+part+"/environment",
			"/"+part+"/externalPurchaseId")
	}
	return jsonscan.Compile(pointers...)
}()

// forUs checks app and environment. It fails closed on a notification that does not say them, or says them twice.
func (c AppleConfig) forUs(payload []byte) error {
	raw := make([][]byte, applePaths.Len())
	if applePaths.Decide(payload, raw) != nil {
		return fault.New(reason.WrongRecipient, "the notification does not say plainly which app it is for")
	}
	for n, part := range appleParts() {
		found := raw[5*n : 5*n+5]
		if found[0] == nil || string(found[0]) == "null" {
			continue
		}
		bundle, _ := strictjson.String(found[1])
		environment, _ := strictjson.String(found[3])
		if part == "externalPurchaseToken" { // which names none
			environment = []byte(AppleProduction)
			if id, _ := strictjson.String(found[4]); strings.HasPrefix(string(id), "SANDBOX") {
				environment = []byte(AppleSandbox)
			}
		}
		switch {
		case string(bundle) != c.BundleID, c.Environment == AppleProduction &&
			string(found[2]) != strconv.FormatInt(c.AppAppleID, 10):
			return fault.New(reason.WrongRecipient, "the notification is for another app than the configured one: "+
				"compare BundleID and AppAppleID")
		case string(environment) != c.Environment:
			return fault.New(reason.WrongRecipient, "the notification is of another environment than the configured "+
				"one, "+c.Environment)
		}
		return nil
	}
	return fault.New(reason.WrongRecipient, "the notification does not say which app it is for")
}

// complete makes the notification of a test one for the configured app.
func (c AppleConfig) complete(members map[string]json.RawMessage, at int64) {
	for _, part := range appleParts()[1:] {
		delete(members, part)
	}
	data := map[string]json.RawMessage{}
	_ = json.Unmarshal(members["data"], &data) // what is no object is replaced by one
	if data == nil {
		data = map[string]json.RawMessage{}
	}
	set := func(name string, v any) { data[name], _ = json.Marshal(v) }
	set("bundleId", c.BundleID)
	set("environment", c.Environment)
	set("appAppleId", c.AppAppleID)
	members["data"], _ = json.Marshal(data)
	members["signedDate"], _ = json.Marshal(at * 1000)
}
