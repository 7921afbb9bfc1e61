package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// registryTimeout bounds one question to the registry.
const registryTimeout = time.Minute

// published is what the registry says about a version of a package.
type published struct {
	Version   string `json:"version"`
	Backstage struct {
		Role string `json:"role"`
	} `json:"backstage"`
}

// missing is an answer of the registry: it does not have the package, or not in that version.
type missing struct{ words string }

func (m *missing) Error() string { return m.words }

// view asks the registry about a package, with npm as its user configured it.
func view(ctx context.Context, w wanted) (published, error) {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "view", w.String(), "version", "backstage", "--json")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return published{}, fmt.Errorf("ask the registry about %s: %w", w, ctx.Err())
		}
		return published{}, fmt.Errorf("ask the registry about %s: %w", w, refusal(stdout.Bytes(), stderr.Bytes()))
	}
	if len(bytes.TrimSpace(stdout.Bytes())) == 0 {
		return published{}, &missing{"the registry has no version " + w.version}
	}
	return newest(stdout.Bytes())
}

// newest reads an answer of npm view: one version, or for a range a list of them with the newest last.
func newest(answer []byte) (published, error) {
	var one published
	if err := json.Unmarshal(answer, &one); err == nil {
		return one, nil
	}
	var several []published
	if err := json.Unmarshal(answer, &several); err != nil {
		return published{}, fmt.Errorf("read the answer of npm view: %w", err)
	}
	if len(several) == 0 {
		return published{}, &missing{"the registry has no such version"}
	}
	return several[len(several)-1], nil
}

// refusal is why npm view failed.
func refusal(stdout, stderr []byte) error {
	var printed struct {
		Error struct{ Code, Summary string }
	}
	_ = json.Unmarshal(stdout, &printed) // then stderr tells
	switch printed.Error.Code {
	case "E404", "ETARGET":
		return &missing{printed.Error.Summary}
	case "":
		return errors.New(string(bytes.TrimSpace(stderr)))
	}
	return errors.New(printed.Error.Summary)
}
