package onecapture

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// slot is a place that holds one text: a header, a parameter of the query, a field of the form, a text of the JSON.
type slot struct {
	name string
	text string
	wire bool // servers treat blanks there in a way of their own
	with func(text string) *Capture
}

// texts writes each text of a delivery in other ways.
func texts(l *changes) {
	for _, s := range slots(l.source) {
		for _, t := range writings(s.text) {
			l.begin(t.group, s.wire && t.group == "blanks")
			l.add(s.name+" "+t.name, func() *Capture { return s.with(t.text) })
		}
	}
}

func slots(s *Source) (all []slot) {
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		if len(s.Header[name]) != 1 || s.Header[name][0] == "" || name == "Content-Type" {
			continue
		}
		all = append(all, slot{"the header " + name, s.Header[name][0], true, func(text string) *Capture {
			c := s.Clone()
			c.Header[name] = []string{text}
			return c
		}})
	}
	inPairs := func(what, text string, set func(c *Capture, text string)) {
		pairs := split(text)
		for i, p := range pairs[:min(len(pairs), 12)] {
			value, err := url.QueryUnescape(p.value)
			if err != nil || value == "" {
				continue
			}
			all = append(all, slot{what + p.name, value, false, func(text string) *Capture {
				changed := slices.Clone(pairs)
				changed[i].value = url.QueryEscape(text)
				c := s.Clone()
				set(c, joined(changed))
				return c
			}})
		}
	}
	inPairs("the query's ", s.query(), (*Capture).setQuery)
	if s.isForm() {
		inPairs("the form's ", string(s.Body), func(c *Capture, text string) { c.Body = []byte(text) })
		return all
	}
	for _, m := range leaves(s.Body) {
		text, err := strconv.Unquote(string(s.Body[m.from:m.to]))
		if s.Body[m.from] != '"' {
			text, err = string(s.Body[m.from:m.to]), nil
		}
		if err != nil || text == "" {
			continue
		}
		all = append(all, slot{"the body's " + m.path, text, false, func(text string) *Capture {
			c := s.Clone()
			c.Body = slices.Concat(s.Body[:m.from], []byte(quoteAs(s.Body[m.from], text)), s.Body[m.to:])
			return c
		}})
	}
	return all
}

func quoteAs(first byte, text string) string {
	if first != '"' {
		return text
	}
	return quote(text)
}

// writing is a text in another form.
type writing struct{ group, name, text string }

type writingList struct {
	from string
	all  []writing
}

func (w *writingList) add(group, name, text string) {
	if text != w.from {
		w.all = append(w.all, writing{group, name, text})
	}
}

func writings(text string) []writing {
	w := &writingList{from: text}
	for name, blank := range map[string]string{"a space": " ", "a tab": "\t", "a space and a tab": " \t",
		"a no-break space": "\u00a0", "a line feed": "\n"} {
		w.add("blanks", "has "+name+" in front", blank+text)
		w.add("blanks", "has "+name+" behind", text+blank)
	}
	slices.SortFunc(w.all, func(a, b writing) int { return strings.Compare(a.name, b.name) })
	w.add("letters", "is in upper case", strings.ToUpper(text))
	w.add("letters", "is in lower case", strings.ToLower(text))
	w.add("letters", "has its letters in the other case", swapCase(text))
	w.add("letters", "has its last letter in the other case", text[:len(text)-1]+swapCase(text[len(text)-1:]))
	w.add("another text", "is another", "other")
	w.add("another text", "is empty", "")
	w.add("another text", "is 1", "1")
	w.add("another text", "is longer", text+"0")
	w.add("another text", "is shorter", text[:len(text)-1])
	w.add("another text", "has a zero byte", text+"\x00")
	w.add("encoding of a text", "is quoted", `"`+text+`"`)
	w.add("encoding of a text", "is escaped", url.QueryEscape(text))
	w.add("encoding of a text", "is unescaped", unescaped(text))
	w.add("encoding of a text", "is an encoded word", "=?utf-8?q?"+text+"?=")
	numbers(w, text)
	times(w, text)
	lists(w, text)
	signatures(w, text)
	return w.all
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// numberText finds numbers that may be a time or an id.
var numberText = regexp.MustCompile(`[0-9]{6,19}`) //lint:immutable a pattern

func numbers(w *writingList, text string) {
	for n, at := range numberText.FindAllStringIndex(text, 3) {
		if at[1]-at[0] == len(text) && n > 0 || between(text, at) {
			continue
		}
		number := text[at[0]:at[1]]
		for _, form := range []struct{ name, text string }{
			{"a leading zero", "0" + number}, {"a sign", "+" + number}, {"a fraction", number + ".0"},
			{"an exponent", number + "e0"}, {"thousands more", number + "000"},
			{"thousands less", number[:max(len(number)-3, 1)]}, {"a space in front", " " + number},
			{"an underscore", number[:1] + "_" + number[1:]}, {"hexadecimal digits", hexNumber(number)},
		} {
			w.add("numbers", "has a number with "+form.name, text[:at[0]]+form.text+text[at[1]:])
		}
	}
}

// between reports whether a run of digits is a piece of a longer word, such as a signature.
func between(text string, at []int) bool {
	word := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z')
	}
	return word(at[0]-1) || word(at[1])
}

