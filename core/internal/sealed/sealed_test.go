package sealed_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/internal/sealed"
	"github.com/sallyport-go/sallyport/internal/entry"
)

const (
	aesKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	otherKey = "bbcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	apiKey   = "an-APIv3-key-of-a-test-32-bytes!"
)

func framed(receivers ...string) *sealed.Opener {
	return sealed.New(&entry.Sealed{
		Cipher: entry.AES256CBCFramed, Pointer: "/encrypt", Element: "Encrypt", Parameter: "echostr", XML: true,
		Receivers: receivers, Texts: []string{"success"},
	})
}

func hashed() *sealed.Opener {
	return sealed.New(&entry.Sealed{Cipher: entry.AES256CBCHashed, Pointer: "/encrypt"})
}

func gcm() *sealed.Opener {
	return sealed.New(&entry.Sealed{
		Cipher: entry.AES256GCM, Pointer: "/resource/ciphertext", Nonce: "/resource/nonce",
		Associated: "/resource/associated_data", Algorithm: "/resource/algorithm", AlgorithmIs: "AEAD_AES_256_GCM",
		Data: true,
	})
}

func keyOf(t testing.TB, o *sealed.Opener, text string) *sealed.Key {
	t.Helper()
	key, problem := o.Key(text, 16)
	require.Empty(t, problem)
	k, ok := key.(*sealed.Key)
	require.True(t, ok)
	return k
}

// chained encrypts whole blocks with AES-CBC, written apart from the code under test.
func chained(key, iv, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(plain))
	before := iv
	for i := 0; i < len(plain); i += 16 {
		var mixed [16]byte
		for j := range mixed {
			mixed[j] = plain[i+j] ^ before[j]
		}
		block.Encrypt(out[i:], mixed[:])
		before = out[i : i+16]
	}
	return out
}

func pad(plain []byte, size int) []byte {
	n := size - len(plain)%size
	return append(plain, []byte(strings.Repeat(string(rune(n)), n))...)
}

// frame is a framed plaintext before its padding, with a length of one's choice.
func frame(length uint32, message, receiver string) []byte {
	plain := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), length)
	return append(append(plain, message...), receiver...)
}

func framedText(key string, plain []byte) string {
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(chained(raw, raw[:16], plain))
}

func hashedText(key string, plain []byte) string {
	sum, iv := sha256.Sum256([]byte(key)), []byte("an-iv-of-a-test!")
	return base64.StdEncoding.EncodeToString(append(iv, chained(sum[:], iv, plain)...))
}

func body(text string) []byte {
	doc, err := json.Marshal(map[string]string{"encrypt": text})
	if err != nil {
		panic(err)
	}
	return doc
}

// TestWhatIsFramedStrangelyIsNotOpened: every failure has one answer, which is none.
func TestWhatIsFramedStrangelyIsNotOpened(t *testing.T) {
	t.Parallel()
	const message, receiver = "<xml><a>b</a></xml>", "ww1"
	n := uint32(len(message))
	good := pad(frame(n, message, receiver), 32)
	changed := func(at int, to byte) []byte {
		b := append([]byte{}, good...)
		b[at] = to
		return b
	}
	rows := []struct {
		name, key string
		plain     []byte
		opens     bool
	}{
		{"genuine", aesKey, good, true},
		{"genuine, padded to blocks of 16", aesKey, pad(frame(n, message, receiver+strings.Repeat("", 0)), 16), true},
		{"another key", otherKey, good, false},
		{"a length that is one too many: the receiver lacks a letter", aesKey, pad(frame(n+1, message, receiver), 32), false},
		{"a length that is one too few", aesKey, pad(frame(n-1, message, receiver), 32), false},
		{"the largest length", aesKey, pad(frame(0xffffffff, message, receiver), 32), false},
		{"a length beyond the text", aesKey, pad(frame(100, message, receiver), 32), false},
		{"another receiver", aesKey, pad(frame(n, message, "ww2"), 32), false},
		{"a receiver that begins like ours", aesKey, pad(frame(n, message, "ww11"), 32), false},
		{"no receiver", aesKey, pad(frame(n, message, ""), 32), false},
		{"no message", aesKey, pad(frame(0, "", receiver), 32), false},
		{"a text that is an answer", aesKey, pad(frame(7, "success", receiver), 32), true},
		{"a text that is a challenge", aesKey, pad(frame(6, "123456", receiver), 32), false},
		{"padding of zero", aesKey, changed(len(good)-1, 0), false},
		{"padding that is longer than a block", aesKey, changed(len(good)-1, 33), false},
		{"padding whose bytes differ", aesKey, changed(len(good)-2, 0xff), false},
		{"nothing but padding", aesKey, []byte(strings.Repeat("\x20", 32)), false},
		{"shorter than a frame", aesKey, pad([]byte("short"), 16), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := framed("other", receiver)
			box, ok := o.Find(false, "", body(framedText(row.key, row.plain)))
			require.True(t, ok)
			plain, ok := o.Open(keyOf(t, o, aesKey), box, true)
			require.Equal(t, row.opens, ok)
			require.Equal(t, row.opens, plain != nil, "no half of a failure")
		})
	}
}

