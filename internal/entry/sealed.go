package entry

import "github.com/sallyport-go/sallyport/core/secrets"

// Sealed says how a provider encrypts what it delivers. It is decrypted after the proof, never before, and the body
// stays what was sent.
type Sealed struct {
	Cipher Cipher
	// Pointer leads to the ciphertext, in base64. Element is the name of the element that holds it where the body is
	// XML.
	Pointer, Element string
	// Parameter of a GET holds the ciphertext of a handshake; empty: there is none.
	Parameter string
	// AES256GCM: pointers to the nonce, to the associated data and to the algorithm's name, and the one that is
	// accepted.
	Nonce, Associated, Algorithm, AlgorithmIs string
	// Receivers are whom the plaintext may name, for AES256CBCFramed. The first one is named in answers.
	Receivers []string
	// Data says that what is decrypted is the data of an event whose other details stand in the body. Otherwise it is
	// the whole payload.
	Data bool
	// Texts are plaintexts that are not events: an acknowledgement that somebody sends back. They are answered with 200
	// and nothing else.
	Texts []string
	// XML says that the plaintext is XML. The payload is then that document in JSON.
	XML bool

	// Keys are the accepted decryption keys. Nil: the secrets that prove deliveries decrypt as well (OwnSecret).
	Keys secrets.Source
	// OwnSecret: Config.Secrets are also the decryption keys.
	OwnSecret bool
	// Setting names Keys in mistakes and logs: "WeComConfig.EncodingAESKeys".
	Setting string
	// KeyFrom says where the provider shows the key.
	KeyFrom string
}

// Cipher is how bytes are encrypted, and what a key of it looks like.
type Cipher uint8

// The ciphers.
const (
	// AES256GCM: the tag follows the ciphertext; the key is the 32 bytes of a text (WeChat Pay).
	AES256GCM Cipher = iota + 1
	// AES256CBCHashed: the IV comes first, padding is PKCS#7; the key is the SHA-256 of a text (Feishu).
	AES256CBCHashed
	// AES256CBCFramed: the IV is the beginning of the key, which is 43 characters of base64 without padding. The
	// plaintext is 16 random bytes, the message's length, the message and the receiver, padded as PKCS#7 does to blocks
	// of 32 bytes (DingTalk, WeCom).
	AES256CBCFramed
)
