package gateway

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestOnlyAnUntouchedBodyCanBeSentAgain(t *testing.T) {
	t.Parallel()
	body := &requestBody{ReadCloser: io.NopCloser(strings.NewReader("body"))}
	again, err := body.again()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(again); string(got) != "body" || err != nil {
		t.Errorf("the second attempt reads %q, %v", got, err)
	}
	if _, err := body.again(); !errors.Is(err, errTouched) {
		t.Errorf("a body that was read can be sent again: %v", err)
	}
	if body.broken.Load() {
		t.Error("a body that was read to its end counts as broken")
	}
}

func TestABodyCannotBeReadAfterItsRequest(t *testing.T) {
	t.Parallel()
	body := &requestBody{ReadCloser: io.NopCloser(strings.NewReader("body"))}
	body.end()
	if n, err := body.Read(make([]byte, 4)); n != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
