package sealed

import (
	"crypto/cipher"
	"crypto/subtle"
)

// unchain decrypts AES-CBC and removes the padding of PKCS#7, in place. most is the longest padding.
//
// Which bytes the padding has is found out in constant time. It fails closed, and returns the plaintext with its
// padding then, so that the caller does the same work.
func unchain(block cipher.Block, iv, data []byte, most int) (plain []byte, ok bool) {
	if len(data) == 0 || len(data)%block.BlockSize() != 0 {
		return nil, false
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	return unpad(data, most)
}

// unpad removes the padding of PKCS#7, whose every byte is its length.
func unpad(data []byte, most int) (plain []byte, ok bool) {
	most = min(most, len(data))
	pad := int(data[len(data)-1])
	good := subtle.ConstantTimeLessOrEq(1, pad) & subtle.ConstantTimeLessOrEq(pad, most)
	for i := range most { // the last bytes, from the end: those of the padding must be equal
		in := subtle.ConstantTimeLessOrEq(i+1, pad)
		same := subtle.ConstantTimeByteEq(data[len(data)-1-i], byte(pad))
		good &= subtle.ConstantTimeSelect(in, same, 1)
	}
	end := len(data) - subtle.ConstantTimeSelect(good, pad, 0)
	return data[:end:end], good == 1
}
