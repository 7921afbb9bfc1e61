package operator_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	t.Parallel()
	s, c := server(t)
	lived(t, c, "walked")
	b := asRoot(t, s)
	pages := map[string]answered{
		"sign in": open(t, s).get("/ui/sign-in"), "not signed in": open(t, s).signIn("orbit_wrong"), "not found": b.get("/ui/nothing"),
	}
	for todo := []string{"/ui/"}; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		if _, been := pages[path]; been {
			continue
		}
		pages[path] = b.page(path)
		for _, to := range pages[path].links(t) {
			if strings.HasPrefix(to, "/ui/") && (!strings.HasPrefix(to, "/ui/workspaces/") || strings.HasPrefix(to, "/ui/workspaces/walked")) {
				todo = append(todo, to)
			}
		}
	}
	if len(pages) < 11 {
		t.Errorf("there are %d pages, want the lists, the workspace's and five rollouts", len(pages))
	}
	titles := map[string]int{}
	for path, p := range pages {
		for _, fault := range faults(t, p) {
			t.Errorf("%s: %s", path, fault)
		}
		titles[words(p.elements(t, "title")[0])]++
	}
	if len(titles) < 6 {
		t.Errorf("the pages' titles are %v, want one for each kind", titles)
	}
}

// faults are what keeps somebody from using a page by keyboard, with a screen reader or on a phone.
func faults(t *testing.T, p answered) []string {
	t.Helper()
	var found []string
	complain := func(fault string) { found = append(found, fault) }
	ids, labelled, level, h1 := map[string]bool{}, map[string]bool{}, 0, 0
	all := p.elements(t, "")
	for _, n := range all {
		if id, there := attribute(n, "id"); there {
			if ids[id] {
				complain("two elements have the id " + id)
			}
			ids[id] = true
		}
		if target, there := attribute(n, "for"); there {
			labelled[target] = true
		}
	}
	mains := 0
	for _, n := range all {
		for _, name := range []string{"aria-labelledby", "aria-describedby"} {
			if id, there := attribute(n, name); there && !ids[id] {
				complain(name + " names " + id + ", which is not there")
			}
		}
		if _, styled := attribute(n, "style"); styled || n.Data == "style" {
			complain(n.Data + " has a style of its own")
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				complain(n.Data + " has a script of its own")
			}
		}
		switch n.Data {
		case "html":
			if lang, _ := attribute(n, "lang"); lang != "en" {
				complain("the language is not told")
			}
		case "main":
			mains++
		case "h1", "h2", "h3", "h4":
			at := int(n.Data[1] - '0')
			if at > level+1 {
				complain("the heading " + words(n) + " skips a level")
			}
			if level = at; at == 1 {
				h1++
			}
		case "input":
			id, _ := attribute(n, "id")
			if kind, _ := attribute(n, "type"); kind != "hidden" && !labelled[id] {
				complain("the field " + id + " has no label")
			}
		case "img":
			if _, told := attribute(n, "alt"); !told {
				complain("a picture has no words")
			}
		case "a", "button", "th", "title":
			label, _ := attribute(n, "aria-label")
			if words(n) == "" && label == "" {
				complain("a " + n.Data + " has no words")
			}
		case "thead":
			checkHeads(n, complain)
		case "section":
			if id, _ := attribute(n, "aria-labelledby"); id == "" {
				complain("a section has no name")
			}
		case "time":
			if at, _ := attribute(n, "datetime"); at == "" {
				complain("a time is for people alone")
			}
		case "meter":
			if id, _ := attribute(n, "aria-labelledby"); id == "" {
				complain("a meter has no name")
			}
		}
	}
	if h1 != 1 || mains != 1 {
		complain("it has not one heading of the first level and one main part")
	}
	for _, to := range p.links(t) {
		if id, within := strings.CutPrefix(to, "#"); within && !ids[id] {
			complain("it leads to " + to + ", which is not there")
		}
	}
	return found
}

// checkHeads says which columns have heads that are for the eye alone.
func checkHeads(n *html.Node, complain func(string)) {
	for d := range n.Descendants() {
		if d.Data == "th" {
			if scope, _ := attribute(d, "scope"); scope != "col" {
				complain("the column " + words(d) + " has no scope")
			}
		}
	}
}
