package provider

import "maps"

// Aliases returns the other names of senders, by alias: what people look for, and what a sender was called before. The
// value is the name of an entry, of this package or of one that is made with parameters (package jwt, [AWSSNS]).
//
// A provider never has an alias for its Name: stores, logs and metrics hold the entry's own name, whatever name it was
// found under. An alias that was released stays for ever, because it may stand in a configuration.
func Aliases() map[string]string { return maps.Clone(aliases) }

//lint:immutable names and what they stand for
var aliases = map[string]string{
	"amazon-eventbridge":      "aws-eventbridge",
	"amazon-sns":              "aws-sns",
	"app-store":               "apple-app-store",
	"artifactory":             "jfrog",
	"autodesk-forge":          "autodesk-aps",
	"aws-ses":                 "amazon-ses",
	"azure-eventgrid":         "azure-event-grid",
	"bird":                    "messagebird",
	"bitbucket-data-center":   "bitbucket-server",
	"btcpay":                  "btcpay-server",
	"calcom":                  "cal-com",
	"chargify":                "maxio",
	"claude":                  "anthropic",
	"codeberg":                "forgejo",
	"customerio":              "customer-io",
	"dropboxsign":             "dropbox-sign",
	"eas":                     "expo",
	"eventarc":                "google-eventarc",
	"eventbridge":             "aws-eventbridge",
	"expo-eas":                "expo",
	"facebook":                "meta",
	"github-enterprise":       "github",
	"google-gemini":           "gemini",
	"google-play-rtdn":        "google-play",
	"hellosign":               "dropbox-sign",
	"huggingface":             "hugging-face",
	"incidentio":              "incident-io",
	"instagram":               "meta",
	"lark":                    "feishu",
	"lemonsqueezy":            "lemon-squeezy",
	"mailchimp-transactional": "mandrill",
	"maxio-advanced-billing":  "maxio",
	"mercadopago":             "mercado-pago",
	"merge-dev":               "merge",
	"messenger":               "meta",
	"microsoft-teams":         "ms-teams",
	"mongodb":                 "mongodb-atlas",
	"msgraph":                 "microsoft-graph",
	"nexmo":                   "vonage",
	"nexus-repository":        "nexus",
	"prometheus-alertmanager": "alertmanager",
	"pubsub":                  "google-pubsub",
	"pusher-channels":         "pusher",
	"resend-inbound":          "resend",
	"sendinblue":              "brevo",
	"ses":                     "amazon-ses",
	"sns":                     "aws-sns",
	"sonarcloud":              "sonarqube",
	"stream-chat":             "getstream",
	"terraform-cloud":         "hcp-terraform",
	"terraform-enterprise":    "hcp-terraform",
	"transferwise":            "wise",
	"twilio-sendgrid":         "sendgrid",
	"twitter":                 "x-twitter",
	"urban-airship":           "airship",
	"wechat-work":             "wecom",
	"wechatpay":               "wechat-pay",
	"whatsapp":                "meta",
	"whatsapp-cloud":          "meta",
}
