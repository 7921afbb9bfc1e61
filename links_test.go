package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeBlock    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	heading      = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	namedAnchor  = regexp.MustCompile(`<a id="([^"]+)"`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// document is a Markdown file of the repository.
type document struct {
	// name is where a reader finds it: a template's page, not the template.
	name, text string
}

// documents are all Markdown files and templates, by file.
func documents(t *testing.T, root fs.FS) map[string]document {
	t.Helper()
	found := map[string]document{}
	err := fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "node_modules" || file != "." && strings.HasPrefix(name, ".")):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(strings.TrimSuffix(name, ".tmpl"), ".md"):
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		page := file
		if template, is := strings.CutPrefix(file, "templates/"); is {
			page = path.Join("docs", strings.TrimSuffix(template, ".tmpl"))
		}
		found[file] = document{page, codeBlock.ReplaceAllString(string(text), "")}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// anchors are what a link to a part of the page may name, as GitHub and the registry make them of headings.
func (d document) anchors() map[string]bool {
	anchors := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(d.text, -1) {
		anchors[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	for _, match := range namedAnchor.FindAllStringSubmatch(d.text, -1) {
		anchors[match[1]] = true
	}
	return anchors
}

func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	t.Parallel()
	root := os.DirFS(".")
	files := documents(t, root)
	pages := map[string]document{}
	for file, d := range files {
		if _, known := pages[d.name]; !known || file != d.name { // the template is newer than the page made from it
			pages[d.name] = d
		}
	}
	links := 0
	for file, d := range files {
		for _, match := range markdownLink.FindAllStringSubmatch(d.text, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			links++
			to := d.name
			if target != "" {
				to = path.Join(path.Dir(d.name), target)
			}
			page, isPage := pages[to]
			if _, err := fs.Stat(root, to); err != nil && !isPage {
				t.Errorf("%s: the link %s leads to %s, which does not exist", file, match[1], to)
			} else if anchor != "" && isPage && !page.anchors()[anchor] {
				t.Errorf("%s: the link %s leads to %s, which has no such heading", file, match[1], to)
			}
		}
	}
	if links == 0 {
		t.Error("no document has a link: the test looks at nothing")
	}
}

func TestEveryGuideIsOnTheProvidersPage(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("templates/index.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := os.ReadDir("templates/guides")
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range guides {
		if link := "(guides/" + strings.TrimSuffix(guide.Name(), ".tmpl") + ")"; !strings.Contains(string(index), link) {
			t.Errorf("templates/index.md.tmpl has no link %s", link)
		}
	}
}
