package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Document says where a provider publishes the addresses it sends from, and how to read them there. It is opaque and
// immutable.
type Document struct {
	name string
	url  string
	read func([]byte) ([]string, error) // addresses and prefixes, as they are written
	err  error
}

// Name returns the document's name in logs and errors.
func (d Document) Name() string { return d.name }

// URL returns where the document is fetched from.
func (d Document) URL() string { return d.url }

// GitHub is what webhooks of github.com come from: "hooks" of the meta endpoint.
// https://docs.github.com/en/rest/meta/meta
func GitHub() Document {
	return Document{name: "github", url: "https://api.github.com/meta", read: func(b []byte) ([]string, error) {
		var doc struct {
			Hooks []string `json:"hooks"`
		}
		err := json.Unmarshal(b, &doc)
		return doc.Hooks, err
	}}
}

// Stripe is what Stripe's webhooks come from. https://docs.stripe.com/ips
func Stripe() Document {
	return Document{name: "stripe", url: "https://stripe.com/files/ips/ips_webhooks.json",
		read: func(b []byte) ([]string, error) {
			var doc struct {
				Webhooks []string `json:"WEBHOOKS"`
			}
			err := json.Unmarshal(b, &doc)
			return doc.Webhooks, err
		}}
}

// Atlassian is what connections from Atlassian's cloud come from ("egress"), for the products named, such as
// "bitbucket", "jira" or "trello"; at least one.
// https://support.atlassian.com/organization-administration/docs/ip-addresses-and-domains-for-atlassian-cloud-products/
func Atlassian(products ...string) Document {
	d := Document{name: "atlassian", url: "https://ip-ranges.atlassian.com/"}
	if len(products) == 0 {
		d.err = errors.New("name at least one product of Atlassian, such as bitbucket")
	}
	products = slices.Clone(products)
	d.read = func(b []byte) ([]string, error) {
		var doc struct {
			Items []struct {
				CIDR      string   `json:"cidr"`
				Product   []string `json:"product"`
				Direction []string `json:"direction"`
			} `json:"items"`
		}
		err := json.Unmarshal(b, &doc)
		var out []string
		for _, item := range doc.Items {
			if slices.Contains(item.Direction, "egress") &&
				slices.ContainsFunc(item.Product, func(p string) bool { return slices.Contains(products, p) }) {
				out = append(out, item.CIDR)
			}
		}
		return out, err
	}
	return d
}

// AWS is what a service of AWS uses, in the regions named or, with none, in all. Most services share their addresses
// with whatever customers run there: a list of "AMAZON" or "EC2" lets in every customer of AWS, and is refused.
// https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
func AWS(service string, regions ...string) Document {
	d := Document{name: "aws", url: "https://ip-ranges.amazonaws.com/ip-ranges.json"}
	switch strings.ToUpper(service) {
	case "":
		d.err = errors.New("name the service of AWS, as the document spells it")
	case "AMAZON", "EC2":
		d.err = fmt.Errorf("the addresses of %s are those of every customer of AWS: they keep nobody out", service)
	}
	regions = slices.Clone(regions)
	type prefix struct {
		V4      string `json:"ip_prefix"`
		V6      string `json:"ipv6_prefix"`
		Region  string `json:"region"`
		Service string `json:"service"`
	}
	d.read = func(b []byte) ([]string, error) {
		var doc struct {
			V4 []prefix `json:"prefixes"`
			V6 []prefix `json:"ipv6_prefixes"`
		}
		err := json.Unmarshal(b, &doc)
		var out []string
		for _, p := range slices.Concat(doc.V4, doc.V6) {
			if p.Service == service && (len(regions) == 0 || slices.Contains(regions, p.Region)) {
				out = append(out, p.V4+p.V6) // each has one of them
			}
		}
		return out, err
	}
	return d
}

// Datadog is what Datadog's webhooks come from, for the site of the account: "datadoghq.com", "us3.datadoghq.com",
// "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com", "datadoghq.eu" or "ddog-gov.com".
// https://docs.datadoghq.com/api/latest/ip-ranges/
func Datadog(site string) Document {
	d := Document{name: "datadog", url: "https://ip-ranges." + site + "/"}
	switch site {
	case "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com",
		"datadoghq.eu", "ddog-gov.com":
	default:
		d.err = fmt.Errorf("%q is not a site of Datadog", site)
	}
	d.read = func(b []byte) ([]string, error) {
		var doc struct {
			Webhooks struct {
				V4 []string `json:"prefixes_ipv4"`
				V6 []string `json:"prefixes_ipv6"`
			} `json:"webhooks"`
		}
		err := json.Unmarshal(b, &doc)
		return slices.Concat(doc.Webhooks.V4, doc.Webhooks.V6), err
	}
	return d
}
