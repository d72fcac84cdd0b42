package interop_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/cloudinary/cloudinary-go/v2/api/uploader"
	"github.com/cloudinary/cloudinary-go/v2/config"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

func TestCloudinary(t *testing.T) {
	t.Parallel()
	const signature, timestamp = "X-Cld-Signature", "X-Cld-Timestamp"
	for algorithm, p := range map[string]core.Provider{"sha1": provider.Cloudinary(),
		"sha256": provider.CloudinarySHA256()} {
		peer{
			name: "cloudinary-go VerifyNotificationSignature for " + p.Name(), provider: p,
			verify: func(r *http.Request, body []byte, secret string) error {
				at, err := strconv.ParseInt(r.Header.Get(timestamp), 10, 64)
				if err != nil {
					return err
				}
				var c config.Configuration
				c.Cloud.APISecret, c.Cloud.SignatureAlgorithm = secret, algorithm
				api := uploader.API{Config: c}
				return truth(api.VerifyNotificationSignature(string(body), at, r.Header.Get(signature), 0), nil)
			},
			differences: []difference{
				repeated(signature, timestamp), upper(signature), ageless(tooEarly, nextYear),
				{[]string{timestamp + ": a zero before", timestamp + ": a plus before"}, refuse,
					"the library signs the number again, and we the text as it came: one form only"},
			},
		}.run(t)
	}
}
