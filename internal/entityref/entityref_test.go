package entityref_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/entityref"
	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/bundle"
)

type ref = entityref.Ref

// texts are references, and what they mean; the zero Ref is one that is refused.
var texts = []struct {
	text string
	want ref
}{
	{"component:default/payments", ref{"component", "default", "payments"}},
	{"component:payments", ref{"component", "default", "payments"}},
	{"Component:Team-A/Payments.v2", ref{"Component", "Team-A", "Payments.v2"}},
	{"component:a/b/c", ref{"component", "a", "b/c"}},
	{"component:a:b", ref{"component", "default", "a:b"}},
	{"component:a/b:c", ref{"component", "a", "b:c"}},
	{"component:n:s/x", ref{"component", "n:s", "x"}},
	{"component: /x", ref{"component", " ", "x"}},
	{"Größe:ÄÖ/İΣ", ref{"Größe", "ÄÖ", "İΣ"}},
	{text: ""},
	{text: "payments"},
	{text: "default/payments"},
	{text: "default/a:b"},
	{text: ":payments"},
	{text: ":default/payments"},
	{text: "component:"},
	{text: "component:/payments"},
	{text: "component:default/"},
	{text: "/"},
	{text: ":"},
	{text: ":/"},
	{text: "/:"},
}

func TestAReferenceIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range texts {
		got, err := entityref.Parse(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || (err != nil) != (c.want == ref{}) {
			t.Errorf("%q: %v%s", c.text, err, diff)
		}
		if err != nil && !strings.Contains(err.Error(), "component:default/payments") {
			t.Errorf("%q: %q does not say how to write it", c.text, err)
		}
	}
}

// written are references and their text; "" is one that is refused.
var written = []struct {
	ref  ref
	want string
}{
	{ref{"Component", "Default", "Payments"}, "component:default/payments"},
	{ref{"API", "", "v1"}, "api:default/v1"},
	{ref{"component", "a", "b/c:d"}, "component:a/b/c:d"},
	{ref{"component", "a:b", "c"}, "component:a:b/c"},
	{ref{"GRÖSSE", "ΌΣΟΣ", "İ"}, "grösse:όσος/i̇"},
	{ref{"", "default", "payments"}, ""},
	{ref{"component", "default", ""}, ""},
	{ref{"a:b", "default", "payments"}, ""},
	{ref{"a/b", "default", "payments"}, ""},
	{ref{"component", "a/b", "payments"}, ""},
}

func TestAReferenceIsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range written {
		if got, err := entityref.Format(c.ref); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%+v: %q, %v, want %q", c.ref, got, err, c.want)
		}
	}
}

// TestCatalogModelAgrees holds both tables against Backstage's own code, that of the release in ORBIT_TEST_BUNDLE.
func TestCatalogModelAgrees(t *testing.T) {
	t.Parallel()
	release := os.Getenv("ORBIT_TEST_BUNDLE")
	if release == "" {
		t.Skip("ORBIT_TEST_BUNDLE does not name an installed release")
	}
	type reference struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace,omitempty"`
		Name      string `json:"name"`
	}
	var input struct {
		Parse  []string    `json:"parse"`
		Format []reference `json:"format"`
	}
	for _, c := range texts {
		input.Parse = append(input.Parse, c.text)
	}
	for _, c := range written {
		input.Format = append(input.Format, reference(c.ref))
	}
	encoded, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), bundle.Node(release), "testdata/catalogmodel.mjs", filepath.Join(release, "node_modules"))
	command.Stdin = bytes.NewReader(encoded)
	output, err := command.Output()
	if err != nil {
		t.Fatalf("run catalog-model: %v", err)
	}
	var answer struct {
		Parse  []struct{ Ref ref }
		Format []string
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		t.Fatalf("read %q: %v", output, err)
	}
	for i, c := range texts {
		if diff := cmp.Diff(answer.Parse[i].Ref, c.want); diff != "" {
			t.Errorf("%q: catalog-model reads something else: %s", c.text, diff)
		}
	}
	for i, c := range written {
		// Backstage writes what it cannot read again; here that is refused.
		if c.want != "" && answer.Format[i] != c.want {
			t.Errorf("%+v: catalog-model writes %q, the table says %q", c.ref, answer.Format[i], c.want)
		}
	}
}

func FuzzWhatIsReadIsWrittenTheSame(f *testing.F) {
	for _, c := range texts {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := entityref.Parse(text)
		if err != nil {
			return
		}
		canonical, err := entityref.Format(first)
		if err != nil {
			t.Fatalf("%q reads as %+v, which is not written: %v", text, first, err)
		}
		again, err := entityref.Parse(canonical)
		if err != nil || again.String() != canonical {
			t.Fatalf("%q reads as %+v, is written %q and reads as %+v, %v", text, first, canonical, again, err)
		}
	})
}
