package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// isText says whether a text can be stored: PostgreSQL has no place for a NUL or for bytes that are no UTF-8.
func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// onlyText refuses requests whose path, query or Idempotency-Key is no text. No object has such a name.
func onlyText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const detail = "names are UTF-8 without NUL"
		switch reads := r.Method == http.MethodGet || r.Method == http.MethodDelete; {
		case !isText(r.URL.Path) && reads:
			writeProblem(w, r, http.StatusNotFound, orbit.CodeNotFound, "No such object", "the path is no text: "+detail)
		case !isText(r.URL.Path):
			writeProblem(w, r, http.StatusUnprocessableEntity, orbit.CodeInvalidRequest, "Not a name", "the path is no text: "+detail)
		case !isTextQuery(r) || !isText(r.Header.Get("Idempotency-Key")):
			writeProblem(w, r, http.StatusUnprocessableEntity, orbit.CodeInvalidRequest, "Not a text",
				"a parameter is no text: it has to be UTF-8 without NUL")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isTextQuery(r *http.Request) bool {
	for _, values := range r.URL.Query() {
		for _, value := range values {
			if !isText(value) {
				return false
			}
		}
	}
	return true
}

// errNotText is what is wrong with a body of which not every string is a text.
var errNotText = errors.New("a string in it is no text: it has to be UTF-8 without NUL")

// textFormats read JSON whose strings are all texts. The standard decoder would put another character in the place of
// bytes that are no UTF-8, without a word.
func textFormats() map[string]huma.Format {
	format := huma.DefaultJSONFormat
	format.Unmarshal = func(data []byte, v any) error {
		if err := json.Unmarshal(data, v); err != nil {
			return err
		}
		// huma reads a body twice, and first into any, to hold it against the schema: an error then would be a 400.
		if _, first := v.(*any); first || utf8.Valid(data) && !hasNUL(data) {
			return nil
		}
		return errNotText
	}
	return map[string]huma.Format{"application/json": format, "json": format}
}

// hasNUL says whether a string of a JSON document has a NUL in it.
func hasNUL(data []byte) bool {
	if !bytes.Contains(data, []byte(`\u0000`)) {
		return false
	}
	for tokens := json.NewDecoder(bytes.NewReader(data)); ; {
		token, err := tokens.Token()
		if err != nil {
			return false // the end, because the document was read before
		}
		if text, ok := token.(string); ok && strings.Contains(text, "\x00") {
			return true
		}
	}
}
