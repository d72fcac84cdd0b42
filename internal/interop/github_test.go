package interop_test

import (
	"crypto/hmac"
	"crypto/sha1" // GitHub's old signature
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	giteasdk "code.gitea.io/sdk/gitea"
	azuredevops "github.com/go-playground/webhooks/v6/azuredevops"
	bitbucketserver "github.com/go-playground/webhooks/v6/bitbucket-server"
	"github.com/go-playground/webhooks/v6/gitea"
	"github.com/go-playground/webhooks/v6/github"
	"github.com/go-playground/webhooks/v6/gitlab"
	"github.com/go-playground/webhooks/v6/gogs"
	gogithub "github.com/google/go-github/v74/github"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
)

func TestGitHub(t *testing.T) {
	t.Parallel()
	for _, p := range []core.Provider{provider.GitHub(), provider.GitHubStyle()} {
		peer{
			name: "go-github ValidatePayload for " + p.Name(), provider: p,
			verify: func(r *http.Request, _ []byte, secret string) error {
				_, err := gogithub.ValidatePayload(r, []byte(secret))
				return err
			},
			changes: []change{{"the signature of SHA-1 next to it", accept,
				func(d *delivery) { d.header.Set("X-Hub-Signature", "sha1=00") }}, {
				"the signature of SHA-1 instead", refuse, func(d *delivery) {
					mac := hmac.New(sha1.New, []byte(sampleSecrets()[0].signing)) // GitHub's old signature
					_, _ = mac.Write(d.body)
					d.header.Del("X-Hub-Signature-256")
					d.header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac.Sum(nil)))
				},
			}, {
				"the signature of SHA-1 in the new header", refuse, func(d *delivery) {
					mac := hmac.New(sha1.New, []byte(sampleSecrets()[0].signing)) // GitHub's old signature
					_, _ = mac.Write(d.body)
					d.header.Set("X-Hub-Signature-256", "sha1="+hex.EncodeToString(mac.Sum(nil)))
				},
			}},
			differences: []difference{
				repeated("X-Hub-Signature-256"),
				{otherTypes(), accept, "the library knows the two content types that GitHub sends, and we verify bytes"},
				{[]string{"the signature of SHA-1 instead", "the signature of SHA-1 in the new header"}, refuse,
					"the library takes the weaker hash that the request asks for; the receiver chooses the algorithm"},
			},
		}.run(t)
	}
	peer{
		name: "go-playground/webhooks github.Parse", provider: provider.GitHub(), bodies: objects(),
		headers: map[string]string{"X-Github-Event": "ping"},
		verify: func(r *http.Request, _ []byte, secret string) error {
			hook, err := github.New(github.Options.Secret(secret))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r, github.PingEvent)
			return parsed(err, github.ErrParsingPayload, github.ErrMissingHubSignatureHeader,
				github.ErrHMACVerificationFailed)
		},
		differences: []difference{repeated("X-Hub-Signature-256")},
	}.run(t)
}

// otherTypes are the bodies that are neither JSON nor a form.
func otherTypes() []string {
	var in []string
	for _, b := range bodies() {
		if b.contentType != jsonType {
			in = append(in, "body: "+b.name)
		}
	}
	return in
}

// parsed keeps the errors that check a delivery: what the library cannot decode, it has let in.
func parsed(err error, judgements ...error) error {
	for _, one := range judgements {
		if errors.Is(err, one) {
			return err
		}
	}
	return nil
}

