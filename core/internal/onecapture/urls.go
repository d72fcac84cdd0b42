package onecapture

import (
	"net/url"
	"slices"
	"strings"
)

func methods(l *changes) {
	l.begin("method", false)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if method == l.source.Method {
			continue
		}
		l.edit("the method is "+method, func(c *Capture) { c.Method = method })
		l.edit("the method is "+method+" without a body", func(c *Capture) { c.Method, c.Body = method, []byte{} })
	}
	l.edit("the method is in lower case", func(c *Capture) { c.Method = strings.ToLower(c.Method) })
}

func hosts(l *changes) {
	l.begin("host", true)
	host := l.source.Host
	for name, text := range map[string]string{
		"another host": "other.example", "the host in upper case": strings.ToUpper(host),
		"the host with a dot at its end": host + ".",
		"the host with the default port": host + ":443", "the host with another port": host + ":8443",
		"the host with an empty port": host + ":", "the host with a user": "user@" + host,
	} {
		l.edit(name, func(c *Capture) { c.Host = text })
	}
	if at := strings.LastIndexByte(l.source.Target, '/'); at > 0 {
		before, after := l.source.Target[:at], l.source.Target[at:]
		for name, text := range map[string]string{
			"the host takes the path but its end":          before,
			"the host takes the path but its end, escaped": strings.ReplaceAll(before, "/", "%2F"),
		} {
			l.edit(name, func(c *Capture) { c.Host, c.Target = host+text, after })
		}
	}
	sortFrom(l, "host")
}

// sortFrom orders the changes of a group that came from a map, because choices by a seed must repeat.
func sortFrom(l *changes, group string) {
	at := slices.IndexFunc(l.all, func(c Change) bool { return c.Group == group })
	if at >= 0 {
		slices.SortStableFunc(l.all[at:], func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	}
}

func paths(l *changes) {
	l.begin("path", true)
	path, query, hasQuery := strings.Cut(l.source.Target, "?")
	if hasQuery {
		query = "?" + query
	}
	last := path[len(path)-1:]
	escaped := path[:len(path)-1] + "%" + strings.ToUpper(hexOf(last))
	for _, p := range []struct{ name, text string }{
		{"the path ends in a slash", path + "/"}, {"the path begins with two slashes", "/" + path},
		{"the path has a dot segment", "/." + path}, {"the path goes up and down", "/x/.." + path},
		{"the path ends in a dot segment", path + "/."}, {"another path", "/other"},
		{"the path in upper case", strings.ToUpper(path)}, {"the path's last letter is escaped", escaped},
		{"the path's last letter is escaped in lower case", strings.ToLower(escaped)},
		{"the path has a parameter", path + ";a=b"}, {"the path ends in an escaped blank", path + "%20"},
		{"the path ends in a blank", path + " "}, {"the path ends in two escaped slashes", path + "%2F%2f"},
		{"the path ends in an escaped question mark", path + "%3F"}, {"the path ends in a number sign", path + "#a"},
		{"the path has an escaped zero", path + "%00"},
	} {
		l.edit(p.name, func(c *Capture) { c.Target = p.text + query })
	}
}

func hexOf(text string) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[text[0]>>4], digits[text[0]&15]})
}

func queries(l *changes) {
	l.begin("query", true)
	query := l.source.query()
	for _, q := range []string{"a=1", "bodySHA256=" + strings.Repeat("0", 64), "{", "data.id=2", "x y"} {
		l.edit("the query gets "+q, func(c *Capture) { c.setQuery(strings.TrimPrefix(query+"&"+q, "&")) })
	}
	l.edit("a question mark is added to the URL", func(c *Capture) { c.Target += "?" })
	if query == "" {
		return
	}
	l.edit("the query is dropped", func(c *Capture) { c.setQuery("") })
	l.begin("query", true)
	editPairs(l, "the query", query, func(c *Capture, text string) { c.setQuery(text) })
	for _, p := range split(query) {
		l.edit("the query's "+p.name+" moves into the body's form", func(c *Capture) {
			kept := slices.DeleteFunc(split(query), func(q pair) bool { return q == p })
			c.setQuery(joined(kept))
			c.Body = []byte(strings.TrimPrefix(string(c.Body)+"&"+p.text(), "&"))
		})
	}
}

// pair is one field of a form or a query, as it is written.
type pair struct {
	name, value string
	equals      bool
}

func (p pair) text() string {
	if !p.equals {
		return p.name
	}
	return p.name + "=" + p.value
}

func split(text string) (all []pair) {
	if text == "" {
		return nil
	}
	for field := range strings.SplitSeq(text, "&") {
		name, value, equals := strings.Cut(field, "=")
		all = append(all, pair{name, value, equals})
	}
	return all
}

func joined(all []pair) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.text()
	}
	return strings.Join(texts, "&")
}

