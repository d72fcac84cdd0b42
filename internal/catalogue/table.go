package catalogue

import (
	"slices"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/provider"
	"github.com/sallyport-go/sallyport/core/provider/keccak"
	"github.com/sallyport-go/sallyport/core/provider/nfkd"
	"github.com/sallyport-go/sallyport/core/provider/unproved"
)

// proved are the entries of core/provider: those without parameters come of themselves.
func proved() []Entry {
	return append(subscribed(plain(Proved, "core/provider", provider.All())),
		slices.Concat(published(), platforms(), encrypted())...)
}

// subscribed adds the parameters of those that may be used without.
func subscribed(entries []Entry) []Entry {
	return with(entries,
		Entry{
			Parameters: []Parameter{{
				Name: "origins", List: true, Sample: []string{"sender.example.com"},
				Doc: "the senders that may deliver here, whose OPTIONS request is answered with their name; without " +
					"any, none is",
			}},
			make: func(v Values) core.Provider { return provider.CloudEvents(v["origins"]...) },
		},
		Entry{
			Parameters: []Parameter{webSubTopics()},
			make:       func(v Values) core.Provider { return provider.WebSub(v["topics"]...) },
		},
		Entry{
			Parameters: []Parameter{webSubTopics()},
			make:       func(v Values) core.Provider { return provider.WebSubSHA1(v["topics"]...) },
		},
		Entry{
			Parameters: []Parameter{{
				Name: "validation_code", Sample: []string{"559384cd-6284-4e3e-9e4e-7c260019a251"},
				Doc: "the code that the open channel's settings show once it is saved; without it Airship's " +
					"question for it is not answered",
			}},
			make: func(v Values) core.Provider { return provider.Airship(v["validation_code"]...) },
		},
	)
}

func webSubTopics() Parameter {
	return Parameter{
		Name: "topics", List: true, Sample: []string{"https://example.com/feed"},
		Doc: "the URLs subscribed to, for which the hub's question is answered; without any, none is",
	}
}

// with gives entries that All lists the parameters that they may take.
func with(entries []Entry, parameters ...Entry) []Entry {
	for _, p := range parameters {
		name := p.make(nil).Name()
		at := slices.IndexFunc(entries, func(e Entry) bool { return e.make(nil).Name() == name })
		entries[at].Parameters, entries[at].make = p.Parameters, p.make
	}
	return entries
}

// library are the entries of core/provider's subpackages, whose mechanisms are code or need a library.
func library() []Entry {
	return slices.Concat(tokens(), signedBodies(), []Entry{signatures()},
		plain(Library, "core/provider/keccak", []core.Provider{keccak.Moralis()}),
		plain(Library, "core/provider/nfkd", []core.Provider{nfkd.EasyPost()}))
}

// unprovedOnes are the entries of core/provider/unproved.
func unprovedOnes() []Entry {
	return plain(Unproved, "core/provider/unproved", unproved.All())
}

// plain makes entries of providers that need no parameter.
func plain(kind Kind, path string, providers []core.Provider) []Entry {
	all := make([]Entry, len(providers))
	for i, p := range providers {
		all[i] = Entry{Kind: kind, Package: path, make: func(Values) core.Provider { return p }}
	}
	return all
}
