package replay

import (
	"maps"
	"slices"
	"sync"
)

// Rostered is a [Store] that counts the guards of this process that use it. So two guards with one endpoint name are
// noticed when the second is made. Your own store gets it by embedding a [Roster]. Without it guards work the same, and
// the mistake is not noticed.
type Rostered interface {
	Store
	// Enter records a guard that uses the store until leave is called. It returns the providers of the guards with the
	// same endpoint name that have not left yet: each once, sorted. Calling leave twice is not an error.
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
	present = slices.Sorted(maps.Keys(guards))
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

// leave removes one guard, and then empty maps: endpoints may come and go while a process runs.
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
