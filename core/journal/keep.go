package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"
)

const (
	// rounds is how often a write is repeated that met another one.
	rounds = 20

	mostErr    = 8 << 10
	mostRunErr = 2 << 10
	mostRuns   = 50

	mostReceivers   = 50
	mostReceiverErr = 1 << 10
	mostText        = 64 << 10 // bytes of one detail of the event
	mostHeader      = 1 << 20  // bytes of all headers
)

// Keep writes entries of proved events that failed: all of them in one call of Store.Save, or none. An
// entry whose ID is stored already is merged with it: deliveries are counted, the first failure's time
// and the runs are kept, and the rest is the newest failure's. A parked entry stays parked. A closed
// entry is opened again, but for a dismissed one that only failed open: a person gave up that event.
//
// The guard sets everything but Revision, Runs and RunCount. Where they are empty, Keep sets ID, Last,
// Length, Digest and Attempts. Afterwards each entry is as it was stored. An entry with Revision 0 was
// not: Config.Filter refused it, or it is open and its endpoint has 10,000 open entries already.
//
// An error means that nothing was stored; the delivery must not be answered 2xx then.
func (j *Journal) Keep(ctx context.Context, entries []*Entry) error {
	list, err := j.prepare(entries)
	if err != nil || len(list) == 0 {
		return err
	}
	// Most failures are the first of their event: the first round takes all of them for new, and loads
	// nothing.
	stored := map[ID]*Entry{}
	// Before the first write: a full endpoint must know which entries exist, to leave out new ones
	// alone.
	full, err := j.open.full(ctx, j.store, list)
	if err != nil {
		return err
	}
	for round := range rounds {
		if round > 0 || len(full) > 0 {
			if stored, err = j.stored(ctx, idsOf(list)); err != nil {
				return err
			}
		}
		// Merged again in each round, with what is stored now.
		merged, rows, err := j.merged(ctx, list, stored, full)
		if err == nil && len(rows) > 0 {
			err = j.store.Save(ctx, rows)
		}
		switch {
		case err == nil:
			j.finish(ctx, entries, list, merged, stored)
			return nil
		case !errors.Is(err, ErrChanged):
			j.warnFull(ctx, err)
			return err
		}
	}
	return fmt.Errorf("journal: others changed the same entries again and again: %w", ErrChanged)
}

// warnFull says once a minute that the store is full: each delivery that should be parked is answered
// 500 meanwhile.
func (j *Journal) warnFull(ctx context.Context, err error) {
	if !errors.Is(err, ErrFull) {
		return
	}
	now := time.Now()
	last := j.warned.Load()
	if (last == nil || now.Sub(*last) >= time.Minute) && j.warned.CompareAndSwap(last, &now) {
		slog.ErrorContext(ctx, "journal: a parked event could not be kept, and its delivery is answered 500",
			"error", err)
	}
}

// prepare returns the entries as they will be stored, each ID once. It changes nothing of the caller's.
func (j *Journal) prepare(entries []*Entry) ([]*Entry, error) {
	list := make([]*Entry, 0, len(entries))
	at := make(map[ID]int, len(entries))
	for _, given := range entries {
		// Until it is stored: after an error the caller must not find the revision of an earlier call.
		given.Revision = 0
		if !given.State.valid() {
			return nil, fmt.Errorf("journal: an entry of endpoint %.80q has no state", given.Endpoint)
		}
		if given.ID == "" {
			given.ID = IDOf(given.Kind, given.Identity)
		}
		if !given.ID.valid() {
			return nil, fmt.Errorf("journal: an entry of endpoint %.80q has an ID that is not one", given.Endpoint)
		}
		// A copy: the guard's entry changes only once it is stored.
		e := given.shallow()
		j.complete(e)
		if kept, err := j.filter(e); err != nil || !kept {
			if err != nil {
				return nil, err
			}
			continue
		}
		// A batch can hold an event twice. A store gets each ID once.
		if i, again := at[e.ID]; again {
			list[i] = merge(list[i], e)
			continue
		}
		at[e.ID] = len(list)
		list = append(list, e)
	}
	return list, nil
}

