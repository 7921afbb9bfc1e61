package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

// key returns a key that consists of one byte, so that tests can tell keys apart.
func key(b byte) []byte { return bytes.Repeat([]byte{b}, secret.KeySize) }

func keyring(t *testing.T, keys ...[]byte) *secret.Keyring {
	t.Helper()
	ring, err := secret.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func seal(t *testing.T, ring *secret.Keyring, plaintext, context string) secret.Sealed {
	t.Helper()
	sealed, err := ring.Seal([]byte(plaintext), context)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestWhatIsSealedOpensInItsOwnContext(t *testing.T) {
	t.Parallel()
	ring := keyring(t, key(1))
	for _, plaintext := range []string{"", "s3cret", string(bytes.Repeat([]byte("x"), 1<<20))} {
		sealed := seal(t, ring, plaintext, "acme/TOKEN/1")
		opened, err := ring.Open(sealed, "acme/TOKEN/1")
		if err != nil {
			t.Fatal(err)
		}
		if string(opened) != plaintext {
			t.Errorf("a value of %d bytes opened as one of %d bytes", len(plaintext), len(opened))
		}
		if plaintext != "" && bytes.Contains(sealed.Ciphertext, []byte(plaintext)) {
			t.Error("the sealed value contains the plaintext")
		}
	}
}

func TestSealingTwiceGivesDifferentBytes(t *testing.T) {
	t.Parallel()
	ring := keyring(t, key(1))
	first, second := seal(t, ring, "s3cret", "acme/TOKEN/1"), seal(t, ring, "s3cret", "acme/TOKEN/1")
	if bytes.Equal(first.Ciphertext, second.Ciphertext) {
		t.Error("equal values can be told by their ciphertexts")
	}
}

func TestAValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	ring := keyring(t, key(1))
	const place = "acme/TOKEN/1"
	flipped := func(i int) func(*secret.Sealed) {
		return func(s *secret.Sealed) { s.Ciphertext[(i+len(s.Ciphertext))%len(s.Ciphertext)] ^= 1 }
	}
	tests := []struct {
		name    string
		ring    *secret.Keyring
		context string
		damage  func(*secret.Sealed)
		want    error
	}{
		{name: "in another workspace", context: "globex/TOKEN/1", want: secret.ErrNotAuthentic},
		{name: "at another version", context: "acme/TOKEN/2", want: secret.ErrNotAuthentic},
		{name: "with another key", ring: keyring(t, key(2)), want: secret.ErrUnknownKey},
		{name: "with another key of that name", ring: keyring(t, key(1), key(2)),
			damage: func(s *secret.Sealed) { s.KeyID = secret.KeyID(key(2)) }, want: secret.ErrNotAuthentic},
		{name: "with its nonce changed", damage: flipped(0), want: secret.ErrNotAuthentic},
		{name: "with its tag changed", damage: flipped(-1), want: secret.ErrNotAuthentic},
		{name: "cut", damage: func(s *secret.Sealed) { s.Ciphertext = s.Ciphertext[:5] }, want: secret.ErrNotAuthentic},
		{name: "empty", damage: func(s *secret.Sealed) { s.Ciphertext = nil }, want: secret.ErrNotAuthentic},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sealed := seal(t, ring, "s3cret", place)
			if test.damage != nil {
				test.damage(&sealed)
			}
			opener, context := ring, place
			if test.ring != nil {
				opener = test.ring
			}
			if test.context != "" {
				context = test.context
			}
			if opened, err := opener.Open(sealed, context); !errors.Is(err, test.want) {
				t.Errorf("Open gave %q, %v, want %v", opened, err, test.want)
			}
		})
	}
}

func TestAnOldKeyOpensAndTheNewOneSeals(t *testing.T) {
	t.Parallel()
	old := seal(t, keyring(t, key(1)), "s3cret", "acme/TOKEN/1")
	ring := keyring(t, key(2), key(1))
	if opened, err := ring.Open(old, "acme/TOKEN/1"); err != nil || string(opened) != "s3cret" {
		t.Errorf("the old value opened as %q, %v", opened, err)
	}
	if renewed := seal(t, ring, "s3cret", "acme/TOKEN/1"); renewed.KeyID != secret.KeyID(key(2)) {
		t.Errorf("sealed with key %s, want the first key of the ring", renewed.KeyID)
	}
	if old.KeyID == ring.SealingKeyID() {
		t.Error("a value that is due to be sealed again cannot be told")
	}
}

func TestAKeyringNeedsWholeKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][][]byte{"none": nil, "short": {key(1)[:16]}, "second short": {key(1), {1}}} {
		if _, err := secret.NewKeyring(keys...); err == nil {
			t.Errorf("%s: a keyring was made", name)
		}
	}
}
