package formscan_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/formscan"
)

// part is one part of a multipart form with the boundary "X"; header and content as they are.
func part(header, content string) string { return "--X\r\n" + header + "\r\n\r\n" + content + "\r\n" }

func named(name, content string) string {
	return part(`Content-Disposition: form-data; name="`+name+`"`, content)
}

// find returns what the strict reader finds of a field: its value, "twice", or "none".
func find(body string, names ...string) (texts []string, err error) {
	return scan((*formscan.Names).Find, body, names...)
}

func scan(
	read func(*formscan.Names, []byte, []formscan.Field) error, body string, names ...string,
) (texts []string, err error) {
	n := formscan.Compile(names...)
	out := make([]formscan.Field, n.Len())
	if err := read(n, []byte(body), out); err != nil {
		return nil, err
	}
	for i := range out {
		text, ok := out[i].Once()
		raw, same := out[i].Bytes()
		if ok != same || ok && text != string(raw) {
			panic("two readings of one field")
		}
		switch {
		case out[i].Count == 0:
			text = "none"
		case out[i].Count > 1:
			text = "twice"
		case !ok:
			text = "malformed"
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func TestFieldsOfAForm(t *testing.T) {
	t.Parallel()
	const disposition = "Content-Disposition: form-data; "
	malformed, tooLarge := formscan.ErrMalformed, formscan.ErrTooLarge
	for _, row := range []struct {
		name, body, want string
		err              error
	}{
		{"a field", "a=1&id=x&b=2", "x", nil},
		{"a value with escapes", "id=%7B%22a%22%3a+1%7d&b", `{"a": 1}`, nil},
		{"a name with escapes", "%69%64=x", "x", nil},
		{"a name that begins alike", "i=1&idx=2&%69=3", "none", nil},
		{"an empty value", "id=&a=1", "", nil},
		{"no value", "id", "", nil},
		{"twice", "id=1&id=2", "twice", nil},
		{"twice, once with escapes", "id=1&i%64=2", "twice", nil},
		{"an escape that is cut short", "id=%4", "", malformed},
		{"an escape that is not one", "id=%zz", "", malformed},
		{"a malformed name", "%zz=1&id=x", "", malformed},
		{"a malformed value of another", "a=%zz&id=x", "x", nil},
		{"as many fields as may be", "id=x" + strings.Repeat("&", 1000), "x", nil},
		{"more fields than may be", "id=x" + strings.Repeat("&a", 1000), "", tooLarge},
		{"a name longer than may be", strings.Repeat("a", 9000) + "=1&id=x", "", tooLarge},
		{"nothing", "", "none", nil},

		{"a part", named("a", "1") + named("id", "x") + "--X--\r\n", "x", nil},
		{"a part and no last line break", named("id", "x") + "--X--", "x", nil},
		{"text behind the end", named("id", "x") + "--X--\r\n--X\r\nid", "x", nil},
		{"an empty part", "--X\r\n" + disposition + "name=id\r\n\r\n--X--", "", nil},
		{"a value with line breaks", named("id", "a\r\n--Xa\r\n--\r\n") + "--X--", "a\r\n--Xa\r\n--\r\n", nil},
		{"parts of one name", named("id", "x") + named("id", "y") + "--X--", "twice", nil},
		{"a file of that name", part(disposition+`name="id"; filename="a"`, "x") + "--X--", "none", nil},
		{"a file whose name is encoded", part(disposition+`name="id"; filename*=utf-8''a`, "x") + "--X--", "none", nil},
		{"a file without a name", part(disposition+`name="id"; filename=""`, "x") + "--X--", "x", nil},
		{"a file whose name is not quoted", part(disposition+`name="a"; filename=a b.pdf`, "x") + named("id", "x") +
			"--X--", "x", nil},
		{"a file whose name is quoted badly",
			part(disposition+`name="a"; filename="a"b".pdf"`, "x") + named("id", "x") + "--X--", "x", nil},
		{"a part without a header", "--X\r\n\r\nx\r\n" + named("id", "y") + "--X--", "y", nil},
		{"another disposition", part(`Content-Disposition: attachment; name="id"`, "x") + "--X--", "none", nil},
		{"the header in another case, and others", part("Content-Type: text/plain\r\ncontent-disposition:FORM-DATA "+
			";NAME = id ;", "x") + "--X--", "x", nil},
		{"a header of several lines", part("Content-Disposition: form-data;\r\n\tname=\"id\"", "x") + "--X--", "x",
			nil},
		{"a quoted name with escapes", part(disposition+`name="\id"`, "x") + "--X--", "none", nil},
		{"blanks behind a delimiter", "--X\r\n" + disposition + "name=id\r\n\r\nx\r\n--X \t\r\n" + disposition +
			"name=b\r\n\r\ny\r\n--X-- \r\n", "x", nil},

		{"a name in pieces", part(disposition+`name*0="i"; name*1="d"`, "x") + "--X--", "", malformed},
		{"a name that is encoded", part(disposition+`name*=utf-8''id`, "x") + "--X--", "", malformed},
		{"two names", part(disposition+`name="a"; name="id"`, "x") + "--X--", "", malformed},
		{"two dispositions", part(disposition+"name=a\r\n"+disposition+"name=id", "x") + "--X--", "", malformed},
		{"a parameter without a value", part(disposition+`foo; name="id"`, "x") + "--X--", "", malformed},
		{"a parameter that is not one", part(disposition+`f@o=1; name="id"`, "x") + "--X--", "", malformed},
		{"an open quote", part(disposition+`name="id`, "x") + "--X--", "", malformed},
		{"text behind a quote", part(disposition+`name="id"x`, "x") + "--X--", "", malformed},
		{"a line that is not a header", part("id\r\n"+disposition+"name=id", "x") + "--X--", "", malformed},
		{"a blank before the colon", part("Content-Disposition : form-data; name=id", "x") + "--X--", "", malformed},
		{"a line feed alone", part(disposition+"name=id\nContent-Type: a/b", "x") + "--X--", "", malformed},
		{"a header without its end", "--X\r\n" + disposition + "name=id\r\n--X--", "", malformed},
		{"no end", named("id", "x"), "", malformed},
		{"text behind a delimiter", "--X\r\n" + disposition + "name=id\r\n\r\nx\r\n--X y\r\n--X--", "", malformed},
		{"text behind the last delimiter", named("id", "x") + "--X--y", "", malformed},
		{"as many parts as may be", strings.Repeat(named("a", ""), 999) + named("id", "x") + "--X--", "x", nil},
		{"more parts than may be", strings.Repeat(named("a", ""), 1000) + named("id", "x") + "--X--", "", tooLarge},
		{"a header longer than may be", part("X: "+strings.Repeat("a", 9000), "") + named("id", "x") + "--X--", "",
			tooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := find(row.body, "z", "id", "")
			require.ErrorIs(t, err, row.err)
			if row.err == nil {
				require.Equal(t, []string{"none", row.want, "none"}, got)
			}
		})
	}
}

// What a proved form says is found whatever stands next to it.
func TestNoBoundHidesAFieldOfAProvedForm(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"many fields":               strings.Repeat("a=1&", 50_000) + "id=x",
		"a long name":               strings.Repeat("a", 100_000) + "=1&id=x",
		"a malformed name":          "%zz=1&id=x",
		"many parts":                strings.Repeat(named("a", ""), 5_000) + named("id", "x") + "--X--",
		"a part with a long header": part("X: "+strings.Repeat("a", 100_000), "") + named("id", "x") + "--X--",
		"a part with an odd header": part("Content-Disposition: form-data; name*=a", "") + named("id", "x") +
			"--X--",
		"a part that is not described": part("hello", "") + named("id", "x") + "--X--",
	} {
		got, err := scan((*formscan.Names).Read, body, "id")
		require.NoError(t, err, name)
		require.Equal(t, []string{"x"}, got, name)
	}
	got, err := scan((*formscan.Names).Read, "id=%zz&a=1&b=1&b=2", "id", "a", "b")
	require.NoError(t, err)
	require.Equal(t, []string{"malformed", "1", "twice"}, got)
}

func TestWhatIsReadAsAForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		"payload=%7B%7D": true, "a=": true, "=": true, named("a", "b") + "--X--": true, "": false, "a": false,
		`{"a":"b=c"}`: false, "\ufeff [\"=\"]": false,
		`<a b="c"/>`: false, `"a=b"`: false, "--\r\n": false, "--a=b": true,
	} {
		require.Equal(t, want, formscan.Is([]byte(body)), "%q", body)
	}
}

