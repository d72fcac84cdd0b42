package keys

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

// SNS pins the certificates of Amazon SNS in the given regions: those of the topics that the receiver subscribes to,
// such as "eu-west-1". A certificate of another region is refused.
//
// The host is sns.<region>.amazonaws.com, in China sns.<region>.amazonaws.com.cn. Hosts are built from regions and not
// matched by a pattern. The pattern in Amazon's older validators also matches sns.s3-us-west-2.amazonaws.com: a bucket
// called "sns", which anybody could own.
//
// The names in the certificates are those that Amazon's SDK for Java expects:
// https://github.com/aws/aws-sdk-java-v2/tree/master/services-custom/sns-message-manager
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func SNS(regions ...string) (Pin, error) {
	p := Pin{
		Path: Path{Prefix: "/SimpleNotificationService-", Alphabet: AlphabetHex, MinName: 32, MaxName: 32,
			Suffix: ".pem"},
		Intermediates: x509.NewCertPool(),
	}
	p.Intermediates.AppendCertsFromPEM([]byte(amazonIntermediates))
	var mistakes []error
	if len(regions) == 0 {
		mistakes = append(mistakes, errors.New("sallyport: keys: name the regions of the topics"))
	}
	for _, r := range regions {
		// The isolated partitions (us-iso, eu-iso) have other domains, and their keys cannot be fetched from outside.
		switch {
		case !isRegion(r) || strings.HasPrefix(r, "us-iso") || strings.HasPrefix(r, "eu-iso"):
			mistakes = append(mistakes,
				fmt.Errorf("sallyport: keys: %s is not a public region such as eu-west-1", quote(r)))
		case strings.HasPrefix(r, "cn-"):
			p.Hosts = append(p.Hosts, Host{
				Name:             "sns." + r + ".amazonaws.com.cn",
				CertificateNames: []string{"sns-" + r + ".amazonaws.com.cn", "sns.amazonaws.com.cn"},
			})
		case strings.HasPrefix(r, "us-gov-"):
			p.Hosts = append(p.Hosts, Host{
				Name:             "sns." + r + ".amazonaws.com",
				CertificateNames: []string{"sns-us-gov-west-1.amazonaws.com"}, // of both regions
			})
		default:
			p.Hosts = append(p.Hosts, Host{
				Name:             "sns." + r + ".amazonaws.com",
				CertificateNames: []string{"sns.amazonaws.com", "sns-signing." + r + ".amazonaws.com"},
			})
		}
	}
	return p, errors.Join(mistakes...)
}

// isRegion reports whether text has the form of a region: two letters, one to three groups of letters and a digit,
// joined by hyphens ("us-gov-west-1"). The text becomes part of a host name, so nothing else is accepted.
func isRegion(text string) bool {
	parts := strings.Split(text, "-")
	for i, p := range parts {
		switch {
		case i == len(parts)-1:
			if len(p) != 1 || !only(p, "0123456789") {
				return false
			}
		case p == "" || len(p) > 20 || i == 0 && len(p) != 2 || !only(p, "abcdefghijklmnopqrstuvwxyz"):
			return false
		}
	}
	return len(parts) >= 3 && len(parts) <= 5
}
