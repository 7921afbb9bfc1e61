// Package auth says who signed in to orbitd's API, and what they may do there.
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
	"os"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// secretBytes is the entropy of a token.
const secretBytes = 32

// NewSecret makes the part of a token that nobody can guess, in letters that a header can carry.
func NewSecret() string {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // it never fails
	return base64.RawURLEncoding.EncodeToString(random)
}

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
	token := orbit.TokenPrefix + NewSecret()
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

// RootSubject is whoever has the token of the file.
const RootSubject = "root"

// Root knows the one token of the file. Whoever has it is an admin.
type Root struct{ digest [sha256.Size]byte }

// NewRoot returns an authenticator of the given token.
func NewRoot(token string) Root { return Root{digest: sha256.Sum256([]byte(token))} }

// Authenticate knows the token. It takes the same time for every other one.
func (r Root) Authenticate(_ context.Context, token string) (Principal, error) {
	digest := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(digest[:], r.digest[:]) != 1 {
		return Principal{}, ErrUnknownToken
	}
	return Principal{Subject: RootSubject, Role: orbit.RoleAdmin}, nil
}
