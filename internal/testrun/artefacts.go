package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// artefactsVariable names the folder in which tests keep what people may want to look at, such as screenshots.
const artefactsVariable = "ORBIT_TEST_ARTEFACTS"

// artefacts returns the folder: the one that the environment names, or else an empty one in the module's build folder.
func (r *run) artefacts() (string, error) {
	if named := os.Getenv(artefactsVariable); named != "" {
		return named, nil
	}
	folder, err := filepath.Abs(filepath.Join(r.dir, ".orbit", "artefacts"))
	if err != nil {
		return "", fmt.Errorf("find the folder of artefacts: %w", err)
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("empty the folder of artefacts: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of artefacts: %w", err)
	}
	return folder, nil
}
