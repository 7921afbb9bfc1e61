package operator

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/manager/auth"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/*
var assetFiles embed.FS

// view is what a page shows.
type view struct {
	// Name is its template's.
	Name string
	// Title says what it is about.
	Title string
	// Trail leads to it.
	Trail []link
	// Stream is where its events come from; "" where it shows none as they happen.
	Stream  string
	Content any
}

// link is a way to another page.
type link struct{ Text, Path string }

// frame is a page with what is around every one of them.
type frame struct {
	view
	// Principal is who signed in; nobody has no subject.
	Principal auth.Principal
	Version   string
	// Assets is what the addresses of the page's files end with, so that a browser keeps them until they are others.
	Assets string
}

// look are the page's templates by name.
type look struct {
	base   *template.Template
	pages  map[string]*template.Template
	assets string
}

// newLook reads what is inside this program; a fault of that is found by every test.
func newLook() *look {
	base := template.Must(template.New("base.html").Funcs(template.FuncMap{
		"ago": ago, "clock": clock, "machine": machine, "lasted": lasted, "mebibytes": mebibytes, "workspacePath": workspacePath,
		"phaseBadge": phaseBadge, "impactBadge": impactBadge, "conditionBadge": conditionBadge,
	}).ParseFS(templateFiles, "templates/base.html", "templates/parts.html"))
	l := &look{base: base, pages: map[string]*template.Template{}, assets: assetHash()}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is malformed
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name != "base" && name != "parts" {
			l.pages[name] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, file))
		}
	}
	return l
}

// show answers with a page. It is made before anything is sent, so that a fault of it is not half a page.
func (p *operator) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	var page bytes.Buffer
	err := p.look.pages[v.Name].Execute(&page, frame{
		view: v, Principal: auth.FromContext(r.Context()), Version: p.Version, Assets: "?v=" + p.look.assets,
	})
	if err != nil {
		p.Logger.ErrorContext(r.Context(), "page not made", "page", v.Name, "error", err)
		http.Error(w, "orbitd could not make this page; its log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a client that went away is the only reason to fail
}

// part is a part of a page by itself.
func (l *look) part(name string, content any) (string, error) {
	var text strings.Builder
	err := l.base.ExecuteTemplate(&text, name, content)
	return text.String(), err
}

// assets answers with the page's files. Their addresses move with their content.
func assets() http.Handler {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the name is malformed
	}
	serve := http.StripPrefix(Path+"assets/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		serve.ServeHTTP(w, r)
	})
}

// assetHash is a hash of all of the page's files.
func assetHash() string {
	hash := sha256.New()
	err := fs.WalkDir(assetFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := assetFiles.ReadFile(path)
		hash.Write(content)
		return err
	})
	if err != nil {
		panic(err) // the files are inside this program
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
