package entry

// Provider is an [Entry] as users get it: [core.Provider]. It is opaque, and carries the mistakes of the settings that
// it was made of, which core.New reports.
//
// [core.Provider]: https://pkg.go.dev/github.com/sallyport-go/sallyport/core#Provider
type Provider struct {
	entry *Entry
	err   error
}

// NewProvider makes a provider of an entry. A provider with an error is refused by core.New.
func NewProvider(e Entry, err error) Provider { return Provider{entry: &e, err: err} }

// Of returns the entry of a provider, which must not be changed, and what is wrong with it. For a zero Provider it is
// nil.
func Of(p Provider) (*Entry, error) { return p.entry, p.err }

// Name returns the provider's name in configurations, logs and metrics: "stripe". It is empty for a zero Provider.
func (p Provider) Name() string {
	if p.entry == nil {
		return ""
	}
	return p.entry.Name
}
