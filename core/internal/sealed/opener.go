// Package sealed decrypts what a provider delivers encrypted. Its callers decrypt after the proof: an answer that
// depended on an unproved ciphertext would be an oracle. What cannot be decrypted has one answer, whatever is wrong.
package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/jsonscan"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// Opener finds and decrypts what one entry's deliveries carry. It is immutable, and shared by all deliveries.
type Opener struct {
	spec  *entry.Sealed
	paths *jsonscan.Paths // to the ciphertext and, for AES-GCM, to what belongs to it
}

// New compiles what an entry says. A nil entry has no opener.
func New(s *entry.Sealed) *Opener {
	if s == nil {
		return nil
	}
	return &Opener{spec: s, paths: jsonscan.Compile(s.Pointer, s.Nonce, s.Associated, s.Algorithm)}
}

// Key is a decryption key, ready for use. It is immutable.
type Key struct {
	block cipher.Block
	aead  cipher.AEAD // AES256GCM
	iv    []byte      // AES256CBCFramed: the beginning of the key
}

const (
	badAESKey = "it is not an EncodingAESKey, which has 43 characters of A-Z, a-z and 0-9: copy it again, whole"
	badGCMKey = "the key has %d bytes, and an APIv3 key has 32: copy it again, whole"
)

// Key compiles one configured key. A problem says what is wrong with it, and never quotes it. least is 1 where weak
// keys are let in, for recorded deliveries: then a key of AES-128 or AES-192 is one as well.
func (o *Opener) Key(text string, least int) (key any, problem string) {
	var raw []byte
	k := &Key{}
	switch o.spec.Cipher {
	case entry.AES256CBCHashed:
		sum := sha256.Sum256([]byte(text))
		raw = sum[:]
	case entry.AES256CBCFramed:
		decoded, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil || len(text) != encodedKey || len(decoded) != aesKey {
			return nil, badAESKey
		}
		raw, k.iv = decoded, decoded[:aes.BlockSize]
	default:
		raw = []byte(text)
		if len(raw) != aesKey && (least > 1 || len(raw) != 16 && len(raw) != 24) {
			return nil, fmt.Sprintf(badGCMKey, len(raw))
		}
	}
	var err error
	if k.block, err = aes.NewCipher(raw); err != nil {
		return nil, "it is not a key of AES"
	}
	if o.spec.Cipher == entry.AES256GCM {
		if k.aead, err = cipher.NewGCM(k.block); err != nil {
			return nil, "it is not a key of AES-GCM"
		}
	}
	return k, ""
}

const (
	aesKey     = 32
	encodedKey = 43 // the characters of such a key in base64 without padding
	randomSize = 16 // random bytes before the length of a framed message
	frameSize  = randomSize + 4
	framedPad  = 32 // framed messages are padded to blocks of 32 bytes
)

// Box is a ciphertext as a delivery carries it, with what belongs to it. Text is base64, as it was sent.
type Box struct {
	Text              string
	nonce, associated string
}

// Find returns the ciphertext of a delivery: in its body or, for a GET, in its query. It fails closed: a body that is
// not one document, that names the ciphertext twice, or another algorithm, has none.
func (o *Opener) Find(get bool, rawQuery string, body []byte) (b Box, ok bool) {
	switch {
	case get:
		text, n, err := httpfield.QueryValue(rawQuery, o.spec.Parameter)
		return Box{Text: text}, err == nil && n == 1 && text != "" && o.spec.Parameter != ""
	case o.spec.Element != "" && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("<")):
		text, found := Element(body, o.spec.Element)
		return Box{Text: text}, found && text != ""
	}
	body = jsonscan.TrimMark(body) // some clients write a byte order mark
	var raw [4][]byte
	if o.paths.Find(body, raw[:]) != nil {
		return b, false
	}
	var texts [4]string
	for i, pointer := range [...]string{o.spec.Pointer, o.spec.Nonce, o.spec.Associated, o.spec.Algorithm} {
		if texts[i], ok = jsonscan.Text(raw[i]); !ok && pointer != "" && i != 2 { // associated data may be missing
			return b, false
		}
	}
	b = Box{Text: texts[0], nonce: texts[1], associated: texts[2]}
	return b, b.Text != "" && texts[3] == o.spec.AlgorithmIs
}

// Open returns the plaintext under one key. It fails closed, and in one way, whatever is wrong: the key, the
// encoding, a changed byte, the padding, the frame, the receiver, or a plaintext that is not what this provider sends.
// A plaintext is never longer than its ciphertext.
func (o *Opener) Open(k *Key, b Box, event bool) (plain []byte, ok bool) {
	data, err := base64.StdEncoding.Strict().DecodeString(b.Text)
	if err != nil {
		return nil, false
	}
	switch o.spec.Cipher {
	case entry.AES256GCM:
		// Another length of the nonce is not what the provider sends, and Open would panic.
		if len(b.nonce) != k.aead.NonceSize() {
			return nil, false
		}
		plain, err = k.aead.Open(data[:0], []byte(b.nonce), data, []byte(b.associated))
		ok = err == nil
	case entry.AES256CBCHashed:
		if len(data) < 2*aes.BlockSize {
			return nil, false
		}
		plain, ok = unchain(k.block, data[:aes.BlockSize], data[aes.BlockSize:], aes.BlockSize)
	default:
		plain, ok = unchain(k.block, k.iv, data, framedPad)
		message, framed := o.unframe(plain)
		plain, ok = message, ok && framed
	}
	// Checked also where the padding is wrong: the time must not say which of the two failed.
	fits := !event || o.isEvent(plain)
	if !ok || !fits {
		return nil, false
	}
	return plain, true
}

// isEvent reports whether a plaintext may be that of an event. What the provider encrypts with the same keys and is not
// an event, such as the text of a handshake or an acknowledgement, never counts as one.
func (o *Opener) isEvent(plain []byte) bool {
	if o.spec.Cipher == entry.AES256CBCHashed { // nothing else shows that the key is the right one
		return len(plain) > 0 && plain[0] == '{' && jsonscan.Whole(plain)
	}
	begins := byte('{')
	if o.spec.XML {
		begins = '<'
	}
	return len(plain) > 0 && (plain[0] == begins || plain[0] == '{') || slices.Contains(o.spec.Texts, string(plain))
}

// unframe returns the message of a framed plaintext whose receiver is an accepted one.
func (o *Opener) unframe(plain []byte) (message []byte, ok bool) {
	if len(plain) < frameSize {
		return nil, false
	}
	rest := plain[frameSize:]
	// Compared as 64 bits: a length near the end of its range must not overflow.
	n := uint64(binary.BigEndian.Uint32(plain[randomSize:frameSize]))
	if n > uint64(len(rest)) {
		return nil, false
	}
	receiver := rest[n:]
	named := false
	for _, want := range o.spec.Receivers {
		named = hmac.Equal(receiver, []byte(want)) || named
	}
	return rest[:n:n], named
}

// Seal encrypts a text as the provider does, for answers that have to be encrypted. It is for AES256CBCFramed.
func (o *Opener) Seal(k *Key, text string) string {
	data := make([]byte, randomSize, frameSize+len(text)+2*framedPad)
	_, _ = rand.Read(data) // never fails: crypto/rand ends the program instead
	data = binary.BigEndian.AppendUint32(data, uint32(len(text)))
	data = append(data, text...)
	data = append(data, o.spec.Receivers[0]...)
	pad := framedPad - len(data)%framedPad
	data = append(data, slices.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(k.block, k.iv).CryptBlocks(data, data)
	return base64.StdEncoding.EncodeToString(data)
}
