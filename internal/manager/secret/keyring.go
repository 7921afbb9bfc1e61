package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of a sealing key in bytes: AES-256.
const KeySize = 32

// ErrUnknownKey is wrapped by Open when the keyring does not hold the key that sealed the value.
var ErrUnknownKey = errors.New("no key with this id")

// ErrNotAuthentic is wrapped by Open when the value was changed, was moved to another context, or was sealed with
// another key of the same id.
var ErrNotAuthentic = errors.New("the value was altered or belongs elsewhere")

// Sealed is a value as it may be stored.
type Sealed struct {
	// KeyID is the id of the key that sealed it.
	KeyID string
	// Ciphertext is nonce, encrypted value and authentication tag.
	Ciphertext []byte
}

// Keyring seals with its first key and opens with any of its keys. It is safe for concurrent use.
type Keyring struct {
	sealing string
	ciphers map[string]cipher.AEAD
}

// NewKeyring returns a keyring that seals with the first key. The further keys only open what they once sealed, which
// is how a key is replaced: put the new one first, seal every value again, drop the old one. Each key has KeySize
// bytes.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("make a keyring: there is no key")
	}
	ring := &Keyring{sealing: KeyID(keys[0]), ciphers: make(map[string]cipher.AEAD, len(keys))}
	for i, key := range keys {
		if len(key) != KeySize {
			return nil, fmt.Errorf("make a keyring: key %d has %d bytes, it must have %d", i+1, len(key), KeySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("make a keyring: key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("make a keyring: key %d: %w", i+1, err)
		}
		ring.ciphers[KeyID(key)] = aead
	}
	return ring, nil
}

// KeyID returns the id of a key: 16 hexadecimal digits that tell keys apart and tell nothing about them.
func KeyID(key []byte) string {
	hash := sha256.New()
	hash.Write([]byte("orbit sealing key id\x00"))
	hash.Write(key)
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// SealingKeyID returns the id of the key that Seal uses: a value sealed by another key is due to be sealed again.
func (k *Keyring) SealingKeyID() string { return k.sealing }

// Has says whether the keyring can open values of the key with this id.
func (k *Keyring) Has(keyID string) bool {
	_, ok := k.ciphers[keyID]
	return ok
}

// Seal encrypts plaintext for the given context, for example "acme/ARGOCD_TOKEN/3". Only the same context opens it.
// The same plaintext is never sealed to the same bytes twice.
func (k *Keyring) Seal(plaintext []byte, context string) (Sealed, error) {
	aead, ok := k.ciphers[k.sealing]
	if !ok {
		return Sealed{}, errors.New("seal a value: the keyring is empty")
	}
	return Sealed{
		KeyID:      k.sealing,
		Ciphertext: aead.Seal(nil, nil, plaintext, additionalData(k.sealing, context)), //nolint:gosec // the AEAD makes the nonce
	}, nil
}

// Open decrypts a sealed value. Its errors wrap ErrUnknownKey or ErrNotAuthentic and name the context.
func (k *Keyring) Open(sealed Sealed, context string) ([]byte, error) {
	aead, ok := k.ciphers[sealed.KeyID]
	if !ok {
		return nil, fmt.Errorf("open the sealed value %s: key %q: %w", context, sealed.KeyID, ErrUnknownKey)
	}
	plaintext, err := aead.Open(nil, nil, sealed.Ciphertext, additionalData(sealed.KeyID, context))
	if err != nil {
		return nil, fmt.Errorf("open the sealed value %s: key %q: %w", context, sealed.KeyID, ErrNotAuthentic)
	}
	return plaintext, nil
}

// additionalData binds a value to its key id and context. The leading word is the format's version.
func additionalData(keyID, context string) []byte {
	return []byte("orbit/1\x00" + keyID + "\x00" + context)
}
