package changeplan

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestLivePart(t *testing.T) {
	t.Parallel()
	const before = "backend: {cors: {origin: a}}\nproxy: {endpoints: {/a: 'http://a', /b: 'http://${S}'}}"
	for _, c := range []struct {
		name, after   string
		secretsBefore map[string]string
		secretsAfter  map[string]string
		want          string
	}{
		{
			name:  "takes what is live and leaves what costs a restart",
			after: "backend: {cors: {origin: b}}\nproxy: {endpoints: {/b: 'http://${S}', /c: 'http://c'}}",
			want:  `{"backend":{"cors":{"origin":"a"}},"proxy":{"endpoints":{"/b":"http://${S}","/c":"http://c"}}}`,
		},
		{
			name:          "leaves what refers to a secret that changed",
			after:         "proxy: {endpoints: {/a: 'http://x', /b: 'http://${S}'}}",
			secretsBefore: map[string]string{"S": "1"},
			secretsAfter:  map[string]string{"S": "2"},
			want:          `{"backend":{"cors":{"origin":"a"}},"proxy":{"endpoints":{"/a":"http://x","/b":"http://${S}"}}}`,
		},
		{
			name:  "adds the mappings on the way",
			after: before + "\nscaffolder: {defaultEnvironment: {parameters: {a: 1}}}",
			want: `{"backend":{"cors":{"origin":"a"}},"proxy":{"endpoints":{"/a":"http://a","/b":"http://${S}"}},` +
				`"scaffolder":{"defaultEnvironment":{"parameters":{"a":1}}}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			same := map[string]string{"S": "1"}
			if c.secretsBefore == nil {
				c.secretsBefore, c.secretsAfter = same, same
			}
			from, _ := FromSpec(orbit.InstanceSpec{Release: "1", Config: before}, c.secretsBefore)
			to, _ := FromSpec(orbit.InstanceSpec{Release: "1", Config: c.after}, c.secretsAfter)
			if diff := cmp.Diff(c.want, string(LivePart(from, to).Config.JSON())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPropertiesOfLiveParts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	taken := 0
	for range 600 {
		before, _ := arbitraryState(t, random)
		after, _ := arbitraryState(t, random)
		part := LivePart(before, after)
		toPart := Decide(before, part)
		if toPart.Impact.Interrupts() {
			t.Fatalf("the live part costs %s: %v\nfrom %s\nto %s", toPart.Impact, toPart.Reasons, before.Effective().JSON(), part.Effective().JSON())
		}
		if toPart.Impact == orbit.ImpactLive {
			taken++
		}
		if again := LivePart(part, after); !appconfig.Equal(again.Config, part.Config) {
			t.Fatalf("the live part of the live part is another one: %s and %s", part.Config.JSON(), again.Config.JSON())
		}
		if got, want := Decide(part, after).Impact, Decide(before, after).Impact; want.Interrupts() && got != want {
			t.Fatalf("with its live part gone the change costs %s, before %s", got, want)
		}
	}
	if taken < 20 {
		t.Errorf("only %d of the changes had a live part: the test shows little", taken)
	}
}
