package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/secret"
)

func TestMask(t *testing.T) {
	t.Parallel()
	const tricky = `p"a/s&s w+<rd>`
	quoted, err := json.Marshal(tricky)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		values []string
		text   string
		want   string
	}{
		{"no secrets", nil, "plain text", "plain text"},
		{"as it is", []string{"hunter2"}, "password hunter2 refused", "password *** refused"},
		{"every time", []string{"hunter2"}, "hunter2, hunter2", "***, ***"},
		{"the longer of two", []string{"hunter2", "hunter2000"}, "is hunter2000.", "is ***."},
		{"two that overlap", []string{"abcdef", "defghi"}, "<abcdefghi>", "<***>"},
		{"overlapping itself", []string{"abab"}, "-ababab-", "-***-"},
		{"too short to tell", []string{"on", "123"}, "turned on at 123", "turned on at 123"},
		{"empty", []string{""}, "text", "text"},
		{"JSON", []string{tricky}, `{"a":` + string(quoted) + `}`, `{"a":"***"}`},
		{"JSON in JSON", []string{tricky}, string(twice), `"\"***\""`},
		{"JSON without escaped HTML", []string{tricky}, `"p\"a/s&s w+<rd>"`, `"***"`},
		{"a query", []string{tricky}, "?a=" + url.QueryEscape(tricky) + "&b=1", "?a=***&b=1"},
		{"a path", []string{tricky}, "/x/" + url.PathEscape(tricky) + "/y", "/x/***/y"},
		{"a path in lower case", []string{"a/b?c"}, "/x/a%2fb%3fc/y", "/x/***/y"},
		{"a component of JavaScript", []string{"it's (a) b!"}, "x=it's%20(a)%20b!", "x=***"},
		{"base64", []string{"hunter2hunter"}, "token aHVudGVyMmh1bnRlcg==", "token ***"},
		{"a line of several", []string{"-----BEGIN-----\nMIIEvQIBADAN\nshort\n"}, "read MIIEvQIBADAN", "read ***"},
		{"without its end of line", []string{"hunter2\n"}, "hunter2!", "***!"},
		{"not in Latin", []string{"пароль"}, "мой пароль: да", "мой ***: да"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := secret.NewMasker(test.values).Mask(test.text)
			if test.name == "base64" { // the last character also carries what follows, so it may stay
				got = strings.TrimRight(got, "g=")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Mask (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMaskFindsAValueInsideSomethingEncoded(t *testing.T) {
	t.Parallel()
	masker := secret.NewMasker([]string{"correct horse battery"})
	for _, user := range []string{"", "a", "ab", "abc"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(user + ":correct horse battery:"))
		masked := masker.Mask("Authorization: Basic " + encoded)
		decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(masked, "Authorization: Basic "))
		if !strings.Contains(masked, secret.Mask) || strings.Contains(string(decoded), "horse") {
			t.Errorf("behind %q: %s", user, masked)
		}
	}
}

func TestMaskLines(t *testing.T) {
	t.Parallel()
	lines := secret.NewMasker([]string{"hunter2"}).MaskLines([]string{"a hunter2", "b"})
	if diff := cmp.Diff([]string{"a ***", "b"}, lines); diff != "" {
		t.Errorf("MaskLines (-want +got):\n%s", diff)
	}
	var none *secret.Masker
	if got := none.Mask("hunter2"); got != "hunter2" {
		t.Errorf("a nil Masker gave %q", got)
	}
}

// FuzzMask checks the promise: in no text, and in no form of it that the masker knows, is a value left.
func FuzzMask(f *testing.F) {
	f.Add("hunter2", "ter2s", "is hunter2s", "")
	f.Add("a\nbcdefghij", "ж%2Fф", "\x00a\nbcdefghij", "ж")
	f.Add(`"\"\`, "aaaa", `\"\\aaaaaa`, "xyz")
	f.Fuzz(func(t *testing.T, first, second, before, between string) {
		const enough = 1 << 10 // bytes; what is longer shows nothing new
		if len(first)+len(second)+len(before)+len(between) > enough {
			t.Skip()
		}
		masker := secret.NewMasker([]string{first, second})
		texts := []string{
			before + first + between + second,
			before + url.QueryEscape(first) + between + url.PathEscape(second),
		}
		for _, text := range texts {
			masked := masker.Mask(text)
			for _, value := range []string{first, second} {
				// A value with the mask's own character can arise from the masks themselves.
				if len(value) >= secret.MinMaskedLength && !strings.Contains(value, "*") && strings.Contains(masked, value) {
					t.Errorf("%q is left in %q", value, masked)
				}
			}
			if again := masker.Mask(text); again != masked {
				t.Errorf("masked as %q, then as %q", masked, again)
			}
		}
	})
}
