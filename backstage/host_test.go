package backstage_test

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
)

func TestHostHasItsEntryPointAndNoTests(t *testing.T) {
	t.Parallel()
	if _, err := fs.Stat(backstage.Host(), "host.mjs"); err != nil {
		t.Errorf("no entry point: %v", err)
	}
	if tests, _ := fs.Glob(backstage.Host(), "*test*"); len(tests) > 0 {
		t.Errorf("embeds tests: %v", tests)
	}
}

// A file that the host imports but that is not embedded would be found missing only on a user's machine.
func TestHostImportsOnlyWhatIsEmbedded(t *testing.T) {
	t.Parallel()
	imported := regexp.MustCompile(`from '(\.{1,2}/[^']+)'`)
	names, err := fs.Glob(backstage.Host(), "*.mjs")
	if err != nil || len(names) == 0 {
		t.Fatalf("no host files: %v", err)
	}
	for _, name := range names {
		source, err := fs.ReadFile(backstage.Host(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range imported.FindAllStringSubmatch(string(source), -1) {
			if _, err := fs.Stat(backstage.Host(), match[1][len("./"):]); err != nil {
				t.Errorf("%s imports %s: %v", name, match[1], err)
			}
		}
	}
}

func TestHostHashNamesAFolder(t *testing.T) {
	t.Parallel()
	hash := backstage.HostHash()
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(hash) {
		t.Errorf("HostHash() = %q", hash)
	}
	if again := backstage.HostHash(); again != hash {
		t.Errorf("HostHash() = %q, then %q", hash, again)
	}
}
