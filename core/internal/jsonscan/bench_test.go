package jsonscan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// documentOf returns an event of about so many bytes, with members, numbers and nesting as senders write them.
func documentOf(size int, indented bool) []byte {
	var b strings.Builder
	b.WriteString(`{"id":"evt_1","object":"event","created":1772366400,"data":{"object":{"id":"in_1","items":[`)
	for i := 0; b.Len() < size-60; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"url":"https://api.example.com/v1/items/%d","paid":true,"note":null,`+
			`"name":"Jo \"J\" Li"}`, i, i)
	}
	b.WriteString(`]}},"type":"invoice.paid"}`)
	if !indented {
		return []byte(b.String())
	}
	var doc any
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		panic(err)
	}
	out, _ := json.MarshalIndent(doc, "", "  ")
	return out
}

func BenchmarkRead(b *testing.B) {
	paths := Compile("/id", "/type", "/created", "/data/object")
	out := make([][]byte, paths.Len())
	for _, row := range []struct {
		name string
		doc  []byte
	}{
		{"1 KiB", documentOf(1<<10, false)},
		{"1 KiB, indented", documentOf(1<<10, true)},
		{"64 KiB", documentOf(64<<10, false)},
		{"64 KiB, short strings", []byte(`{"id":"evt_1","data":{"object":{"n":1` +
			strings.Repeat(`,"field_1234":"a value of some length"`, 1700) + `}}}`)},
		{"64 KiB, one string", []byte(`{"id":"evt_1","x":"` + strings.Repeat("x", 64<<10) + `"}`)},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.SetBytes(int64(len(row.doc)))
			for b.Loop() {
				if err := paths.Read(row.doc, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