// complete sets what the guard left empty, and shortens what is too long. What was shortened cannot
// run.
func (j *Journal) complete(e *Entry) {
	now := time.Now()
	if e.Last.IsZero() {
		e.Last = now
	}
	if e.First.IsZero() {
		e.First = e.Last
	}
	// As the row will have them: an entry is the same whether it was just kept or loaded.
	e.First, e.Last, e.Changed = micro(e.First), micro(e.Last), micro(now)
	if e.Attempts == 0 && e.State != Done {
		e.Attempts = 1
	}
	e.Err = short(e.Err, mostErr)
	e.Receivers, e.Uses = shortened(e.Receivers), shortUses(e.Uses)
	e.Runnable = e.WhyNot == ""
	// Runs are the journal's own: only what is stored has any.
	e.Runs, e.RunCount, e.Series = nil, 0, newSeries()
	j.shorten(e)
	// The guard keeps none of these. Should it ever, they end here.
	for _, name := range forbidden() {
		delete(e.Request.Header, name)
	}
}

// shortened returns a copy of what the receivers did, bounded.
func shortened(all []Receiver) []Receiver {
	if len(all) == 0 {
		return nil
	}
	all = slices.Clone(all[:min(len(all), mostReceivers)])
	for i := range all {
		all[i].Err = short(all[i].Err, mostReceiverErr)
	}
	return all
}

// shorten cuts what is too long for a row, and sums the body up before that. Nothing a sender can write
// makes an entry too large to keep: the delivery would be answered 500 for ever.
func (j *Journal) shorten(e *Entry) {
	if e.Length == 0 {
		e.Length, e.Digest = int64(len(e.Body)), sha256.Sum256(e.Body)
	}
	if len(e.Body) > j.cfg.MaxBody {
		e.Body = e.Body[:min(headOfLongBody, j.cfg.MaxBody)]
	}
	if e.Length != int64(len(e.Body)) {
		e.unrunnable(fmt.Sprintf("its body of %d bytes is longer than Config.MaxBody, so only the beginning was kept",
			e.Length))
	}
	for _, members := range [][]member{e.members(), e.Request.members()} {
		for _, m := range members {
			if t, ok := m.value.(*text); ok && m.trait&whole == 0 && len(*t) > mostText {
				*t = text(short(string(*t), mostText))
				e.unrunnable("its " + strings.ReplaceAll(m.name, "_", " ") + " is longer than 64 KiB")
			}
		}
	}
	size := 0
	for name, values := range e.Request.Header {
		size += len(name)
		for _, v := range values {
			size += len(v)
		}
	}
	if size > mostHeader {
		e.Request.Header = nil
		e.unrunnable("its headers are longer than 1 MiB")
	}
}

// filter calls Config.Filter. It fails closed: after a panic nothing is stored, because it is unknown
// what the filter would have removed. What says which event the entry is cannot be changed by a filter.
func (j *Journal) filter(e *Entry) (kept bool, err error) {
	if j.cfg.Filter == nil {
		return true, nil
	}
	defer func() {
		if r := recover(); r != nil {
			kept, err = false, fmt.Errorf("journal: Config.Filter panicked, so the event was not kept: %.300s",
				fmt.Sprint(r))
		}
	}()
	// What decides where, as whom and whether the event runs again is set back afterwards. A filter is
	// for leaving out, and a slip in it must not let something run that was never proved.
	was, digest := *e, sha256.Sum256(e.Body)
	e.Body = slices.Clone(e.Body) // a filter that blanks bytes in place must not change what the signal reads
	e.Request.Header = e.Request.Header.Clone()
	e.Receivers = slices.Clone(e.Receivers)
	if !j.cfg.Filter(e) {
		return false, nil
	}
	// Fails closed: what the filter has removed from the error must not stand in its parts, of which it may not know.
	if e.Err != was.Err && slices.Equal(e.Receivers, was.Receivers) {
		for i := range e.Receivers {
			e.Receivers[i].Err = ""
		}
	}
	before := was.members()
	for i, m := range e.members() {
		if m.trait&fixed != 0 {
			reflect.ValueOf(m.value).Elem().Set(reflect.ValueOf(before[i].value).Elem())
		}
	}
	//lint:notsecret both are of bodies that the filter has
	if now := sha256.Sum256(e.Body); now != digest {
		e.Digest = now // the other would confirm a guess at what was removed
		e.unrunnable("Config.Filter has changed its body")
	}
	return true, nil
}

