package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Document describes where a provider publishes the addresses it sends from, and how to read them. It is opaque and
// immutable. The URLs are fixed here and not configurable, because the list decides who is let in.
type Document struct {
	name string
	url  string
	read func([]byte) ([]string, error) // returns addresses and prefixes as the document writes them, unverified
	err  error                          // a mistake in the arguments, which Open returns
}

// Name returns the document's name in logs and errors.
func (d Document) Name() string { return d.name }

// URL returns where the document is fetched from.
func (d Document) URL() string { return d.url }

// GitHub returns the document with the addresses of github.com's webhooks: "hooks" of the meta endpoint.
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

// Stripe returns the document with the addresses of Stripe's webhooks.
// https://docs.stripe.com/ips
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

// Atlassian returns the document with the addresses that Atlassian's cloud connects from ("egress"), for the given
// products, such as "bitbucket", "jira" or "trello". At least one is required: without a choice, every product's
// addresses would be let in.
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

// AWS returns the document with the addresses of a service of AWS, in the given regions. Without a region it is all of
// them. Most services share their addresses with the programs of customers. A list of "AMAZON" or "EC2" would let in
// every customer of AWS, so it is refused.
// https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
func AWS(service string, regions ...string) Document {
	d := Document{name: "aws", url: "https://ip-ranges.amazonaws.com/ip-ranges.json"}
	switch strings.ToUpper(service) {
	case "":
		d.err = errors.New("name the service of AWS, as the document writes it")
	case "AMAZON", "EC2":
		d.err = fmt.Errorf("the addresses of %s are those of every customer of AWS: name a narrower service", service)
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
				out = append(out, p.V4+p.V6) // an entry has exactly one of the two
			}
		}
		return out, err
	}
	return d
}

// Datadog returns the document with the addresses of Datadog's webhooks, for the site of the account: "datadoghq.com",
// "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com", "datadoghq.eu" or "ddog-gov.com".
// The site becomes a part of the host, so no other value is accepted.
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
