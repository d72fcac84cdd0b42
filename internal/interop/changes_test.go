package interop_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// change is one way to change a good delivery.
type change struct {
	name  string
	want  verdict // of the guard, where the law is sure; empty: whatever both say
	apply func(*delivery)
}

// bodyChanges are those of the body.
func bodyChanges(good *delivery) []change {
	size := len(good.body)
	all := []change{
		{"body: a byte more", refuse, func(d *delivery) { d.body = append(d.body, 'x') }},
		{"body: a line feed more", refuse, func(d *delivery) { d.body = append(d.body, '\n') }},
		{"body: a byte less", refuse, func(d *delivery) { d.body = d.body[:size-1] }},
		{"body: none", refuse, func(d *delivery) { d.body = nil }},
		{"body: twice", refuse, func(d *delivery) { d.body = append(d.body, d.body...) }},
		{"body: another one", refuse, func(d *delivery) { d.body = []byte(`{"id":"evt_2"}`) }},
	}
	for _, at := range []int{0, 1, size / 3, size / 2, size - 2, size - 1} {
		all = append(all, change{fmt.Sprintf("body: a bit of byte %d", at), refuse,
			func(d *delivery) { d.body[at] ^= 1 }})
	}
	return all
}

// headerChanges are those of the headers that carry the proof: the ones that signing added.
func headerChanges(unsigned, good *delivery) []change {
	var all []change
	for _, name := range slices.Sorted(maps.Keys(good.header)) {
		value := good.header.Get(name)
		if unsigned.header.Get(name) == value {
			continue
		}
		set := func(what string, want verdict, values ...string) {
			if len(values) == 1 && values[0] == value {
				return // in lower case already
			}
			all = append(all, change{name + ": " + what, want,
				func(d *delivery) { d.header[http.CanonicalHeaderKey(name)] = values }})
		}
		all = append(all, change{name + ": none", refuse, func(d *delivery) { d.header.Del(name) }})
		set("empty", refuse, "")
		set("one byte less", refuse, value[:len(value)-1])
		set("one byte more", refuse, value+"0")
		set("garbage", refuse, "garbage")
		set("twice", "", value, value)
		set("and then garbage", "", value, "garbage")
		set("garbage first", "", "garbage", value)
		set("in upper case", "", strings.ToUpper(value))
		set("in lower case", "", strings.ToLower(value))
		set("a space before", "", " "+value)
		set("a space after", "", value+" ")
		set("a comma after", "", value+",")
		if strings.Trim(value, "0123456789") == "" {
			set("a zero before", "", "0"+value)
			set("a plus before", "", "+"+value)
		}
		// Not the last two: of base64 they may hold bits that stand for nothing, which some libraries pass over.
		for _, at := range []int{0, len(value) / 4, len(value) / 2, len(value) - 4} {
			flipped := []byte(value)
			flipped[at] ^= 1
			set(fmt.Sprintf("a bit of byte %d", at), "", string(flipped))
		}
	}
	return all
}

// setHeader makes a change of one header.
func setHeader(name, what string, want verdict, value func(string) string) change {
	return change{name + ": " + what, want, func(d *delivery) { d.header.Set(name, value(d.header.Get(name))) }}
}

// repeated are the headers that we want once, where the library takes the first of several.
func repeated(headers ...string) difference {
	var in []string
	for _, name := range headers {
		in = append(in, name+": twice", name+": and then garbage")
	}
	return difference{in, refuse,
		"the library reads the first of several headers; what stands in front of it may read the last"}
}

// spaced are the headers around whose value we let a space stand, where the library does not.
func spaced(headers ...string) difference {
	var in []string
	for _, name := range headers {
		in = append(in, name+": a space before", name+": a space after")
	}
	return difference{in, accept,
		"net/http cuts spaces around a value off; they are no part of it for us in a request made by hand either"}
}

// upper are the headers whose hexadecimal digits we read in either case, where the library compares text.
func upper(headers ...string) difference {
	var in []string
	for _, name := range headers {
		in = append(in, name+": in upper case")
	}
	return difference{in, accept, "both forms are the same bytes"}
}

// ageless are the ages that the library does not look at.
func ageless(names ...string) difference {
	return difference{names, refuse, "the library leaves the time to its user"}
}

const (
	// retried is why an old delivery is accepted that the sender's library refuses.
	retried = "whether a retry is signed again is not documented, and the same bytes may come for as long as the " +
		"sender retries"
	tooOld   = "signed 6 minutes ago"
	hourOld  = "signed an hour ago"
	dayOld   = "signed 25 hours ago"
	yearOld  = "signed a year ago"
	tooEarly = "signed 6 minutes ahead"
	nextYear = "signed a year ahead"
)
