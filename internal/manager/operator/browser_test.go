package operator_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/managertest"
)

// browser is somebody in front of the page. It keeps cookies, and follows no redirect by itself.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
}

func open(t *testing.T, s *managertest.Server) *browser {
	t.Helper()
	return openAt(t, s.Manager.APIURL())
}

func openAt(t *testing.T, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: base, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn returns a browser that signed in with the token.
func signedIn(t *testing.T, s *managertest.Server, token string) *browser {
	t.Helper()
	b := open(t, s)
	if p := b.signIn(token); p.status != http.StatusSeeOther {
		t.Fatalf("signing in answers %d", p.status)
	}
	return b
}

// asRoot returns a browser that signed in with the admin's token.
func asRoot(t *testing.T, s *managertest.Server) *browser {
	t.Helper()
	token, err := s.Token()
	if err != nil {
		t.Fatal(err)
	}
	return signedIn(t, s, token)
}

// answered is a page as it came.
type answered struct {
	status int
	header http.Header
	text   string
}

func (b *browser) do(r *http.Request) answered {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answered{answer.StatusCode, answer.Header, string(body)}
}

func (b *browser) request(method, path, body string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (b *browser) get(path string) answered {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, ""))
}

// page returns a page that has to be there.
func (b *browser) page(path string) answered {
	b.t.Helper()
	p := b.get(path)
	if p.status != http.StatusOK {
		b.t.Fatalf("GET %s answers %d %s", path, p.status, p.text)
	}
	return p
}

func (b *browser) signIn(token string) answered {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, "/ui/sign-in", url.Values{"token": {token}}.Encode()))
}

// cookie is the browser's session; "" when it has none.
func (b *browser) cookie() string {
	at, err := url.Parse(b.base + "/ui/")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		return c.Value
	}
	return ""
}

// document is the page's tree.
func (p answered) document(t *testing.T) *html.Node {
	t.Helper()
	document, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// elements are the page's elements of a name, all for "", in order.
func (p answered) elements(t *testing.T, name string) []*html.Node {
	t.Helper()
	var found []*html.Node
	for n := range p.document(t).Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			found = append(found, n)
		}
	}
	return found
}

// attribute is an element's attribute, and whether it has it.
func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// words are what a person reads of an element, with single spaces.
func words(n *html.Node) string {
	var text strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" {
			text.WriteString(d.Data + " ")
		}
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(text.String()), " "), " : ", ": ")
}

// reads are the words of the whole page.
func (p answered) reads(t *testing.T) string {
	t.Helper()
	return words(p.elements(t, "body")[0])
}

// links are where the page leads to.
func (p answered) links(t *testing.T) []string {
	t.Helper()
	var links []string
	for _, a := range p.elements(t, "a") {
		if to, there := attribute(a, "href"); there {
			links = append(links, to)
		}
	}
	return links
}
