// Package auth says who may use orbitd's API. Today that is whoever holds the one token that orbitd made at its first
// start.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
)

// tokenBytes is the entropy of a token.
const tokenBytes = 32

// LoadOrCreateToken reads the API token from the file, and makes one with mode 0600 where there is no file. A file
// that others can read is refused.
func LoadOrCreateToken(_ context.Context, file string) (string, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return createToken(file)
	}
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("the API token's file %s can be read by others (mode %04o): run chmod 600 on it, "+
			"or remove it and orbitd makes a new token", file, info.Mode().Perm())
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", fmt.Errorf("the API token's file %s is empty: remove it and orbitd makes a new token", file)
	}
	return token, nil
}

func createToken(file string) (string, error) {
	random := make([]byte, tokenBytes)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make an API token: %w", err)
	}
	token := "orbit_" + base64.RawURLEncoding.EncodeToString(random)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("write the API token: %w", err)
	}
	_, err = f.WriteString(token + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write the API token to %s: %w", file, err)
	}
	return token, nil
}

// Token checks requests for one bearer token.
type Token struct{ digest [sha256.Size]byte }

// NewToken returns a check for the given token.
func NewToken(token string) Token { return Token{digest: sha256.Sum256([]byte(token))} }

// Authorized says whether the request carries the token. It takes the same time for every wrong one.
func (t Token) Authorized(r *http.Request) bool {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	digest := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return subtle.ConstantTimeCompare(digest[:], t.digest[:]) == 1
}
