package appconfig

import "testing"

func TestADocumentIsMaskedAtPaths(t *testing.T) {
	t.Parallel()
	whole := parsed(t, "a: [{token: s3cret, host: h}]\nb: s3cret\nc: {d: 1}\n")
	token, err := ParsePath("a[0].token")
	if err != nil {
		t.Fatal(err)
	}
	number, err := ParsePath("c.d")
	if err != nil {
		t.Fatal(err)
	}
	hidden := whole.Masked(token, number)
	if want := parsed(t, "a: [{token: '***', host: h}]\nb: s3cret\nc: {d: 1}\n"); !Equal(hidden, want) {
		t.Errorf("got %s", hidden.JSON())
	}
	for text, same := range map[string]bool{
		"a: [{token: other, host: h}]\nb: s3cret\nc: {d: 1}\n":     true,
		"a: [{token: '***', host: h}]\nb: s3cret\nc: {d: 1}\n":     true,
		"a: [{token: s3cret, host: i}]\nb: s3cret\nc: {d: 1}\n":    false,
		"a: [{token: 1, host: h}]\nb: s3cret\nc: {d: 1}\n":         false,
		"a: [{host: h}]\nb: s3cret\nc: {d: 1}\n":                   false,
		"a: [{token: s3cret, host: h}]\nb: '***'\nc: {d: 1}\n":     false,
		"a: [{token: s3cret, host: h}, 1]\nb: s3cret\nc: {d: 1}\n": false,
	} {
		if EqualMasked(hidden, parsed(t, text)) != same {
			t.Errorf("EqualMasked with %s is %v", text, !same)
		}
	}
	if EqualMasked(whole, hidden) {
		t.Error("a masked document is taken for one that is not")
	}
}