// stored loads entries. One that cannot be read is replaced by what its row says: the new failure holds
// the event whole, and must not be lost because an older blob is forged, or its key is gone.
func (j *Journal) stored(ctx context.Context, ids []ID) (map[ID]*Entry, error) {
	rows, err := j.store.Load(ctx, ids)
	if err != nil {
		return nil, err
	}
	stored := make(map[ID]*Entry, len(rows))
	for _, row := range rows {
		e, err := j.decode(ctx, row)
		switch {
		case errors.Is(err, ErrForged), errors.Is(err, ErrSealed):
			slog.WarnContext(ctx, "journal: an entry cannot be read, and is replaced by a newer failure of its event",
				"entry", string(row.ID), "error", err)
			e = &Entry{ID: row.ID, Revision: row.Revision, State: row.State}
		case err != nil:
			return nil, err
		}
		stored[row.ID] = e
	}
	return stored, nil
}

// merged returns what is to be stored: each new entry merged with the one that is there. New entries of
// a full endpoint are left out.
func (j *Journal) merged(
	ctx context.Context, list []*Entry, stored map[ID]*Entry, full map[string]bool,
) ([]*Entry, []Row, error) {
	merged := make([]*Entry, 0, len(list))
	rows := make([]Row, 0, len(list))
	for _, e := range list {
		old := stored[e.ID]
		// The provider has it, and sends it again: what is lost is that it is seen here.
		if old == nil && e.State == Open && full[e.Endpoint] {
			j.lost.Add(1)
			continue
		}
		if old != nil {
			e = merge(old, e)
			e.Revision = old.Revision
		}
		row, err := j.encode(ctx, e)
		if err != nil {
			return nil, nil, err
		}
		merged, rows = append(merged, e), append(rows, row)
	}
	// In one order, so that two calls that share entries do not lock each other out.
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return merged, rows, nil
}

// merge returns a newer failure of the event of old. It shares slices with both and changes neither.
func merge(old, newer *Entry) *Entry {
	e := newer.shallow()
	e.Attempts += old.Attempts
	if old.First.Before(e.First) && !old.First.IsZero() {
		e.First = old.First
	}
	if old.Last.After(e.Last) {
		e.Last = old.Last
	}
	e.Runs, e.RunCount = old.Runs, old.RunCount
	if !old.First.IsZero() { // else the old one could not be read, and is replaced
		e.Series = old.Series
	}
	switch {
	case old.State == Parked && e.State == Open:
		// Fails closed: an open entry expires sooner, and is closed as soon as the store knows the
		// event as done.
		e.State, e.Token = Parked, old.Token
		e.Finished = union(old.Finished, e.Finished)
	// The provider's retries of an event that a person has given up. Once it gives up as well, and the
	// event is parked, the entry comes back.
	case old.State == Dismissed && e.State == Open:
		e.State = Dismissed
	case e.State == Parked:
		e.Token = joinTokens(old.Token, e.Token)
	}
	return e
}

// joinTokens adds the tokens of a newer parking. Two deliveries can park one event, the first of which
// has lost its claim, and nothing says whose write comes last: the entry must know the token that the
// event was committed with.
func joinTokens(old, newer []byte) []byte {
	const size, most = 8, 16 * 8
	if len(old)%size != 0 || len(newer)%size != 0 {
		return newer
	}
	out := slices.Clone(newer)
	for ; len(old) > 0 && len(out) < most; old = old[size:] {
		known := false
		for i := 0; i < len(out); i += size {
			known = known || bytes.Equal(out[i:i+size], old[:size])
		}
		if !known {
			out = append(out, old[:size]...)
		}
	}
	return out
}

// union returns all names of both lists, each once.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// finish shows the caller what was stored.
func (j *Journal) finish(ctx context.Context, entries, list, merged []*Entry, stored map[ID]*Entry) {
	byID := make(map[ID]*Entry, len(merged))
	// The store has counted the revision up.
	for _, e := range merged {
		e.Revision++
		byID[e.ID] = e
		if e.State == Open && stored[e.ID] == nil {
			j.open.add(e.Endpoint)
		}
	}
	for _, e := range entries {
		if kept := byID[e.ID]; kept != nil {
			*e = *kept
		}
	}
	// Parked entries may be part of the app's transaction, which must not wait for anything more: see
	// Parked.
	if !slices.ContainsFunc(list, func(e *Entry) bool { return e.State == Parked }) {
		j.prune(ctx)
	}
}

func idsOf(list []*Entry) []ID {
	ids := make([]ID, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	return ids
}
