package inspector

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/core/journal"
)

// comparedLines bounds what is compared: the work grows with the product of the two lengths.
const comparedLines = 2000

// difference is one line of a comparison.
type difference struct {
	Mark string // "", "−" or "+"
	Says string // the same for those who do not see it
	Text string
}

// comparison is what the page of two events shows.
type comparison struct {
	A, B    *journal.Entry
	Details []difference
	Payload []difference
	Note    string
}

func (p *Inspector) showComparison(w http.ResponseWriter, r *http.Request) {
	if !accessOf(r).Payloads {
		p.fail(w, r, http.StatusForbidden, "You may not see payloads (Access.Payloads).")
		return
	}
	var both [2]*journal.Entry
	for i, name := range []string{"a", "b"} {
		r.SetPathValue("id", strings.TrimSpace(r.URL.Query().Get(name)))
		e, ok := p.load(w, r)
		if !ok {
			return
		}
		both[i] = e
	}
	v := &comparison{A: both[0], B: both[1]}
	var less [2]bool
	v.Details, less[0] = compare(headLines(v.A), headLines(v.B))
	v.Payload, less[1] = compare(bodyLines(v.A), bodyLines(v.B))
	if less[0] || less[1] {
		v.Note = "Only the first 2000 lines of each side are compared."
	}
	p.show(w, r, "compare", "Comparison", v)
}

// compare compares the first lines of two texts. It reports whether there are more.
func compare(a, b []string) ([]difference, bool) {
	less := len(a) > comparedLines || len(b) > comparedLines
	return differences(a[:min(len(a), comparedLines)], b[:min(len(b), comparedLines)]), less
}

func headLines(e *journal.Entry) []string {
	var lines []string
	for _, d := range detailsOf(e) {
		value := d.Value
		if !d.Time.IsZero() {
			value = d.Time.UTC().Format("2006-01-02 15:04:05.999 MST")
		}
		lines = append(lines, d.Name+": "+value)
	}
	for _, h := range headersOf(e.Request.Header) {
		lines = append(lines, h.Name+": "+h.Value)
	}
	return lines
}

func bodyLines(e *journal.Entry) []string {
	v := payloadOf(e.Body, e.Length, e.Request.Header.Get("Content-Type"))
	text := cmp.Or(v.Pretty, v.Raw)
	return strings.Split(text, "\n")
}

// differences compares lines by their longest common subsequence, and leaves out nothing that differs.
func differences(a, b []string) []difference {
	var begin, end []difference
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		begin, a, b = append(begin, same(a[0])), a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		end, a, b = append(end, same(a[len(a)-1])), a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(end)
	// common[i][j] is the length of the longest common subsequence of a[i:] and b[j:].
	common := make([][]int32, len(a)+1)
	cells := make([]int32, (len(a)+1)*(len(b)+1))
	for i := range common {
		common[i] = cells[i*(len(b)+1) : (i+1)*(len(b)+1)]
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			begin, i, j = append(begin, same(a[i])), i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			begin, i = append(begin, difference{"−", "only in the first", a[i]}), i+1
		default:
			begin, j = append(begin, difference{"+", "only in the second", b[j]}), j+1
		}
	}
	return append(begin, end...)
}

func same(text string) difference { return difference{Text: text} }