// editPairs adds the changes that a form and a query have in common.
func editPairs(l *changes, what, text string, set func(c *Capture, text string)) {
	all := split(text)
	edit := func(name string, change func(all []pair) []pair) {
		l.edit(what+name, func(c *Capture) { set(c, joined(change(slices.Clone(all)))) })
	}
	raw := func(name, text string) { l.edit(what+name, func(c *Capture) { set(c, text) }) }
	raw(" ends in an ampersand", text+"&")
	raw(" begins with an ampersand", "&"+text)
	raw(" has two ampersands", strings.Replace(text, "&", "&&", 1))
	raw(" has semicolons between its fields", strings.ReplaceAll(text, "&", ";"))
	raw(" ends in an empty field", text+"&=")
	raw(" ends in a line feed", text+"\n")
	raw(" ends in a carriage return and a line feed", text+"\r\n")
	raw(" has its escapes in the other case", swapEscapes(text))
	raw(" has blanks for its plus signs", strings.ReplaceAll(text, "+", "%20"))
	raw(" has plus signs for its blanks", strings.ReplaceAll(text, "%20", "+"))
	edit(" is reversed", func(all []pair) []pair { slices.Reverse(all); return all })
	edit(" has a further field", func(all []pair) []pair { return append(all, pair{"zz", "1", true}) })
	edit(" has a further field in front", func(all []pair) []pair { return append([]pair{{"AA", "1", true}}, all...) })
	for i, p := range all[:min(len(all), 12)] {
		for _, e := range pairEdits() {
			edit(": its field "+p.name+" "+e.name, func(all []pair) []pair { return e.change(all, i) })
		}
	}
}

type pairEdit struct {
	name   string
	change func(all []pair, i int) []pair
}

// pairEdits are changes of one field.
func pairEdits() []pairEdit {
	one := func(change func(p *pair)) func([]pair, int) []pair {
		return func(all []pair, i int) []pair { change(&all[i]); return all }
	}
	return []pairEdit{
		{"is dropped", func(all []pair, i int) []pair { return slices.Delete(all, i, i+1) }},
		{"comes twice", func(all []pair, i int) []pair { return append(all, all[i]) }},
		{"comes twice, once with another value in front", func(all []pair, i int) []pair {
			return append([]pair{{all[i].name, "x", true}}, all...)
		}},
		{
			"comes twice, once with another value behind",
			func(all []pair, i int) []pair { return append(all, pair{all[i].name, "x", true}) },
		},
		{"comes twice, once empty", func(all []pair, i int) []pair { return append(all, pair{all[i].name, "", true}) }},
		{"is empty", one(func(p *pair) { p.value = "" })},
		{"has no equals sign", one(func(p *pair) { p.value, p.equals = "", false })},
		{"has its name escaped", one(func(p *pair) { p.name = escapeAll(p.name) })},
		{"has its value escaped", one(func(p *pair) { p.value = escapeAll(p.value) })},
		{"has its value escaped in lower case", one(func(p *pair) { p.value = strings.ToLower(escapeAll(p.value)) })},
		{"has its value unescaped", one(func(p *pair) {
			if text, err := url.QueryUnescape(p.value); err == nil {
				p.value = strings.NewReplacer("&", "%26", "+", "%2B", "%", "%25", "=", "=").Replace(text)
			}
		})},
		{"has its name in upper case", one(func(p *pair) { p.name = strings.ToUpper(p.name) })},
		{"has a blank before its name", one(func(p *pair) { p.name = "+" + p.name })},
		{"has a blank behind its name", one(func(p *pair) { p.name += "+" })},
		{"has a blank behind its value", one(func(p *pair) { p.value += "+" })},
		{"has a line feed behind its value", one(func(p *pair) { p.value += "%0A" })},
		{"has brackets behind its name", one(func(p *pair) { p.name += "[]" })},
		{"loses its name's last letter to the value", shift(1)},
		{"loses its name's last two letters to the value", shift(2)},
		{"gets its value's first letter into its name", shift(-1)},
		{"gets its value's first two letters into its name", shift(-2)},
		{"has its whole value in its name", shift(-1 << 20)},
		{"has a first letter for a name", shift(1 << 20)},
		{"is merged with the next", mergeNext},
		{"is divided in its value", divide},
	}
}

// shift moves letters from the end of the name to the start of the value, or, where n is negative, back.
func shift(n int) func([]pair, int) []pair {
	return func(all []pair, i int) []pair {
		name, err := url.QueryUnescape(all[i].name)
		value, err2 := url.QueryUnescape(all[i].value)
		if err != nil || err2 != nil || name == "" {
			return all
		}
		text := name + value
		at := min(max(len(name)-n, 1), len(text))
		all[i] = pair{url.QueryEscape(text[:at]), url.QueryEscape(text[at:]), true}
		return all
	}
}

// mergeNext makes one field of two: the next one's name and value join the value.
func mergeNext(all []pair, i int) []pair {
	if i+1 >= len(all) {
		return all
	}
	next := all[i+1]
	all[i].value, all[i].equals = all[i].value+next.name+next.value, true
	return slices.Delete(all, i+1, i+2)
}

// divide makes two fields of one, whose texts joined are the same.
func divide(all []pair, i int) []pair {
	value, err := url.QueryUnescape(all[i].value)
	if err != nil || len(value) < 3 {
		return all
	}
	half := len(value) / 2
	rest := pair{url.QueryEscape(value[half : half+1]), url.QueryEscape(value[half+1:]), true}
	all[i].value = url.QueryEscape(value[:half])
	return slices.Insert(all, i+1, rest)
}

func escapeAll(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for i := range len(plain) {
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(hexOf(plain[i:])))
	}
	return b.String()
}

func swapEscapes(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], swapCase(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, text)
}