func TestGiteaAndItsKin(t *testing.T) {
	t.Parallel()
	for header, p := range map[string]core.Provider{"X-Gitea-Signature": provider.Gitea(),
		"X-Forgejo-Signature": provider.Forgejo()} {
		peer{
			name: "gitea-sdk VerifyWebhookSignature for " + p.Name(), provider: p,
			verify: func(r *http.Request, body []byte, secret string) error {
				return truth(giteasdk.VerifyWebhookSignature(secret, r.Header.Get(header), body))
			},
			differences: []difference{repeated(header), {[]string{
				"body: every byte", "body: anything, of 119 bytes", "body: anything, of 127 bytes",
				"body: anything, of 1000 bytes",
				"body: anything, of 4096 bytes", "body: anything, of 65537 bytes", "body: 1 MiB of anything",
			}, refuse, "what is no JSON and holds an equals sign is a form, whose one field has to be the payload; " +
				"these senders make no other"}},
		}.run(t)
	}
	peer{
		name: "go-playground/webhooks gitea.Parse", provider: provider.Gitea(), bodies: objects(),
		headers: map[string]string{"X-Gitea-Event": "push"},
		verify: func(r *http.Request, _ []byte, secret string) error {
			hook, err := gitea.New(gitea.Options.Secret(secret))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r, gitea.PushEvent)
			return parsed(err, gitea.ErrParsingPayload, gitea.ErrMissingGiteaSignatureHeader,
				gitea.ErrHMACVerificationFailed)
		},
		differences: []difference{repeated("X-Gitea-Signature"), upper("X-Gitea-Signature")},
	}.run(t)
	peer{
		name: "go-playground/webhooks gogs.Parse", provider: provider.Gogs(), bodies: objects(),
		headers: map[string]string{"X-Gogs-Event": "push"},
		verify: func(r *http.Request, _ []byte, secret string) error {
			hook, err := gogs.New(gogs.Options.Secret(secret))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r, gogs.PushEvent)
			return parsed(err, gogs.ErrParsingPayload, gogs.ErrMissingGogsSignatureHeader,
				gogs.ErrHMACVerificationFailed)
		},
		differences: []difference{repeated("X-Gogs-Signature"), upper("X-Gogs-Signature")},
	}.run(t)
}

var errRefused = errors.New("refused") // the library says no more than false

func TestBitbucketServer(t *testing.T) {
	t.Parallel()
	peer{
		name: "go-playground/webhooks bitbucketserver.Parse", provider: provider.BitbucketServer(), bodies: objects(),
		headers: map[string]string{"X-Event-Key": "repo:refs_changed"},
		verify: func(r *http.Request, _ []byte, secret string) (err error) {
			defer func() {
				if recover() != nil { // of a signature that is shorter than its prefix
					err = errRefused
				}
			}()
			hook, err := bitbucketserver.New(bitbucketserver.Options.Secret(secret))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r, bitbucketserver.RepositoryReferenceChangedEvent)
			return parsed(err, bitbucketserver.ErrParsingPayload, bitbucketserver.ErrMissingHubSignatureHeader,
				bitbucketserver.ErrHMACVerificationFailed)
		},
		differences: []difference{
			repeated("X-Hub-Signature"),
			{[]string{"X-Hub-Signature: a bit of byte 0"}, refuse,
				`the library cuts the first seven bytes off without looking whether they are "sha256="`},
		},
	}.run(t)
}

func TestGitLabToken(t *testing.T) {
	t.Parallel()
	peer{
		name: "go-playground/webhooks gitlab.Parse", provider: provider.GitLabToken(), bodies: objects(),
		unsignedBody: true,
		headers:      map[string]string{"X-Gitlab-Event": "Push Hook"},
		verify: func(r *http.Request, _ []byte, secret string) error {
			hook, err := gitlab.New(gitlab.Options.Secret(secret))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r, gitlab.PushEvents)
			return parsed(err, gitlab.ErrParsingPayload, gitlab.ErrGitLabTokenVerificationFailed)
		},
		differences: []difference{repeated("X-Gitlab-Token")},
	}.run(t)
}

func TestAzureDevOps(t *testing.T) {
	t.Parallel()
	peer{
		name: "go-playground/webhooks azuredevops.Parse", provider: provider.AzureDevOps(), bodies: objects(),
		unsignedBody: true,
		keys: same("devops:a-password-of-this-test", "devops:the-password-after-it",
			"devops:a-unknown's-password"),
		verify: func(r *http.Request, _ []byte, secret string) error {
			user, password, _ := strings.Cut(secret, ":")
			hook, err := azuredevops.New(azuredevops.Options.BasicAuth(user, password))
			if err != nil {
				return err
			}
			_, err = hook.Parse(r)
			return parsed(err, azuredevops.ErrBasicAuthVerificationFailed)
		},
		differences: []difference{repeated("Authorization")},
	}.run(t)
}