// What a body makes the reader allocate does not grow with it.
func TestFindingAllocatesNoMoreForALongerBody(t *testing.T) {
	n := formscan.Compile("timestamp", "token", "signature")
	out := make([]formscan.Field, n.Len())
	pieces := `Content-Disposition: form-data`
	for i := range 200 {
		pieces += fmt.Sprintf("; name*%d=a", i)
	}
	for name, body := range map[string]string{
		"fields":              strings.Repeat("a=1&", 900) + "token=1",
		"names with escapes":  strings.Repeat("%74oken%31=1&", 900) + "token=1",
		"values with escapes": "a=" + strings.Repeat("%41", 100_000) + "&token=1",
		"a wanted value":      "token=" + strings.Repeat("%41", 100_000),
		"what is nearly a delimiter": named("a", strings.Repeat("\r\n--XX", 100_000)) + named("token", "1") +
			"--X--",
		"parts":                              strings.Repeat(named("a", "1"), 900) + named("token", "1") + "--X--",
		"files":                              strings.Repeat(part(`Content-Disposition: form-data; name="a"; filename="b"`, strings.Repeat("\r\n", 1000)), 900) + "--X--",
		"names in pieces, which are refused": strings.Repeat(part(pieces, ""), 900) + "--X--",
		"quoted names with escapes": strings.Repeat(part(`Content-Disposition: form-data; name="\"\"\"\"\"\""`,
			""), 900) + "--X--",
	} {
		raw := []byte(body)
		require.LessOrEqual(t, testing.AllocsPerRun(50, func() { _ = n.Find(raw, out) }), 1.0, name)
	}
}

