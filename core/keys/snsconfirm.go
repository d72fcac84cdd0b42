package keys

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// SNSCertificates returns the source of the certificates of Amazon SNS in the regions of these topics, for
// provider.AWSSNS and provider.AmazonSES.
func SNSCertificates(topicARNs []string, o Options) (*Remote, error) {
	pin, err := SNS(regionsOf(topicARNs)...)
	if err != nil {
		return nil, err
	}
	return Certificates(pin, o)
}

// SNSConfirm returns a function that confirms subscriptions to these topics, for provider.SNSConfig's Confirm.
//
// The request is built from the topic and the token, which were proved. The URL in the message is not used. The request
// goes to the host of the topic's region and follows no redirect. Of [Options] it uses those about requests.
//
// A token that was confirmed is not confirmed again. Between two requests for a topic are at least five seconds. In
// between the function returns an error, and SNS sends the confirmation again.
func SNSConfirm(topicARNs []string, o Options) (func(ctx context.Context, topicARN, token string) error, error) {
	pin, pinErr := SNS(regionsOf(topicARNs)...)
	o, optErr := o.withDefaults()
	if err := errors.Join(pinErr, optErr); err != nil {
		return nil, err
	}
	c := &confirmer{o: o, fetch: newFetcher(o), last: map[string]confirmation{}}
	for i, region := range regionsOf(topicARNs) {
		c.last[topicARNs[i]] = confirmation{host: hostOf(pin, region)}
	}
	return c.confirm, nil
}

// regionsOf returns the region of each ARN ("arn:aws:sns:eu-west-1:123456789012:orders"), in the same order. A text
// that is not the ARN of a topic has an empty one, which SNS reports as a mistake.
func regionsOf(topicARNs []string) []string {
	regions := make([]string, len(topicARNs))
	for i, arn := range topicARNs {
		if parts := strings.Split(arn, ":"); len(parts) == 6 && parts[2] == "sns" {
			regions[i] = parts[3]
		}
	}
	return regions
}

// hostOf returns the host of a region in the pin of SNS.
func hostOf(p Pin, region string) string {
	for _, h := range p.Hosts {
		if strings.HasPrefix(h.Name, "sns."+region+".") {
			return h.Name
		}
	}
	return ""
}

// maxTokenBytes bounds the token of a confirmation. Real ones have some 200 to 500 characters.
const maxTokenBytes = 2048

// confirmInterval is the least time between two requests for a topic. SNS sends a confirmation again after 20 seconds.
const confirmInterval = 5 * time.Second

// confirmer is the state behind SNSConfirm. It is safe for concurrent use.
type confirmer struct {
	o     Options
	fetch *fetcher

	mu   sync.Mutex
	last map[string]confirmation // by topic; it holds exactly the configured topics
}

// confirmation is the state of one topic.
type confirmation struct {
	host  string    // of the topic's region
	token string    // the last one that was confirmed; empty: none was
	at    time.Time // of the last request, whether it succeeded or not
}

// confirm confirms a subscription. The caller must have verified the message. It still fails closed on a topic that is
// not configured: an attacker may own a topic too, and SNS signs for that one as well.
func (c *confirmer) confirm(ctx context.Context, topicARN, token string) error {
	c.mu.Lock()
	defer c.mu.Unlock() // one request at a time: confirmations are rare
	last, listed := c.last[topicARN]
	now := c.o.Now()
	switch {
	case !listed:
		return fmt.Errorf("sallyport: keys: the topic %s is not one of those that are configured", quote(topicARN))
	case token == "" || len(token) > maxTokenBytes || !only(token, AlphabetWord):
		return errors.New("sallyport: keys: the token does not have the form of those that SNS makes")
	case token == last.token: //lint:notsecret the message that carried it was proved, and it confirms no more than this
		return nil
	case now.Sub(last.at).Abs() < confirmInterval:
		return errors.New("sallyport: keys: the last request to confirm a subscription to this topic was less than " +
			"five seconds ago")
	}
	// Recorded before the request: one that fails must not be repeated at once either.
	last.at = now
	c.last[topicARN] = last
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	query := url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {topicARN}, "Token": {token}}
	if _, err := c.fetch.get(ctx, "https://"+last.host+"/?"+query.Encode(), "*/*"); err != nil {
		return err
	}
	last.token = token
	c.last[topicARN] = last
	return nil
}
