package provider

import "github.com/sallyport-go/sallyport/core"

// particular are the entries of senders that do one thing in a way of their own: where the signature sits, what is
// signed besides the body, how a key is found.
func particular() []core.Provider {
	return []core.Provider{
		AdobeSign(), Alipay(), AuthorizeNet(), EBay(), Hygraph(), Keygen(), PandaDoc(),
	}
}
