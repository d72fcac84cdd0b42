package main

// ofTheJournal break what keeps an event from vanishing, from being read, and from running without a proof.
func ofTheJournal() []mutation {
	const (
		keep, codec, pack, seal = "core/journal/keep.go", "core/journal/codec.go", "core/journal/pack.go", "core/journal/seal.go"
		memory, prune, run      = "core/journal/memory.go", "core/journal/prune.go", "core/journal/run.go"
		text, hook, headers     = "core/journal/text.go", "core/journal/hook.go", "core/journal/headers.go"
	)
	return []mutation{
		{name: "entries are stored in plain while the keys are missing", file: pack, old: "return j.sealer.seal(ctx, out, row)", new: "if b, err := j.sealer.seal(ctx, out, row); err == nil {\n\t\treturn b, nil\n\t}\n\treturn append([]byte{formPlain}, out...), nil"},
		{name: "a sealed journal takes plain entries", file: pack, old: "case j.sealer != nil:", new: "case false:"},
		{name: "a few bytes may expand to gigabytes", file: pack, old: "out, err := io.ReadAll(io.LimitReader(z, MaxBlob+1))\n\t\tif err != nil || len(out) > MaxBlob {", new: "out, err := io.ReadAll(z)\n\t\tif err != nil {"},
		{name: "a seal does not bind the ID", file: seal, old: "[]string{string(row.ID), row.Endpoint}", new: "[]string{row.Endpoint}"},
		{name: "a key of any length seals", file: seal, old: "if len(value) < leastKey {", new: "if len(value) < 1 {"},
		{name: "a journal without a key is none", file: seal, old: "if len(r.keys) == 0 {", new: "if false {"},
		{name: "the newest key alone opens", file: seal, old: "for i := range r.keys {\n\t\tk := &r.keys[i]\n\t\t// The id", new: "for i := range r.keys[:1] {\n\t\tk := &r.keys[i]\n\t\t// The id"},
		{name: "a blob of another entry is read", file: codec, old: "case e.ID != row.ID,", new: "case "},
		{name: "a dismissed entry can be made parked again in a plain journal", file: codec, old: " e.State != row.State,", new: ""},
		{name: "an older blob passes for the newest in a plain journal", file: codec, old: " e.Revision != row.Revision,", new: ""},
		{name: "a body runs that is not the one that was proved", file: codec, old: "sha256.Sum256(e.Body) != e.Digest):", new: "false):"},
		{name: "text that is not UTF-8 is replaced", file: text, old: "if !utf8.ValidString(s) {", new: "if false {"},
		{name: "an endpoint's name is written as it is", file: codec, old: "if len(name) <= MaxEndpoint && utf8.ValidString(name) && !strings.Contains(name, \"\\x00\") {", new: "if len(name) <= MaxEndpoint && utf8.ValidString(name) && !strings.Contains(name, \"\\x00\\x00\") {"},
		{name: "a text is cut within a character", file: text, old: "!utf8.RuneStart(s[at]) {", new: "false {"},
		{name: "a retry makes a parked entry open", file: keep, old: "case old.State == Parked && e.State == Open:", new: "case false:"},
		{name: "a parked entry forgets the token of its parking", file: keep, old: "e.State, e.Token = Parked, old.Token", new: "e.State = Parked"},
		{name: "a retry brings a dismissed entry back", file: keep, old: "case old.State == Dismissed && e.State == Open:", new: "case false:"},
		{name: "a dismissed event that is parked stays closed", file: keep, old: "case old.State == Dismissed && e.State == Open:", new: "case old.State == Dismissed:"},
		{name: "runs are forgotten at the next failure", file: keep, old: "e.Runs, e.RunCount = old.Runs, old.RunCount", new: ""},
		{name: "a write that met another is given up", file: keep, old: "case !errors.Is(err, ErrChanged):", new: "default:"},
		{name: "an unreadable entry keeps its event from being kept", file: keep, old: "case errors.Is(err, ErrForged), errors.Is(err, ErrSealed):\n\t\t\tslog", new: "case false:\n\t\t\tslog"},
		{name: "nobody checks what a filter made of an entry", file: keep, old: "if m.trait&fixed != 0 {", new: "if false {"},
		{name: "a body that a filter changed runs", file: keep, old: "e.unrunnable(\"Config.Filter has changed its body\")", new: ""},
		{name: "a filter that panics leaves the entry as it was", file: keep, old: "kept, err = false, fmt.Errorf(\"journal: Config.Filter panicked", new: "kept, err = true, nil\n\t\t\t_ = fmt.Errorf(\"journal: Config.Filter panicked"},
		{name: "a filter writes into the delivery", file: keep, old: "e.Body = slices.Clone(e.Body) //", new: "//"},
		{name: "a body that was cut off runs", file: keep, old: "if e.Length != int64(len(e.Body)) {", new: "if false {"},
		{name: "credentials are kept that a guard handed over", file: keep, old: "delete(e.Request.Header, name)", new: "_ = name"},
		{name: "an operator can have cookies kept", file: headers, old: "case slices.Contains(forbidden(), canonical):", new: "case false:"},
		{name: "open entries of an endpoint have no bound", file: keep, old: "if old == nil && e.State == Open && full[e.Endpoint] {", new: "if false {"},
		{name: "an endpoint with too many open entries keeps nothing parked", file: keep, old: "if old == nil && e.State == Open && full[e.Endpoint] {", new: "if old == nil && full[e.Endpoint] {"},
		{name: "parked entries make room", file: memory, old: "case s == Open:\n\t\treturn", new: "case s == Open, s == Parked:\n\t\treturn"},
		{name: "open entries make room before closed ones", file: memory, old: "range m.drop {", new: "range [2][]Cursor{m.drop[1], m.drop[0]} {"},
		{name: "memory makes room that is not enough", file: memory, old: "if rows > 0 || size > 0 {\n\t\treturn false", new: "if rows > 0 || size > 0 {\n\t\tfor _, id := range drop {\n\t\t\tm.remove(id)\n\t\t}\n\t\treturn false"},
		{name: "pruning removes what has changed meanwhile", file: prune, old: "if pruner, ok := j.store.(Pruner); ok {", new: "if pruner, ok := j.store.(Pruner); ok && false {"},
		{name: "parked entries expire with the open ones", file: prune, old: "[][]State{{Done, Dismissed}, {Open}, {Parked}}", new: "[][]State{{Done, Dismissed}, {Open, Parked}}"},
		{name: "nobody hears that parked entries expire", file: prune, old: "j.announce(ctx, now)", new: ""},
		{name: "pruning runs in the receiver's transaction", file: keep, old: "return e.State == Parked }) {", new: "return false }) {"},
		{name: "two runs are recorded as one", file: run, old: "if stored.RunCount != runs {", new: "if runs < 0 {"},
		{name: "a run is not recorded while a retry is", file: run, old: "if stored.RunCount != runs {", new: "if runs < 0 || stored.Revision != e.Revision {"},
		{name: "a person dismisses what they have not seen", file: run, old: "if revision != 0 && stored.Revision != revision {", new: "if false {"},
		{name: "an event that failed again is closed as done", file: run, old: "if stored.Revision != row.Revision || stored.State != Open {", new: "if stored.State != Open {"},
		{name: "a hook that panics ends the process", file: hook, old: "if r := recover(); r != nil {", new: "if r := any(nil); r != nil {"},
		{name: "a hook reads the buffers of the next delivery", file: hook, old: "h.waiting = append(h.waiting, e.Clone())", new: "h.waiting = append(h.waiting, e)"},
		{name: "the hook's entries fill the memory", file: hook, old: "case len(h.waiting) >= hookWaiting, len(h.waiting) > 0", new: "case len(h.waiting) > 0"},
		{name: "large bodies that wait for the hook fill the memory", file: hook, old: ", len(h.waiting) > 0 && h.size+len(e.Body) > hookBytes:", new: ":"},
		{name: "everybody who fails counts the open entries", file: "core/journal/opencount.go", old: "is.at = time.Now()\n\tc.known[endpoint] = is", new: "is.at = time.Now()"},
	}
}
