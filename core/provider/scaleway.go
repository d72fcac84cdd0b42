package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/internal/sns"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// ScalewayConfig is what an endpoint that Scaleway's Topics and Events sends to needs besides keys.
type ScalewayConfig struct {
	// Topics are the ARNs of the topics whose messages count: "arn:scw:sns:fr-par:project-...:mails". Required.
	Topics []string
	// Confirm confirms the subscription to one of Topics, after its request was proved, by the service's API. Default:
	// nothing is confirmed, and the record of the handshake says so.
	Confirm func(ctx context.Context, topicARN, token string) error
}

// ScalewayTEM is the events of Scaleway's Transactional Email, which come through its Topics and Events. That service
// has the interface of Amazon SNS and signs by its SignatureVersion 1, as its documentation says.
//
// Scaleway documents the chain that issues its certificates, and no host that they are fetched from: Secrets hold the
// one at a message's SigningCertURL, in PEM, after you have checked that Scaleway's own chain issued it; or Config.Keys
// is keys.Certificates with a pin of yours, whose Roots are that chain.
//
// https://www.scaleway.com/en/docs/topics-and-events/reference-content/verifying-webhooks/
// https://www.scaleway.com/en/docs/topics-and-events/reference-content/topics-and-events-support/
func ScalewayTEM(c ScalewayConfig) core.Provider {
	e, err := sns.Entry(sns.Config{Topics: c.Topics, IsTopic: isScalewayTopic, Confirm: c.Confirm})
	if err != nil {
		err = fmt.Errorf("ScalewayConfig.Topics: %w", err)
	}
	e.Name, e.Title, e.Confidence = "scaleway-tem", "Scaleway Transactional Email", "B"
	e.Docs = "https://www.scaleway.com/en/docs/topics-and-events/reference-content/verifying-webhooks/"
	e.SecretFrom = "the certificate at a message's SigningCertURL, checked against Scaleway's chain"
	e.Event.Type = pointer("/type")
	e.RetryHorizon, e.AckLimit = 0, 0 // not documented
	return entry.NewProvider(e, err)
}

func isScalewayTopic(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) == 6 && parts[0] == "arn" && parts[1] == "scw" && parts[2] == "sns" && parts[3] != "" &&
		strings.HasPrefix(parts[4], "project-") && parts[5] != "" && !strings.ContainsAny(arn, " \t\r\n*")
}