func TestWhatIsHashedStrangelyIsNotOpened(t *testing.T) {
	t.Parallel()
	const event = `{"a":"0123456789"}`
	good := hashedText("key", pad([]byte(event), 16))
	cut := func(n int) string {
		raw, _ := base64.StdEncoding.DecodeString(good)
		return base64.StdEncoding.EncodeToString(raw[:len(raw)-n])
	}
	rows := []struct {
		name, text string
		opens      bool
	}{
		{"genuine", good, true},
		{"another key", hashedText("other", pad([]byte(event), 16)), false},
		{"a byte less", cut(1), false},
		{"a block less", cut(16), false},
		{"nothing but an IV", cut(32), false},
		{"no padding", hashedText("key", []byte(`{"a":"01234567"}`)), false},
		{"padding beyond a block", hashedText("key", pad([]byte(event), 32)), true}, // which is 14 bytes here
		{"padding of 17", hashedText("key", []byte(`{"a":"012345678"}`+strings.Repeat("\x11", 15))), false},
		{"no JSON", hashedText("key", pad([]byte("hello world"), 16)), false},
		{"JSON and more", hashedText("key", pad([]byte(event+"x"), 16)), false},
		{"a list", hashedText("key", pad([]byte("[]"), 16)), false},
		{"base64 without padding", strings.TrimRight(good, "="), strings.TrimRight(good, "=") == good},
		{"no base64", "%%%%", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := hashed()
			box, ok := o.Find(false, "", body(row.text))
			require.True(t, ok)
			_, ok = o.Open(keyOf(t, o, "key"), box, true)
			require.Equal(t, row.opens, ok)
		})
	}
}

// TestNoChangedByteOfAResourceOpens flips each byte of ciphertext, tag, nonce and associated data.
func TestNoChangedByteOfAResourceOpens(t *testing.T) {
	t.Parallel()
	o := gcm()
	k := keyOf(t, o, apiKey)
	block, err := aes.NewCipher([]byte(apiKey))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	const nonce, associated = "0123456789ab", "transaction"
	data := aead.Seal(nil, []byte(nonce), []byte(`{"transaction_id":"1"}`), []byte(associated))
	opens := func(data []byte, nonce, associated, algorithm string) bool {
		doc, err := json.Marshal(map[string]any{"resource": map[string]string{
			"ciphertext": base64.StdEncoding.EncodeToString(data), "nonce": nonce, "associated_data": associated,
			"algorithm": algorithm,
		}})
		require.NoError(t, err)
		box, ok := o.Find(false, "", doc)
		if !ok {
			return false
		}
		_, ok = o.Open(k, box, true)
		return ok
	}
	const algorithm = "AEAD_AES_256_GCM"
	require.True(t, opens(data, nonce, associated, algorithm))
	for i := range data {
		changed := append([]byte{}, data...)
		changed[i] ^= 1
		require.False(t, opens(changed, nonce, associated, algorithm), "byte %d", i)
	}
	require.False(t, opens(data[:len(data)-1], nonce, associated, algorithm), "a cut tag")
	require.False(t, opens(data[:8], nonce, associated, algorithm), "shorter than a tag")
	require.False(t, opens(data, "1123456789ab", associated, algorithm))
	require.False(t, opens(data, nonce[:11], associated, algorithm), "a short nonce must not panic")
	require.False(t, opens(data, nonce+"c", associated, algorithm))
	require.False(t, opens(data, nonce, "", algorithm))
	require.False(t, opens(data, nonce, associated, "AEAD_AES_128_GCM"))
	require.False(t, opens(data, nonce, associated, ""))
}

