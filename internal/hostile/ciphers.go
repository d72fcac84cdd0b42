package hostile

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/sha1" // the senders' own
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"text/template"
)

// The keys that endpoints decrypt with.
const (
	apiV3Key = "an-APIv3-key-of-32-bytes-exactly"
	aesKey   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

// ciphers are the functions that encrypt as senders do. The same arguments give the same ciphertext, so that a case may
// name one in the body and in the URL.
func ciphers() template.FuncMap {
	return template.FuncMap{
		"framed": framed,
		"cbc":    hashedCBC,
		"gcm":    sealedGCM,
		"sorted": func(parts ...string) string {
			slices.Sort(parts)
			return strings.Join(parts, "")
		},
		"ecdsa1": func(parts ...string) (string, error) {
			sum := sha1.Sum([]byte(strings.Join(parts, "")))
			sig, err := ecdsa.SignASN1(nil, ecdsaKey(), sum[:])
			return string(sig), err
		},
		"unb64": func(text string) (string, error) {
			raw, err := base64.StdEncoding.DecodeString(text)
			return string(raw), err
		},
	}
}

// framed is a ciphertext of WeCom and DingTalk in base64. length is that of the message, unless it is not negative.
func framed(message, receiver string, length int) (string, error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		return "", err
	}
	if length < 0 {
		length = len(message)
	}
	data := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), uint32(length))
	out, err := cbc(key, key[:aes.BlockSize], append(append(data, message...), receiver...), 32)
	return base64.StdEncoding.EncodeToString(out), err
}

// hashedCBC is a ciphertext of Feishu, behind its initialisation vector.
func hashedCBC(secret, text string) (string, error) {
	key := sha256.Sum256([]byte(secret))
	iv := []byte("fedcba9876543210")
	out, err := cbc(key[:], iv, []byte(text), aes.BlockSize)
	return string(append(iv, out...)), err
}

func cbc(key, iv, data []byte, size int) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := size - len(data)%size
	data = append(data, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return data, nil
}

// sealedGCM is a ciphertext of WeChat Pay with its tag.
func sealedGCM(nonce, associated, text string) (string, error) {
	block, err := aes.NewCipher([]byte(apiV3Key))
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	return string(gcm.Seal(nil, []byte(nonce), []byte(text), []byte(associated))), nil
}
