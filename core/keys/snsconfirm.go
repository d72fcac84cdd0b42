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

// SNSCertificates are the certificates of Amazon SNS in the regions of these topics, for provider.AWSSNS and
// provider.AmazonSES.
func SNSCertificates(topicARNs []string, o Options) (*Remote, error) {
	pin, err := SNS(regionsOf(topicARNs)...)
	if err != nil {
		return nil, err
	}
	return Certificates(pin, o)
}

// SNSConfirm confirms subscriptions to these topics, for provider.SNSConfig's Confirm. The request is made of the topic
// and of the token, which were proved, and of no URL that a message holds. It goes to the host of the topic's region
// and follows no redirect; of [Options] it uses those about requests. What was confirmed is not confirmed again, and
// between two requests for a topic there are five seconds; an error in between makes SNS ask again.
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

func regionsOf(topicARNs []string) []string {
	regions := make([]string, len(topicARNs))
	for i, arn := range topicARNs {
		if parts := strings.Split(arn, ":"); len(parts) == 6 && parts[2] == "sns" {
			regions[i] = parts[3]
		}
	}
	return regions
}

func hostOf(p Pin, region string) string {
	for _, h := range p.Hosts {
		if strings.HasPrefix(h.Name, "sns."+region+".") {
			return h.Name
		}
	}
	return ""
}

// maxTokenBytes bounds a token of a confirmation; those seen have some 200 to 500 characters.
const maxTokenBytes = 2048

// confirmInterval is the least time between two requests for a topic. SNS asks again after twenty seconds.
const confirmInterval = 5 * time.Second

type confirmer struct {
	o     Options
	fetch *fetcher

	mu   sync.Mutex
	last map[string]confirmation // by topic; only those that are listed
}

type confirmation struct {
	host  string
	token string // that was confirmed last
	at    time.Time
}

func (c *confirmer) confirm(ctx context.Context, topicARN, token string) error {
	c.mu.Lock()
	defer c.mu.Unlock() // one request at a time: confirmations are rare
	last, listed := c.last[topicARN]
	now := c.o.Now()
	switch {
	case !listed:
		return fmt.Errorf("sallyport: keys: the topic %s is none of those that are listed", quote(topicARN))
	case token == "" || len(token) > maxTokenBytes || !only(token, AlphabetWord):
		return errors.New("sallyport: keys: the token is none that SNS makes")
	case token == last.token: //lint:notsecret the message that carried it was proved, and it confirms no more than this
		return nil
	case now.Sub(last.at).Abs() < confirmInterval:
		return errors.New("sallyport: keys: a subscription to this topic was confirmed just now, or could not be")
	}
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
