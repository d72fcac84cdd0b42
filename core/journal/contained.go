package journal

import (
	"context"
	"fmt"
)

// contained is a store whose panics are errors. A store may be the app's own, and its bug is met where events fail: the
// claim on an event must be given back, its transaction ended, and the delivery answered. It fails closed, because what
// a store has done before it panicked is unknown: nothing counts as kept.
type contained struct{ Store }

// containedPruner is contained for a [Pruner].
type containedPruner struct{ contained }

func contain(s Store) Store {
	if _, ok := s.(Pruner); ok {
		return containedPruner{contained{s}}
	}
	return contained{s}
}

// fail makes an error of a panic.
func fail(call string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("journal: %s panicked: %s", call, short(fmt.Sprint(v), 300))
	}
}

func (c contained) Save(ctx context.Context, rows []Row) (err error) {
	defer fail("Store.Save", &err)
	return c.Store.Save(ctx, rows)
}

func (c contained) Load(ctx context.Context, ids []ID) (rows []Row, err error) {
	defer fail("Store.Load", &err)
	return c.Store.Load(ctx, ids)
}

func (c contained) List(ctx context.Context, page Page) (rows []Row, err error) {
	defer fail("Store.List", &err)
	return c.Store.List(ctx, page)
}

func (c contained) Delete(ctx context.Context, ids []ID) (err error) {
	defer fail("Store.Delete", &err)
	return c.Store.Delete(ctx, ids)
}

func (c containedPruner) Prune(ctx context.Context, rows []Row) (err error) {
	defer fail("Pruner.Prune", &err)
	return c.Store.(Pruner).Prune(ctx, rows)
}