func hexNumber(text string) string {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	return "0x" + strconv.FormatInt(n, 16)
}

// timeText finds times as RFC 3339 writes them.
var timeText = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`) //lint:immutable a pattern

func times(w *writingList, text string) {
	at := timeText.FindStringIndex(text)
	if at == nil {
		return
	}
	moment := text[at[0]:at[1]]
	body := strings.TrimSuffix(moment, "Z")
	for _, form := range []struct{ name, text string }{
		{"an offset", body + "+00:00"}, {"a negative offset", body + "-00:00"}, {"a small z", body + "z"},
		{"a small t", strings.Replace(moment, "T", "t", 1)},
		{"a space for its T", strings.Replace(moment, "T", " ", 1)}, {"a comma", strings.Replace(moment, ".", ",", 1)},
		{"more digits", body + digitsFor(body) + "Z"}, {"no zone", body},
	} {
		w.add("numbers", "has a time with "+form.name, text[:at[0]]+form.text+text[at[1]:])
	}
}

func digitsFor(body string) string {
	if strings.Contains(body, ".") {
		return "000"
	}
	return ".000"
}

// lists treats the text as a list.
func lists(w *writingList, text string) {
	for _, separator := range []string{",", ";", " ", "&", "|"} {
		parts := strings.Split(text, separator)
		if len(parts) > 12 {
			continue
		}
		name := "as a list by " + strconv.Quote(separator) + " "
		w.add("list", name+"has its text twice", text+separator+text)
		w.add("list", name+"has a blank element behind", text+separator)
		w.add("list", name+"has a blank element in front", separator+text)
		w.add("list", name+"has a stray element behind", text+separator+"zz=1")
		w.add("list", name+"has a stray element in front", "zz=1"+separator+text)
		if len(parts) < 2 {
			continue
		}
		reversed := slices.Clone(parts)
		slices.Reverse(reversed)
		w.add("list", name+"is reversed", strings.Join(reversed, separator))
		w.add("list", name+"has spaces", strings.Join(parts, separator+" "))
		w.add("list", name+"has spaces in front", strings.Join(parts, " "+separator))
		w.add("list", name+"has doubled separators", strings.Join(parts, separator+separator))
		for i, part := range parts {
			at := strconv.Itoa(i + 1)
			w.add("list", name+"loses element "+at, strings.Join(slices.Delete(slices.Clone(parts), i, i+1), separator))
			w.add("list", name+"has element "+at+" twice", text+separator+part)
			w.add("list", name+"has element "+at+" first", part+separator+text)
			w.add("list", name+"has the name of element "+at+" in upper case", upperName(parts, i, separator))
		}
	}
}

func upperName(parts []string, i int, separator string) string {
	changed := slices.Clone(parts)
	name, value, found := strings.Cut(changed[i], "=")
	if found {
		changed[i] = strings.ToUpper(name) + "=" + value
	}
	return strings.Join(changed, separator)
}
