package onecapture

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// member is one value of a JSON document: where its name and its text stand.
type member struct {
	path             string
	nameFrom, nameTo int // of a member of an object; equal: an item of a list
	from, to         int
}

func (m *member) named() bool { return m.nameFrom < m.nameTo }

// members finds every value of a document, at most 60; none where it is not JSON.
func members(doc []byte) []member {
	if !json.Valid(doc) {
		return nil
	}
	w := &walker{doc: doc}
	w.value("")
	return w.all[:min(len(w.all), 60)]
}

// leaves are the texts and the numbers.
func leaves(doc []byte) []member {
	return slices.DeleteFunc(members(doc), func(m member) bool {
		return m.path == "" || m.to-m.from > 4096 || !strings.ContainsRune(`"-0123456789`, rune(doc[m.from]))
	})
}

// walker walks through a valid document.
type walker struct {
	doc []byte
	at  int
	all []member
}

func (w *walker) blanks() {
	for w.at < len(w.doc) && strings.IndexByte(" \t\r\n", w.doc[w.at]) >= 0 {
		w.at++
	}
}

func (w *walker) text() {
	for w.at++; w.doc[w.at] != '"'; w.at++ {
		if w.doc[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
}

func (w *walker) value(path string) (from, to int) {
	w.blanks()
	from = w.at
	n := len(w.all)
	w.all = append(w.all, member{path: path})
	switch w.doc[w.at] {
	case '{', '[':
		w.children(path)
	case '"':
		w.text()
	default:
		for w.at < len(w.doc) && strings.IndexByte(" \t\r\n,]}", w.doc[w.at]) < 0 {
			w.at++
		}
	}
	w.all[n].from, w.all[n].to = from, w.at
	return from, w.at
}

func (w *walker) children(path string) {
	object := w.doc[w.at] == '{'
	w.at++
	for i := 0; ; i++ {
		w.blanks()
		switch w.doc[w.at] {
		case '}', ']':
			w.at++
			return
		case ',':
			w.at++
			w.blanks()
		}
		name, nameFrom, nameTo := strconv.Itoa(i), 0, 0
		if object {
			nameFrom = w.at
			w.text()
			nameTo = w.at
			name = string(w.doc[nameFrom+1 : nameTo-1])
			w.blanks()
			w.at++ // the colon
		}
		n := len(w.all)
		w.value(path + "/" + name)
		w.all[n].nameFrom, w.all[n].nameTo = nameFrom, nameTo
	}
}

// quote writes a text as JSON does.
func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(data)
}

// documents changes a body that is JSON, also where it stands in a field of a form.
func documents(l *changes) {
	l.begin("JSON", false)
	s := l.source
	editDocument(l, "the body's ", s.Body, func(c *Capture, doc []byte) { c.Body = doc })
	if !s.isForm() {
		return
	}
	pairs := split(string(s.Body))
	for i, p := range pairs {
		editDocument(l, "the form's "+p.name+" ", []byte(unescaped(p.value)), func(c *Capture, doc []byte) {
			changed := slices.Clone(pairs)
			changed[i].value = escapeAll(strings.ReplaceAll(string(doc), "%", "%25"))
			c.Body = []byte(joined(changed))
		})
	}
}

func editDocument(l *changes, what string, doc []byte, set func(c *Capture, doc []byte)) {
	all := members(doc)
	if len(all) == 0 {
		return
	}
	put := func(name string, from, to int, text string) {
		if string(doc[from:to]) != text {
			l.edit(what+name, func(c *Capture) { set(c, slices.Concat(doc[:from], []byte(text), doc[to:])) })
		}
	}
	for _, m := range all {
		if m.path == "" {
			continue
		}
		where, value := "member "+m.path, string(doc[m.from:m.to])
		put(where+" has a space in front", m.from, m.from, " ")
		put(where+" has a line feed behind", m.to, m.to, "\n")
		for _, other := range []string{`null`, `[]`, `{}`, `true`, `""`, `"other"`, `0`, "[" + value + "]", `{"a":` +
			value + "}"} {
			put(where+" is "+short(other), m.from, m.to, other)
		}
		for _, t := range valueForms(value) {
			put(where+" "+t.name, m.from, m.to, t.text)
		}
		if m.named() {
			nameForms(put, where, doc, &m)
		}
	}
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, end := range []struct{ name, text string }{
		{"gets a deep member", `"zz":` + deep}, {"gets a further member", `"zz":1`},
		{"gets an empty name", `"":1`}, {"gets a text that is not UTF-8", "\"zz\":\"\xff\""},
	} {
		first := all[0]
		if doc[first.from] == '{' && len(all) > 1 {
			put("whole "+end.name, first.to-1, first.to-1, ","+end.text)
			put("whole "+end.name+" in front", first.from+1, first.from+1, end.text+",")
		}
	}
}

func short(text string) string {
	if len(text) > 20 {
		return text[:20] + "..."
	}
	return text
}

type valueForm struct{ name, text string }

// valueForms writes one value in other forms that mean the same, or nearly.
func valueForms(value string) (all []valueForm) {
	switch {
	case value[0] == '"' && len(value) > 2:
		var text string
		if json.Unmarshal([]byte(value), &text) != nil {
			return nil
		}
		return []valueForm{
			{"is escaped", `"` + escapeJSON(text) + `"`}, {"has its letters in the other case", swapCase(value)},
			{"has a blank behind", value[:len(value)-1] + ` "`},
			{"is no text", text}, {"has a zero byte", value[:len(value)-1] + `\u0000"`},
			{"has its first letter escaped", `"` + escapeJSON(text[:1]) + value[2:]},
		}
	case value[0] >= '0' && value[0] <= '9' || value[0] == '-':
		return []valueForm{
			{"has a fraction", value + ".0"}, {"has an exponent", value + "e0"},
			{"has another exponent", value + "0e-1"}, {"is a text", `"` + value + `"`},
			{"is negative", "-" + value}, {"has a leading zero", "0" + value},
		}
	case value == "true" || value == "false":
		return []valueForm{{"is a text", `"` + value + `"`}, {"is a number", "1"}}
	}
	return nil
}

func escapeJSON(text string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, r := range text {
		if r > 0xffff {
			b.WriteRune(r)
			continue
		}
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(digits[r>>shift&15])
		}
	}
	return b.String()
}

