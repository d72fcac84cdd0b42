package sign

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1" // the senders' own
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/entry"
)

// Seal encrypts the body of a request in place, and does not sign it.
func Seal(r *http.Request, p entry.Provider, secret string, at time.Time) error {
	e, err := entry.Of(p)
	if err != nil || e.Event.Sealed == nil {
		return errors.Join(err, errors.New("webhooktest: the provider encrypts nothing"))
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body, err = seal(r, e, body, secret, at)
	}
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// CheckAcknowledgement returns an error if an answer is not the acknowledgement that the provider expects: signed and
// encrypted, where it wants that.
func CheckAcknowledgement(p entry.Provider, secret string, answer []byte) error {
	e, err := entry.Of(p)
	switch {
	case err != nil:
		return err
	case !e.AckSealed && string(answer) != e.AckBody:
		return fmt.Errorf("webhooktest: the answer is %q", answer)
	case !e.AckSealed:
		return nil
	}
	var got struct {
		Signature string `json:"msg_signature"`
		Encrypt   string `json:"encrypt"`
		Timestamp string `json:"timeStamp"`
		Nonce     string `json:"nonce"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return err
	}
	parts := []string{secret, got.Timestamp, got.Nonce, got.Encrypt}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	if got.Signature != hex.EncodeToString(sum[:]) {
		return errors.New("webhooktest: the acknowledgement is not signed with the sender's token")
	}
	key, err := sealingKey(e, secret, time.Now())
	if err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(got.Encrypt)
	if err != nil || len(data) == 0 || len(data)%32 != 0 {
		return errors.New("webhooktest: the acknowledgement is not encrypted")
	}
	cipher.NewCBCDecrypter(block, raw[:aes.BlockSize]).CryptBlocks(data, data)
	want := string(binary.BigEndian.AppendUint32(nil, uint32(len(e.AckBody)))) + e.AckBody + e.Event.Sealed.Receivers[0]
	pad := int(data[len(data)-1])
	if len(data) != 16+len(want)+pad || string(data[16:16+len(want)]) != want {
		return errors.New("webhooktest: the acknowledgement holds another text")
	}
	return nil
}

// sealingKey returns the first decryption key that is valid.
func sealingKey(e *entry.Entry, secret string, at time.Time) (string, error) {
	spec := e.Event.Sealed
	if spec.OwnSecret {
		return secret, nil
	}
	list, err := spec.Keys.Lookup(context.Background(), "")
	if err != nil {
		return "", err
	}
	for _, s := range list.All() {
		if s.ActiveAt(at) {
			return s.DangerouslyReveal(), nil
		}
	}
	return "", errors.New("webhooktest: no decryption key is valid")
}

// seal encrypts the body as the provider does, or the parameter of a GET. The result is signed afterwards.
func seal(r *http.Request, e *entry.Entry, body []byte, secret string, at time.Time) ([]byte, error) {
	spec := e.Event.Sealed
	key, err := sealingKey(e, secret, at)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet {
		query := r.URL.Query()
		// What the provider wants to have back. It may be encrypted by an earlier call.
		if text := query.Get(spec.Parameter); text != "" && !isSealed(text) {
			sealed, err := sealText(spec, key, []byte(text))
			if err != nil {
				return nil, err
			}
			query.Set(spec.Parameter, sealed)
			r.URL.RawQuery = query.Encode()
		}
		return body, nil
	}
	if carries(body, spec.Pointer) { // a request that is signed once more
		return body, nil
	}
	if spec.Data {
		return sealMember(spec, key, body)
	}
	text, err := sealText(spec, key, body)
	if err != nil {
		return nil, err
	}
	if spec.Element != "" && bytes.HasPrefix(body, []byte("<")) {
		r.Header.Set("Content-Type", "text/xml")
		return []byte("<xml><ToUserName><![CDATA[" + spec.Receivers[0] + "]]></ToUserName><" + spec.Element +
			"><![CDATA[" + text + "]]></" + spec.Element + "><AgentID><![CDATA[218]]></AgentID></xml>"), nil
	}
	return json.Marshal(map[string]string{strings.TrimPrefix(spec.Pointer, "/"): text})
}

// isSealed reports whether a text looks like whole blocks of AES in base64.
func isSealed(text string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(raw) >= 2*aes.BlockSize && len(raw)%aes.BlockSize == 0
}

// carries reports whether a body has a ciphertext already.
func carries(body []byte, pointer string) bool {
	doc := jsonCarrier{}
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &doc) != nil || doc == nil {
		return false
	}
	object, member := doc.parent(pointer)
	_, is := object[member].(string)
	return is
}

// sealMember encrypts an object in the body, in place.
func sealMember(spec *entry.Sealed, key string, body []byte) ([]byte, error) {
	doc := jsonCarrier{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a float would change long numbers
	if err := d.Decode(&doc); err != nil || doc == nil {
		return nil, errors.New("webhooktest: the body is not a JSON object that could carry a ciphertext")
	}
	object, member := doc.parent(spec.Pointer)
	plain, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	clear(object)
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	nonce := rand.Text()[:gcm.NonceSize()]
	const associated = "test"
	object[member] = base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte(associated)))
	for pointer, value := range map[string]string{
		spec.Nonce: nonce, spec.Associated: associated, spec.Algorithm: spec.AlgorithmIs,
	} {
		place, name := doc.parent(pointer)
		place[name] = value
	}
	return doc.encoded()
}

// sealText encrypts a text under AES-CBC, and encodes it.
func sealText(spec *entry.Sealed, key string, plain []byte) (string, error) {
	var raw, data []byte
	size := aes.BlockSize // to which the text is padded
	if spec.Cipher == entry.AES256CBCFramed {
		decoded, err := base64.StdEncoding.DecodeString(key + "=")
		if err != nil || len(decoded) < aes.BlockSize {
			return "", errors.New("webhooktest: the decryption key is malformed")
		}
		raw, size = decoded, 32
		data = append(data, rand.Text()[:16]...)
		data = binary.BigEndian.AppendUint32(data, uint32(len(plain)))
		data = append(append(data, plain...), spec.Receivers[0]...)
	} else {
		sum := sha256.Sum256([]byte(key))
		raw, data = sum[:], append(data, plain...)
	}
	pad := size - len(data)%size
	data = append(data, bytes.Repeat([]byte{byte(pad)}, pad)...)
	block, err := aes.NewCipher(raw)
	if err != nil {
		return "", err
	}
	var iv, out []byte
	if spec.Cipher == entry.AES256CBCFramed {
		iv = raw[:aes.BlockSize]
	} else {
		iv = []byte(rand.Text()[:aes.BlockSize])
		out = append(out, iv...)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return base64.StdEncoding.EncodeToString(append(out, data...)), nil
}
