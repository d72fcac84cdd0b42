package replay

import (
	"slices"
	"sync"
)

// Rostered is a [Store] that counts the guards of this process that use it, so that two guards with one endpoint name
// are noticed when the second is made. A store of one's own gets it by embedding a [Roster]; without it the guards work
// the same, and nothing is noticed.
type Rostered interface {
	Store
	// Enter notes a guard that uses the store until leave is called, and returns the providers of the guards that
	// have the same endpoint name and have not left yet: each once, in order. Calling leave twice is not an error.
	Enter(endpoint, provider string) (present []string, leave func())
}

// Roster counts open guards by endpoint and provider. The zero value is ready. It is safe for concurrent use, and must
// not be copied.
type Roster struct {
	mu   sync.Mutex
	open map[string]map[string]int // by endpoint, by provider
}

// Enter implements [Rostered].
func (r *Roster) Enter(endpoint, provider string) (present []string, leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	guards := r.open[endpoint]
	for name := range guards {
		present = append(present, name)
	}
	slices.Sort(present)
	if guards == nil {
		guards = map[string]int{}
		if r.open == nil {
			r.open = map[string]map[string]int{}
		}
		r.open[endpoint] = guards
	}
	guards[provider]++
	return present, sync.OnceFunc(func() { r.leave(endpoint, provider) })
}

func (r *Roster) leave(endpoint, provider string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	guards := r.open[endpoint]
	if guards[provider]--; guards[provider] == 0 {
		delete(guards, provider)
	}
	if len(guards) == 0 {
		delete(r.open, endpoint)
	}
}
