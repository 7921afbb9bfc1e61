package npm

import "testing"

func TestPackagesThatAreMissingAreFoundWhereNPMSaysNothingElse(t *testing.T) {
	t.Parallel()
	const stderr = `npm http fetch GET 200 https://registry.invalid/@acme%2fplugin 215ms (cache updated)
npm http fetch GET 404 https://registry.invalid/@acme%2fcommon 76ms (cache skip)
npm http fetch GET 404 https://registry.invalid/sub/path/left 85ms (cache skip)
npm http fetch GET 404 https://registry.invalid/@acme%2fcommon 76ms (cache skip)
npm error A complete log of this run can be found in: /somewhere/debug-0.log
`
	f := newFailure("install", nil, []byte(stderr))
	if !f.PackageMissing() || f.Subject() != "@acme/common" || f.Summary != "Not Found: @acme/common, left" {
		t.Errorf("got %+v about %q", f, f.Subject())
	}
	quiet := newFailure("install", nil, []byte("npm http fetch GET 200 https://registry.invalid/a 1ms\nnpm error no space left\n"))
	if quiet.Summary != "npm error no space left" {
		t.Errorf("got %+v", quiet)
	}
	told := newFailure("install", []byte(`{"error":{"code":"ETARGET","summary":"s","detail":"d"}}`), []byte(stderr))
	if told.Code != "ETARGET" {
		t.Errorf("npm's own word is lost: %+v", told)
	}
}
