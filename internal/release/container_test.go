package release

import (
	"regexp"
	"strings"
	"testing"
)

func TestTheContainerIsBuiltOnPinnedImagesAndRunsAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	pinnedImage := regexp.MustCompile(`^(--platform=\S+ )?\S+:\S+@sha256:[0-9a-f]{64}( AS \w+)?$`)
	user, images := "root", 0
	for line := range strings.Lines(readFile(t, "deploy/container/Dockerfile")) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "FROM":
			user = "root"
			if images++; !pinnedImage.MatchString(rest) {
				t.Errorf("%q has to be name:tag@sha256:digest", rest)
			}
		case "USER":
			user = rest
		}
	}
	if images != 2 || user == "root" {
		t.Errorf("%d images, and the last runs as %s", images, user)
	}
}