// TestAKeyHasItsForm names the form and never the key.
func TestAKeyHasItsForm(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		o     *sealed.Opener
		text  string
		least int
		good  bool
	}{
		{"an EncodingAESKey", framed("a"), aesKey, 16, true},
		{"one whose last bits are not zero", framed("a"), "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", 16, true},
		{"with its equals sign", framed("a"), aesKey + "=", 16, false},
		{"a character less", framed("a"), aesKey[1:], 16, false},
		{"a character more", framed("a"), aesKey + "a", 16, false},
		{"other characters", framed("a"), "-" + aesKey[1:], 16, false},
		{"a weak one is malformed too", framed("a"), "short", 1, false},
		{"an APIv3 key", gcm(), apiKey, 16, true},
		{"31 bytes", gcm(), apiKey[1:], 16, false},
		{"16 bytes", gcm(), apiKey[:16], 16, false},
		{"16 bytes of a recorded delivery", gcm(), apiKey[:16], 1, true},
		{"15 bytes", gcm(), apiKey[:15], 1, false},
		{"an Encrypt Key", hashed(), "anything", 16, true},
	}
	for _, row := range rows {
		_, problem := row.o.Key(row.text, row.least)
		require.Equal(t, row.good, problem == "", "%s: %s", row.name, problem)
		require.NotContains(t, problem, row.text, row.name)
	}
}

func TestAnEnvelopeIsReadStrictly(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, doc, want string
	}{
		{"genuine", "<xml><ToUserName><![CDATA[a]]></ToUserName><Encrypt><![CDATA[x+/=]]></Encrypt></xml>", "x+/="},
		{"with white space", "<xml>\n <Encrypt>x</Encrypt>\n</xml>\n", "x"},
		{"a text that looks like an element", "<xml><A><![CDATA[<Encrypt>y</Encrypt>]]></A><Encrypt>x</Encrypt></xml>", "x"},
		{"twice", "<xml><Encrypt>x</Encrypt><Encrypt>y</Encrypt></xml>", ""},
		{"twice, in another case", "<xml><Encrypt>x</Encrypt><encrypt>y</encrypt></xml>", ""},
		{"in another case", "<xml><encrypt>x</encrypt></xml>", ""},
		{"none", "<xml><A>x</A></xml>", ""},
		{"nested", "<xml><A><Encrypt>x</Encrypt></A></xml>", ""},
		{"an attribute", `<xml><Encrypt a="b">x</Encrypt></xml>`, ""},
		{"an entity", "<xml><Encrypt>x&amp;</Encrypt></xml>", ""},
		{"a comment", "<xml><!-- a --><Encrypt>x</Encrypt></xml>", ""},
		{"a document type", `<!DOCTYPE a [<!ENTITY e "x">]><xml><Encrypt>x</Encrypt></xml>`, ""},
		{"a declaration", `<?xml version="1.0"?><xml><Encrypt>x</Encrypt></xml>`, ""},
		{"text behind it", "<xml><Encrypt>x</Encrypt></xml>x", ""},
		{"a second root", "<xml><Encrypt>x</Encrypt></xml><xml></xml>", ""},
		{"an end that does not fit", "<xml><Encrypt>x</Encrypted></xml>", ""},
		{"cut", "<xml><Encrypt>x</Encrypt>", ""},
		{"cut in a section", "<xml><Encrypt><![CDATA[x", ""},
		{"two sections", "<xml><Encrypt><![CDATA[x]]><![CDATA[y]]></Encrypt></xml>", ""},
		{"nothing", "", ""},
		{"deep", strings.Repeat("<a>", 100_000), ""},
		{"a long name", "<" + strings.Repeat("a", 65) + ">", ""},
	}
	for _, row := range rows {
		text, ok := sealed.Element([]byte(row.doc), "Encrypt")
		require.Equal(t, row.want != "", ok, row.name)
		if ok {
			require.Equal(t, row.want, text, row.name)
		}
	}
}

