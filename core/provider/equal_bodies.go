package provider

import "github.com/sallyport-go/sallyport/internal/entry"

// githubIdentity is what GitHub's events are remembered by. Most bodies hold a time that changes with each event, or an
// id. Those below hold neither, so the next event of their kind may be equal to the byte: a label that is renamed back
// and forth, a member who joins again. The delivery's id, which is kept over redeliveries, tells them apart.
//
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
// https://github.com/octokit/webhooks
func githubIdentity() entry.Identity {
	has := func(pointers ...string) entry.Members { return entry.Members{Has: pointers} }
	return entry.Identity{Apart: []entry.Apart{{
		When: []entry.Members{
			has("/client_payload"),      // repository_dispatch
			has("/inputs", "/workflow"), // workflow_dispatch
			{Has: []string{"/label"}, Lacks: []string{"/issue", "/pull_request", "/discussion"}},
			has("/member"), // member, membership
			{Has: []string{"/team"}, Lacks: []string{"/pull_request"}},
			has("/membership"), // organization
			has("/blocked_user"),
			has("/repositories_added"), // installation_repositories
			has("/definition"),         // custom_property
			has("/new_property_values"),
			// github_app_authorization
			{Has: []string{"/action", "/sender"}, Nowhere: []string{"repository", "organization", "installation"}},
		},
		Headers: []string{"X-Github-Delivery"},
		Why: "`repository_dispatch`, `workflow_dispatch`, `label`, `member`, `membership`, `team`, `team_add`, " +
			"`organization`, `org_block`, " +
			"`installation_repositories`, `custom_property`, `custom_property_values` and `github_app_authorization`",
	}}}
}
