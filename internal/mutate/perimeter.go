package main

// ofThePerimeter break who may connect, and how.
func ofThePerimeter() []mutation {
	const transport, trace, sources, rate, buckets = "core/internal/origin/transport.go", "core/internal/origin/trace.go", "core/internal/origin/source.go", "core/ratelimit.go", "core/internal/buckets/buckets.go"
	const sender = "core/internal/sender/sender.go"
	counting := []string{"./core/internal/buckets", "./core"}
	return []mutation{
		{name: "plain HTTP is accepted where no proxy is configured", file: transport, old: "if len(p.Proxies) == 0 {", new: "if len(p.Proxies) == 0 {\n\t\treturn fault.Failure{}\n\t}\n\tif false {"},
		{name: "plain HTTP is accepted from peers that are not trusted", file: transport, old: "if !o.Trusted {", new: "if !o.Trusted {\n\t\treturn fault.Failure{}\n\t}\n\tif false {"},
		{name: "an absolute target proves https", file: transport, old: "if absolute {\n\t\treturn fault.New(", new: "if absolute {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},
		{name: "a proxy that says http is trusted to mean https", file: transport, old: "case schemeHTTPS:\n\t\treturn fault.Failure{}", new: "case schemeHTTPS, schemeHTTP:\n\t\treturn fault.Failure{}\n\t}\n\tswitch s {"},
		{name: "a proxy that says nothing is trusted to mean https", file: transport, old: "case schemeHTTPS:\n\t\treturn fault.Failure{}", new: "case schemeHTTPS, schemeSilent:\n\t\treturn fault.Failure{}\n\t}\n\tswitch s {"},
		{name: "an address without a port is the peer's", file: transport, old: "if colon < 0 || !validPort(r.RemoteAddr[colon+1:]) {\n\t\treturn netip.Addr{}\n\t}", new: "if colon < 0 || !validPort(r.RemoteAddr[colon+1:]) {\n\t\taddr, _ := netip.ParseAddr(r.RemoteAddr)\n\t\treturn addr.Unmap().WithZone(\"\")\n\t}"},
		{name: "IPv6 needs no brackets", file: transport, old: "addr.Is6() != opened || ", new: "addr.Is4() && opened || "},
		{name: "IPv4 in IPv6 is another address", file: transport, old: "return addr.Unmap().WithZone(\"\")", new: "return addr.WithZone(\"\")"},
		{name: "the parsed path is signed in place of the one sent", file: transport, old: "target := r.RequestURI\n", new: "target := r.URL.Path + \"?\" + r.URL.RawQuery\n"},

		{name: "forwarding headers are trusted from anybody", file: trace, old: "if o.Trusted = containsAddr(p.Proxies, o.Peer); !o.Trusted {", new: "if o.Trusted = len(p.Proxies) > 0; !o.Trusted {"},
		{name: "the left-most hop is the sender", file: trace, old: "if !containsAddr(p.Proxies, addr) {\n\t\t\t\treturn source, \"\"", new: "if false {\n\t\t\t\treturn source, \"\""},
		{name: "the right-most hop is the sender, though it is a proxy", file: trace, old: "if !containsAddr(p.Proxies, addr) {\n\t\t\t\treturn source, \"\"", new: "if true {\n\t\t\t\treturn source, \"\""},
		{name: "garbage among the hops is passed over", file: trace, old: "if !ok {\n\t\t\t\treturn netip.Addr{}, \"a hop", new: "if !ok {\n\t\t\t\treturn source, \"\"\n\t\t\t}\n\t\t\tif false {\n\t\t\t\treturn netip.Addr{}, \"a hop"},
		{name: "the first of two X-Forwarded-Proto wins", file: trace, old: "case len(values) > 1:", new: "case false:"},
		{name: "X-Forwarded-Proto and Forwarded may disagree", file: trace, old: "o.scheme = schemeDisagree", new: "o.scheme = said"},
		{name: "X-Forwarded-For and Forwarded may disagree", file: trace, old: "case o.Source != addr:", new: "case false:"},
		{name: "a malformed Forwarded is passed over", file: trace, old: "if !chain.parse(lines) {", new: "if !chain.parse(lines) {\n\t\treturn\n\t}\n\tif false {"},
		{name: "any number of hops", file: "core/internal/origin/forwarded.go", old: "const maxHops = 16", new: "const maxHops = 16000"},
		{name: "a parameter may come twice in Forwarded", file: "core/internal/origin/forwarded.go", old: "if seen[which] {", new: "if false {"},

		{name: "any source is allowed", file: sources, old: "if set.Contains(o.Source) {", new: "if true {"},
		{name: "a source that is unknown is allowed", file: sources, old: "if !o.Source.IsValid() {\n\t\treturn fault.New(", new: "if !o.Source.IsValid() {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},
		{name: "without a list everybody is allowed", file: sources, old: "if err != nil || set == nil {\n\t\treturn fault.New(", new: "if err != nil || set == nil {\n\t\treturn fault.Failure{}\n\t}\n\tif false {\n\t\treturn fault.New("},
		{name: "an address just behind a range is in it", file: sources, old: "addr.Compare(s.ranges[at-1].to) <= 0", new: "addr.Compare(s.ranges[at-1].to.Next()) <= 0"},
		{name: "a list of the whole internet is accepted", file: sources, old: "if !r.from.Prev().IsValid() && !r.to.Next().IsValid() {", new: "if !r.from.IsValid() {"},

		{name: "rates have no limit", file: buckets, old: "if wait := then - now - t.depth; wait > 0 {", new: "if wait := then - now - t.depth; wait > 1e18 {", in: counting},
		{name: "the table of sources grows without an end", file: buckets, old: "if t.sweep(now); len(t.own) >= t.most {", new: "if t.sweep(now); len(t.own) < 0 {", in: counting},
		{name: "the table of sources forgets debts", file: buckets, old: "if b.fullAt <= now {", new: "if b.fullAt > 0 {", in: counting},
		{name: "every address of IPv6 is a source of its own", file: sender, old: "p, _ := addr.Prefix(64)", new: "p, _ := addr.Prefix(128)", in: []string{"./core"}},
		{name: "failures are not counted", file: rate, old: "if !i.counted || i.proved ||", new: "if i.counted || i.proved ||"},
		{name: "a limiter that took a while to fail is counted for as of before", file: rate, old: "now = time.Now() // it may have taken a while not to answer", new: ""},
		{name: "deliveries are not counted", file: rate, old: "return g.overRate(ctx, i, 1, time.Now())", new: "return g.overRate(ctx, i, 0, time.Now())"},
		{name: "a source that is over is let in", file: rate, old: "i.retryAfter = wait\n\treturn fault.New(reason.RateLimited, \"the source \"+nameOf(i.source)+\" sent more", new: "i.retryAfter = wait\n\tif wait > 0 {\n\t\treturn fault.Failure{}\n\t}\n\treturn fault.New(reason.RateLimited, \"the source \"+nameOf(i.source)+\" sent more"},
		{name: "too much is 429 where that loses the event", file: rate, old: "if g.answers.status == http.StatusServiceUnavailable || g.entry.Drops4xx {", new: "if false {"},
	}
}

// ofBodies break what bounds a body.
func ofBodies() []mutation {
	const body, room, slot, content = "core/internal/intake/read.go", "core/internal/intake/room.go", "core/internal/intake/slot.go", "core/content.go"
	return []mutation{
		{name: "a body of any length is read", file: body, old: "if total > limit {", new: "if false {"},
		{name: "a short body is a body", file: body, old: "case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):", new: "case false:"},
		{name: "a body of another length than declared is a body", file: body, old: "case declared >= 0 && total != declared:", new: "case false:"},
		{name: "a body that was read before is an empty one", file: body, old: "if r.ContentLength > 0 {\n\t\t\treturn nil, bodyAlreadyRead()", new: "if false {\n\t\t\treturn nil, bodyAlreadyRead()"},
		{name: "what is declared is allocated", file: body, old: "left > 0 && left <= readAhead {", new: "left > 0 {"},
		{name: "a delivery keeps the buffer that the next body is read into", file: "core/scratch.go", old: "i.body, i.borrowed = body, false", new: "i.borrowed = false"},
		{name: "a large body stays in the buffer that the next one is read into", file: "core/internal/intake/buffer.go", old: "return first == &b.small[0] || b.large != nil && first == &b.large[0]", new: "return first == &b.small[0]"},
		{name: "a form that was parsed before is no matter", file: body, old: "if len(r.PostForm) > 0 || r.MultipartForm != nil {", new: "if false {"},
		{name: "any number of bodies is held", file: room, old: "if !s.makeRoom(time.Now()) {", new: "if s.used >= 0 {\n\t\t\tbreak\n\t\t}\n\t\tif false {"},
		{name: "a body grows beyond the room there is", file: slot, old: "for !s.giant && more > 0 && !own.fits(more) {", new: "for false {"},
		{name: "a body that is not slow has to make way", file: slot, old: "if now.Sub(s.began) < slowBody {", new: "if false {"},
		{name: "a failing source has all the room", file: room, old: "if throttled && s.countOf(slot.source, throttledBodies) >= throttledBodies {", new: "if false {"},
		{name: "bodies that were made to end count for nothing", file: slot, old: "if room.waking >= max(1, room.size/8) && own.waking >= max(1, room.reserve/8) {", new: "if false {"},
		{name: "a guard's part of the room is anybody's", file: room, old: "used -= s.room.reserve", new: "used -= 0"},
		{name: "a flooded endpoint never makes way for another one", file: room, old: "if other.excess(other.used) > most.excess(most.used) {", new: "if false {"},
		{name: "any number of bodies is larger than the room", file: slot, old: "if other := own.room.giant; other != nil && !other.end(now) {", new: "if false {"},
		{name: "a body has all the time in the world", file: "core/internal/intake/deadline.go", old: "deadline := started.Add(timeout)", new: "deadline := started.Add(time.Hour)"},
		{name: "the rest of a refused body is waited for", file: "core/internal/intake/deadline.go", old: "deadline := now.Add(drainTimeout)", new: "deadline := now.Add(time.Hour)"},
		{name: "a compressed body is accepted", file: content, old: "if enc := r.Header[\"Content-Encoding\"]; len(enc) > 1", new: "if enc := r.Header[\"Content-Encoding\"]; false && len(enc) > 1 || false && len(enc) > 1"},
		{name: "any charset is accepted", file: content, old: `if httpfield.AmbiguousContentType(r.Header["Content-Type"]) {`, new: `if httpfield.AmbiguousContentType(nil) {`},
		{name: "a declared length is not checked", file: content, old: "if r.ContentLength > most {", new: "if false {"},
		{name: "any method is taken", file: "core/internal/head/methods.go", old: "if slices.Contains(m.list, method) {", new: "if method != \"\" {"},
		{name: "a query of any length is parsed", file: "core/internal/httpfield/query.go", old: "if len(rawQuery) > maxQueryBytes {", new: "if false {"},
		{name: "a field of a form that comes twice is taken once", file: "core/internal/formscan/formscan.go", old: "if f.Count++; f.Count > 1 {", new: "if f.Count = 1; f.raw != nil {"},
		{name: "a form of any number of fields is read", file: "core/internal/formscan/formscan.go", old: "MaxFields     = 1000", new: "MaxFields     = 1 << 30"},
		{name: "a part of a form has a header of any length", file: "core/internal/formscan/multipart.go", old: "if strict {\n\t\tlook", new: "if false {\n\t\tlook", in: []string{"./core/internal/formscan"}},
		{name: "a field's name comes in pieces", file: "core/internal/formscan/multipart.go", old: "hasPrefixFold(key, \"name*\"):\n\t\t\treturn false", new: "hasPrefixFold(key, \"name*\"):\n\t\t\tcontinue", in: []string{"./core/internal/formscan"}},
		{name: "a list of any number of signed items is read", file: "core/internal/signature/frombody.go", old: "const maxSignedItems = 64", new: "const maxSignedItems = 1 << 20"},
	}
}
