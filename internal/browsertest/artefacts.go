package browsertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// artefactsVariable names the folder that keeps screenshots; without it they go with the test.
const artefactsVariable = "ORBIT_TEST_ARTEFACTS"

// Screenshot keeps a picture of what the page shows as <name>.png.
func (p *Page) Screenshot(t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Errorf("take the screenshot %s: %v", name, err)
		return
	}
	dir := os.Getenv(artefactsVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	file := filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".png")
	if err := os.WriteFile(file, picture, 0o644); err != nil { //nolint:gosec // the tester names the folder
		t.Errorf("keep the screenshot %s: %v", name, err)
	}
}