// nameForms changes the name of a member, and adds others of its name.
func nameForms(put func(name string, from, to int, text string), where string, doc []byte, m *member) {
	name := string(doc[m.nameFrom:m.nameTo])
	plain := name[1 : len(name)-1]
	if plain == "" {
		return
	}
	put(where+" has its name escaped", m.nameFrom, m.nameTo, `"`+escapeJSON(plain)+`"`)
	put(where+" has its name in upper case", m.nameFrom, m.nameTo, strings.ToUpper(name))
	put(where+" has another name", m.nameFrom, m.nameTo, `"zz"`)
	value := string(doc[m.from:m.to])
	for _, twin := range []struct{ name, text string }{
		{"with the same value", name + ":" + value}, {"with another value", name + `:"other"`},
		{"that is null", name + ":null"},
		{"in upper case", strings.ToUpper(name) + `:"other"`},
		{"with its first letter in upper case", `"` + strings.ToUpper(plain[:1]) + plain[1:] + `":"other"`},
		{"with its name escaped", `"` + escapeJSON(plain) + `":"other"`},
		{"with a long s", `"` + strings.ReplaceAll(plain, "s", "\u017f") + `":"other"`},
	} {
		put(where+" has a twin behind it "+twin.name, m.to, m.to, ","+twin.text)
		put(where+" has a twin in front "+twin.name, m.nameFrom, m.nameFrom, twin.text+",")
	}
}
