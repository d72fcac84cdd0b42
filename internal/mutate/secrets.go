package main

// ofSecrets break where secrets come from, and what becomes of them when that changes or fails.
func ofSecrets() []mutation {
	const files, file, functions, renewal, ring = "core/secrets/files.go", "core/secrets/parse.go", "core/secrets/func.go", "core/secrets/renewal.go", "core/internal/keyring/keyring.go"
	return []mutation{
		{name: "files are read where links led at the start", file: files, old: "s := &fileSecrets{paths: slices.Clone(paths)}\n", new: "s := &fileSecrets{paths: slices.Clone(paths)}\n\tfor i, p := range s.paths {\n\t\tif real, err := filepath.EvalSymlinks(p); err == nil {\n\t\t\ts.paths[i] = real\n\t\t}\n\t}\n"},
		{name: "a file that cannot be read is passed over", file: files, old: "if err != nil {\n\t\t\treturn nil, moving, err\n\t\t}\n\t\tsecrets, err", new: "if err != nil {\n\t\t\tcontinue\n\t\t}\n\t\tsecrets, err"},
		{name: "a file that is malformed is passed over", file: files, old: "if err != nil {\n\t\t\treturn nil, moving, err\n\t\t}\n\t\tall", new: "if err != nil {\n\t\t\tcontinue\n\t\t}\n\t\tall"},
		{name: "a file of secrets of any length is read", file: files, old: "maxSecretFile = 64 << 10", new: "maxSecretFile = 64 << 20"},
		{name: "a pipe is read as a file", file: files, old: "if !info.Mode().IsRegular() {", new: "if false {"},
		{name: "a file is never young", file: files, old: "young := time.Since(changed) < youngFile", new: "young := time.Since(changed) < -1<<62"},

		{name: "a misspelt end of a secret's validity is none", file: file, old: "default:\n\t\t\treturn s, `it has", new: "default:\n\t\t\tcontinue\n\t\t\treturn s, `it has"},
		{name: "the end of a secret's validity is not read", file: file, old: ".ValidFrom(s.notBefore).ValidUntil(s.notAfter)", new: ".ValidFrom(s.notBefore)"},
		{name: "the beginning of a secret's validity is not read", file: file, old: ".ValidFrom(s.notBefore).ValidUntil(s.notAfter)", new: ".ValidUntil(s.notAfter)"},
		{name: "the first of two values of a secret is none", file: file, old: "if found[name] {", new: "if false {"},
		{name: "what follows a list of secrets is passed over", file: file, old: "if _, err := dec.Token(); err != io.EOF {", new: "if _, err := dec.Token(); false && err != io.EOF {"},
		{name: "half a PEM block is passed over", file: file, old: "if block != nil {\n\t\treturn", new: "if false {\n\t\treturn"},
		{name: "an error shows the file of secrets", file: file, old: "if dec.Decode(&items) != nil { // the decoder's error is dropped: it may quote a secret\n\t\treturn nil, shape", new: "if dec.Decode(&items) != nil {\n\t\treturn nil, shape + string(data)"},

		{name: "a function is asked for every delivery", file: renewal, old: "= now, now.Add(r.soft), nil, nil", new: "= now, now, nil, nil"},
		{name: "secrets are looked up once and never again", file: renewal, old: "= now, now.Add(r.soft), nil, nil", new: "= now, now.Add(1<<62), nil, nil"},
		{name: "the first delivery after a pause is checked by old secrets", file: renewal, old: "(r.list == nil || since(r.looked, now) >= r.hard && !f.late.Load())", new: "r.list == nil"},
		{name: "every delivery waits for a look that does not end", file: renewal, old: ">= r.hard && !f.late.Load())", new: ">= r.hard)"},
		{name: "a look that fails drops the last good list", file: renewal, old: "r.err, r.next = err, now.Add(min(r.soft, lookRetry))", new: "r.list, r.err, r.next = nil, err, now.Add(min(r.soft, lookRetry))"},
		{name: "nobody learns that secrets are not renewed", file: renewal, old: "lookRetry))\n\t\tr.report(now)", new: "lookRetry))"},
		{name: "a look that never ends is reported to nobody", file: renewal, old: ">= lookOverdue {", new: ">= lookOverdue*1e6 {"},
		{name: "secrets of any age are accepted", file: renewal, old: "case r.limit > 0 && age > r.limit:", new: "case r.limit > 0 && age > r.limit && r.list == nil:"},
		{name: "secrets that became too old are answered from memory", file: renewal, old: "if r.limit > 0 && r.looked.Add(r.limit).Before(until) {", new: "if false {"},
		{name: "what is being written takes effect", file: renewal, old: "for try := 0; moving && r.differs(secrets, err); try++ {", new: "for try := 0; moving && r.looked.IsZero() && r.differs(secrets, err); try++ {"},
		{name: "a look that panics ends the program", file: renewal, old: "if v := recover(); v != nil {", new: "if v := any(nil); v != nil {"},
		{name: "what a look panics with is reported", file: renewal, old: `"it panicked with a %T"`, new: `"it panicked with a %v"`},
		{name: "a tenant that is gone keeps its secrets", file: renewal, old: "r.list, r.err, r.fault, r.next = nil, err, nil, now.Add(unknownTTL)", new: "r.err, r.fault, r.next = err, nil, now.Add(unknownTTL)"},
		{name: "senders do not take turns", file: "core/secrets/lookqueue.go", old: "other.near(others, now); a != b {\n\t\treturn a < b", new: "other.near(others, now); a != b {\n\t\treturn false"},
		{name: "senders of one network do not take turns", file: "core/secrets/lookqueue.go", old: "other.missed(now)+other.running; a != b {\n\t\treturn a < b", new: "other.missed(now)+other.running; a != b {\n\t\treturn false"},
		{name: "each sender of a network has a turn of its own", file: "core/secrets/lookqueue.go", old: "return s.network.missed(now) + s.network.running", new: "return s.missed(now) + s.running"},
		{name: "no look is kept for proved senders", file: "core/secrets/lookqueue.go", old: "q.running[lineUnproved] < maxLooks-keptLooks {", new: "q.running[lineUnproved] < maxLooks {"},
		{name: "whoever joins a look waits in another's turn", file: renewal, old: "f.queue.join(f, from)\n\t\t}\n\t} else if", new: "_ = f\n\t\t}\n\t} else if"},
		{name: "any number of looks run at a time", file: "core/secrets/lookqueue.go", old: "maxLooks  = 16", new: "maxLooks  = 1600"},
		{name: "unknown tenants delay known ones", file: functions, old: "if _, known := s.known.Get(tenant); known || tenant == \"\" {", new: "if tenant == \"\" {"},
		{name: "unknown tenants displace known ones", file: functions, old: "r = s.unknown.GetOrAdd(", new: "r = s.known.GetOrAdd("},

		{name: "what is good of a bad list takes effect", file: ring, old: "if len(*m) > before {\n\t\treturn nil, notes\n\t}", new: "*m = (*m)[:before]"},
		{name: "a bad list puts the good one out of force", file: ring, old: "s.refused.Store(&refusal{list, text, time.Now()})", new: "s.refused.Store(&refusal{list, text, time.Now()})\n\t\ts.current.Store(nil)"},
		{name: "a bad list is reported to nobody", file: ring, old: "s.refused.Store(&refusal{list, text, time.Now()})", new: "_ = &refusal{list, text, time.Now()}"},
		{name: "a bad list is logged with its secrets", file: ring, old: "text := httpfield.OneLine(err.Error())", new: "text := httpfield.OneLine(err.Error())\n\t\tfor _, secret := range list.All() {\n\t\t\ttext += secret.DangerouslyReveal()\n\t\t}"},
		{name: "a new list is logged with its secrets", file: ring, old: "out[i] = s.Label()", new: "out[i] = s.DangerouslyReveal()"},
		{name: "a list that could not be renewed counts as the newest", file: ring, old: "return c.list.Fault() != nil || c.state.refused.Load() != nil", new: "return c.state.refused.Load() != nil"},
		{name: "a list that its source gives no more stays in force", file: ring, old: "if err != nil {\n\t\t\treturn nil, err\n\t\t}\n\t\treturn k.inForce(&k.alone", new: "if err != nil {\n\t\t\tif c := k.alone.current.Load(); c != nil {\n\t\t\t\treturn c, nil\n\t\t\t}\n\t\t\treturn nil, err\n\t\t}\n\t\treturn k.inForce(&k.alone"},
		{name: "a map of tenants may be changed when it was checked", file: "core/secrets/tenant.go", old: "sources: maps.Clone(sources)", new: "sources: sources"},
	}
}
