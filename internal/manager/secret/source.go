package secret

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// commandTimeout bounds the command that prints the key: it may ask a vault, it may not ask a person.
	commandTimeout = 30 * time.Second
	// maxSourceSize is far above any list of keys, in bytes.
	maxSourceSize = 64 << 10
)

// Source says where the sealing keys come from: at most one field is set. Each source holds one or more keys, one a
// line, each 32 bytes as base64 or hexadecimal. The first seals, the others only open.
type Source struct {
	// File is the path of a file that others than its owner and group cannot read.
	File string
	// Value is the keys themselves, from ORBIT_SEALING_KEY.
	Value string
	// Command is run by the shell and prints the keys.
	Command string
}

func (s Source) isZero() bool { return s == Source{} }

// String says where the keys come from, without them.
func (s Source) String() string {
	switch {
	case s.File != "":
		return s.File
	case s.Value != "":
		return "ORBIT_SEALING_KEY"
	case s.Command != "":
		return "the output of the sealing key command"
	default:
		return "no source"
	}
}

func (s Source) read(ctx context.Context) ([][]byte, error) {
	given := 0
	for _, field := range []string{s.File, s.Value, s.Command} {
		if field != "" {
			given++
		}
	}
	if given > 1 {
		return nil, errors.New("a key file, ORBIT_SEALING_KEY and a key command exclude each other: give one of them")
	}
	switch {
	case s.File != "":
		text, err := readKeyFile(s.File)
		if err != nil {
			return nil, err
		}
		return parseKeys(text)
	case s.Command != "":
		text, err := runKeyCommand(ctx, s.Command)
		if err != nil {
			return nil, err
		}
		return parseKeys(text)
	default:
		return parseKeys(s.Value)
	}
}

func readKeyFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", errors.New("it is a directory, it must be a file")
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("its mode %04o lets every user of this machine at the key: run chmod 600 %s",
			info.Mode().Perm(), name)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSourceSize+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSourceSize {
		return "", errors.New("it is too large to be a key file")
	}
	return string(text), nil
}

func runKeyCommand(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("it did not end within %s: %w", commandTimeout, ctx.Err())
		}
		said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if said == "" {
			return "", err
		}
		return "", fmt.Errorf("%w: it said %.200q", err, said)
	}
	return stdout.String(), nil
}

// parseKeys reads one key a line. Its errors never quote a line, since a wrong key is still somebody's key.
func parseKeys(text string) ([][]byte, error) {
	var keys [][]byte
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, ok := parseKey(line)
		if !ok {
			return nil, fmt.Errorf("line %d is no key: a key is %d random bytes as base64 or hexadecimal "+
				"(openssl rand -base64 %d makes one)", i+1, KeySize, KeySize)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("it is empty: a key is %d random bytes as base64 or hexadecimal "+
			"(openssl rand -base64 %d makes one)", KeySize, KeySize)
	}
	return keys, nil
}

func parseKey(text string) ([]byte, bool) {
	decoders := []func(string) ([]byte, error){
		hex.DecodeString,
		base64.StdEncoding.DecodeString,
		base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString,
		base64.RawURLEncoding.DecodeString,
	}
	for _, decode := range decoders {
		if key, err := decode(text); err == nil && len(key) == KeySize {
			return key, true
		}
	}
	return nil, false
}