// written is a form as its senders' libraries write it, in both encodings.
func written(fields [][2]string) (encoded string, multi string) {
	values := make([]string, len(fields))
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i, f := range fields {
		values[i] = url.QueryEscape(f[0]) + "=" + url.QueryEscape(f[1])
		var err error
		if strings.HasPrefix(f[0], "file") {
			var part interface{ Write(b []byte) (int, error) }
			h := textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition(f[0], f[1])},
				"Content-Type": {"a/b"}}
			if part, err = w.CreatePart(h); err == nil {
				_, err = part.Write([]byte(f[1]))
			}
		} else {
			err = w.WriteField(f[0], f[1])
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return strings.Join(values, "&"), b.String()
}

// FuzzWritten: every field that net/url and mime/multipart write is found as they read it.
func FuzzWritten(f *testing.F) {
	f.Add("id", "x", "a", "y", "file1", "b.pdf")
	f.Add("id", "\r\n--", "id", "y", "file", "\"q\"\\")
	f.Add("i\"d\\", "%41+&=", "data[a]", "", "file-ü", "ü\r\n.txt")
	f.Add("", "", "id ", "a", "file", "")
	f.Fuzz(func(t *testing.T, a, av, b, bv, c, cv string) {
		if len(a)+len(b)+len(c)+len(cv) > 2<<10 {
			return // escaped, the names are beyond the bound, which TestFieldsOfAForm has
		}
		encoded, multi := written([][2]string{{a, av}, {b, bv}, {c, cv}})
		if got := find1(t, encoded, "id"); got != "" {
			values, err := url.ParseQuery(encoded)
			require.NoError(t, err)
			require.Equal(t, said(values["id"]), got, "%q", encoded)
		}
		got := find1(t, multi, "id")
		boundary, _, _ := strings.Cut(multi[2:], "\r\n")
		form, err := multipart.NewReader(strings.NewReader(multi), boundary).ReadForm(1 << 20)
		if err == nil { // it does not read every name that it writes
			require.Equal(t, said(form.Value["id"]), got, "%q", multi)
		}
	})
}

func find1(t *testing.T, body, name string) string {
	t.Helper()
	got, err := find(body, name)
	require.NoError(t, err, "%q", body)
	return got[0]
}

// said is what find says of values.
func said(values []string) string {
	switch len(values) {
	case 0:
		return "none"
	case 1:
		return values[0]
	}
	return "twice"
}

// FuzzFind: what is found in any body is what net/url or mime/multipart find in it, where they read it at all.
func FuzzFind(f *testing.F) {
	for _, body := range []string{
		"a=1&id=x", "id=%41&i%64=2", named("id", "x") + "--X--",
		part(`Content-Disposition: form-data; name="i\d"`, "x") + "--X--",
		part("A: b\r\n c\r\nContent-Disposition: form-data; name=\"id\"; filename=\"\"", "x") + "--X--",
		part(`Content-Disposition: form-data; name*0=i; name*1=d`, "x") + "--X--",
		"--X\r\n\r\n--X\r\nContent-Disposition: form-data; name=id\r\n\r\n\r\n--X--",
		part(`Content-Disposition: form-data; a="\""; name="id";`, "x") + "--X--",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := find(string(body), "id")
		lenient, lerr := scan((*formscan.Names).Read, string(body), "id")
		if err != nil {
			return
		}
		require.NoError(t, lerr)
		require.Equal(t, got, lenient)
		boundary, multi := formscan.Boundary(body)
		if !multi {
			values, err := url.ParseQuery(string(body))
			if err == nil && bytes.IndexByte(body, ';') < 0 {
				require.Equal(t, said(values["id"]), got[0], "%q", body)
			}
			return
		}
		if bytes.Contains(bytes.ToLower(body), []byte("quoted-printable")) {
			return // which mime/multipart decodes, and its raw parts do not
		}
		form, err := multipart.NewReader(bytes.NewReader(body), string(boundary)).ReadForm(1 << 20)
		if err == nil {
			require.Equal(t, said(form.Value["id"]), got[0], "%q", body)
		}
	})
}
