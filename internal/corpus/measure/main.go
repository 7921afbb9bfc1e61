// Command measure asks a real Backstage what the edits of the corpus cost and writes the answers down:
//
//	go run ./internal/corpus/measure [-run REGEXP] [-missing] [-print]
//
// It installs the release where ORBIT_TEST_BUNDLE does not name an installed one and starts a PostgreSQL of its own. Two
// Backstage processes are up at a time, three for an edit with a document before of its own, and one loads its modules
// for the next edit. An answer is written as soon as it is known, so that an interrupted run goes on with -missing. In
// the end it prints the rows in which changeplan is wrong; the exit code is 1 then.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/orbit-idp/terraform-provider-orbit/backstage"
	"github.com/orbit-idp/terraform-provider-orbit/internal/corpus"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wrong, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure: "+err.Error())
	}
	if err != nil || wrong {
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context) (wrong bool, err error) {
	selected := flag.String("run", "", "measure only the edits whose id matches this regular expression")
	missing := flag.Bool("missing", false, "measure only the edits without an answer")
	verbose := flag.Bool("print", false, "print what was observed")
	folder := flag.String("folder", "internal/corpus/measured", "where the answers are written")
	flag.Parse()
	pattern, err := regexp.Compile(*selected)
	if err != nil {
		return false, fmt.Errorf("read -run: %w", err)
	}
	c, err := corpus.Load()
	if err != nil {
		return false, err
	}
	release := backstage.Default().Version
	sheet := sheet{path: filepath.Join(*folder, release+".json"), verbose: *verbose}
	if err := sheet.read(); err != nil {
		return false, err
	}
	var edits []corpus.Edit
	for _, edit := range c.Edits {
		if _, known := sheet.answers[edit.ID]; pattern.MatchString(edit.ID) && !(*missing && known) {
			edits = append(edits, edit)
		}
	}
	if len(edits) > 0 {
		if err := measure(ctx, c, edits, &sheet); err != nil {
			return false, err
		}
	}
	if *selected == "" {
		if err := sheet.forget(c); err != nil {
			return false, err
		}
	}
	verdict, err := corpus.Judge(c, sheet.answers, release)
	if err != nil {
		return false, err
	}
	for _, row := range verdict.Wrong {
		fmt.Println("wrong:", row)
	}
	for _, figure := range verdict.Figures() {
		fmt.Println("figure:", figure)
	}
	return len(verdict.Wrong) > 0, nil
}

func measure(ctx context.Context, c *corpus.Corpus, edits []corpus.Edit, s *sheet) (err error) {
	laboratory, err := openLab(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = laboratory.close(ctx, err) }()
	for i, edit := range edits {
		begin := time.Now()
		answers, err := laboratory.measure(ctx, edit)
		if err != nil {
			return fmt.Errorf("measure %s: %w", edit.ID, err)
		}
		if err := s.add(edit.ID, answers); err != nil {
			return err
		}
		fmt.Printf("%d/%d %s %.1fs\n", i+1, len(edits), s.describe(edit.ID, answers), time.Since(begin).Seconds())
	}
	return nil
}

// sheet is the file of answers.
type sheet struct {
	path    string
	verbose bool
	answers corpus.Measurements
}

func (s *sheet) read() error {
	content, err := os.ReadFile(s.path)
	if os.IsNotExist(err) {
		s.answers = corpus.Measurements{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	if err := json.Unmarshal(content, &s.answers); err != nil {
		return fmt.Errorf("read the answers in %s: %w", s.path, err)
	}
	return nil
}

// add replaces the answers to an edit and its way back.
func (s *sheet) add(id string, answers corpus.Measurements) error {
	delete(s.answers, corpus.Undone(id))
	for id, answer := range answers {
		s.answers[id] = answer
	}
	return s.write()
}

func (s *sheet) write() error {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s.answers); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	temporary := s.path + ".new"
	if err := os.WriteFile(temporary, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	if err := os.Rename(temporary, s.path); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	return nil
}

// forget drops the answers to edits that the corpus does not have any more.
func (s *sheet) forget(c *corpus.Corpus) error {
	known := map[string]bool{}
	for _, edit := range c.Edits {
		known[edit.ID], known[corpus.Undone(edit.ID)] = true, true
	}
	for id := range s.answers {
		if !known[id] {
			delete(s.answers, id)
		}
	}
	return s.write()
}

func (s *sheet) describe(id string, answers corpus.Measurements) string {
	line := id + ": " + string(answers[id].Label)
	if back, ok := answers[corpus.Undone(id)]; ok {
		line += ", undone " + string(back.Label)
	}
	if s.verbose {
		for id, a := range answers {
			line += fmt.Sprintf("\n  %s\n    before  %s\n    pushed  %s\n    fresh   %s\n    failure %s\n", id, a.Before, a.Pushed, a.Fresh, a.Failure)
		}
	}
	return line
}
