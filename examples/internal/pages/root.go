package pages

import "github.com/sallyport-go/sallyport/internal/catalogue"

// Root returns the certificate of an authority that was made for tests, for the programs that need one.
func Root() []byte {
	apple, _ := catalogue.ByName("apple-app-store")
	return []byte(apple.Samples()["roots"][0])
}
