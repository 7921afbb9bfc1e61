package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// isText says whether a text can be stored: PostgreSQL has no place for a NUL or for bytes that are no UTF-8.
func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// onlyText refuses requests whose path, query or Idempotency-Key is no text. No object has such a name.
func (a *api) onlyText(ctx huma.Context, next func(huma.Context)) {
	const detail = "names are UTF-8 without NUL"
	r, _ := humago.Unwrap(ctx)
	switch reads := r.Method == http.MethodGet || r.Method == http.MethodDelete; {
	case !isText(r.URL.Path) && reads:
		a.refuse(ctx, &orbit.Problem{Code: orbit.CodeNotFound, Title: "No such object", Detail: "the path is no text: " + detail})
	case !isText(r.URL.Path):
		a.refuse(ctx, &orbit.Problem{Code: orbit.CodeInvalidRequest, Title: "Not a name", Detail: "the path is no text: " + detail})
	case !isTextQuery(r) || !isText(r.Header.Get("Idempotency-Key")):
		a.refuse(ctx, &orbit.Problem{
			Code: orbit.CodeInvalidRequest, Title: "Not a text", Detail: "a parameter is no text: it has to be UTF-8 without NUL",
		})
	default:
		next(ctx)
	}
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