func TestXMLIsReadAsJSON(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, doc, want string
	}{
		{"texts", "<xml><A><![CDATA[<b>&]]></A><B>1</B><C/></xml>", `{"A":"<b>&","B":"1","C":""}`},
		{"an object", "<xml><A><B>1</B></A></xml>", `{"A":{"B":"1"}}`},
		{"a list", "<xml><A>1</A><B/><A>2</A><A><C>3</C></A></xml>", `{"A":["1","2",{"C":"3"}],"B":""}`},
		{"white space", "<?xml version=\"1.0\"?>\n<xml>\n<A>1</A>\n</xml>\n", `{"A":"1"}`},
		{"references to characters", "<xml><A>&lt;&#65;</A></xml>", `{"A":"<A"}`},
		{"nothing inside", "<xml></xml>", `{}`},
		{"a text alone", "<xml>a</xml>", ""},
		{"a document type", `<!DOCTYPE a [<!ENTITY e "x">]><xml><A>&e;</A></xml>`, ""},
		{"an unknown entity", `<xml><A>&e;</A></xml>`, ""},
		{"an attribute", `<xml><A b="c">1</A></xml>`, ""},
		{"text between elements", `<xml><A>1</A>x</xml>`, ""},
		{"a comment", `<xml><!-- x --><A>1</A></xml>`, ""},
		{"two roots", `<xml/><xml/>`, ""},
		{"cut", `<xml><A>1</A>`, ""},
		{"deep", strings.Repeat("<a>", 100_000), ""},
		{"33 levels", strings.Repeat("<a>", 33) + strings.Repeat("</a>", 33), ""},
		{"many", "<xml>" + strings.Repeat("<a/>", 20_001) + "</xml>", ""},
		{"another charset", `<?xml version="1.0" encoding="GBK"?><xml><A>1</A></xml>`, ""},
		{"no XML", `{"a":1}`, ""},
		{"nothing", ``, ""},
	}
	for _, row := range rows {
		object, ok := sealed.JSON([]byte(row.doc))
		require.Equal(t, row.want != "", ok, row.name)
		require.Equal(t, row.want, string(object), row.name)
	}
}

// TestASealedTextOpens: what is sealed for an answer is what the sender opens.
func TestASealedTextOpens(t *testing.T) {
	t.Parallel()
	o := framed("ww1")
	k := keyOf(t, o, aesKey)
	seen := map[string]bool{}
	for i := range 40 {
		text := "{" + strings.Repeat("a", i)
		cipherText := o.Seal(k, text)
		require.False(t, seen[cipherText])
		seen[cipherText] = true
		box, ok := o.Find(false, "", body(cipherText))
		require.True(t, ok)
		plain, ok := o.Open(k, box, true)
		require.True(t, ok, fmt.Sprint(i))
		require.Equal(t, text, string(plain))
	}
}

func FuzzElement(f *testing.F) {
	f.Add([]byte("<xml><ToUserName><![CDATA[a]]></ToUserName><Encrypt><![CDATA[x]]></Encrypt></xml>"))
	f.Add([]byte("<xml><Encrypt>x</Encrypt></xml>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		text, ok := sealed.Element(doc, "Encrypt")
		if !ok {
			return
		}
		object, ok := sealed.JSON(doc) // encoding/xml, where it reads the document, reads the same
		if !ok {
			return
		}
		var got map[string]any
		require.NoError(t, json.Unmarshal(object, &got))
		normal := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text) // XML, section 2.11
		require.Equal(t, normal, got["Encrypt"])
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte("<xml><A><![CDATA[<b>&]]></A><B>1</B><B/></xml>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if object, ok := sealed.JSON(doc); ok {
			require.True(t, json.Valid(object))
			require.LessOrEqual(t, len(object), 8*len(doc)+64)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, which byte) {
		openers := []*sealed.Opener{framed("ww1"), hashed()}
		texts := []string{aesKey, "key"}
		o := openers[int(which)%2]
		k := keyOf(t, o, texts[int(which)%2])
		box, ok := o.Find(false, "", body(base64.StdEncoding.EncodeToString(data)))
		if !ok {
			return
		}
		if plain, ok := o.Open(k, box, which%4 > 1); ok {
			require.LessOrEqual(t, len(plain), len(data))
		}
	})
}
