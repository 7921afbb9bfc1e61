package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
)

// figure is one measured value beside what it is compared with, both of the same run.
type figure struct {
	// Name is the figure's stable name. One that is measured in several cases comes once for each.
	Name string `json:"name"`
	// Value is what was measured, in Unit.
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Baseline says what BaselineValue, in the same unit, is of.
	Baseline      string  `json:"baseline"`
	BaselineValue float64 `json:"baseline_value"`
}

// table renders the figures for people.
func table(figures []figure) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nfigure\tvalue\tbaseline\tunit\tbaseline is")
	for _, f := range figures {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Name, short(f.Value), short(f.BaselineValue), f.Unit, f.Baseline)
	}
	return w.Flush()
}

// short has three significant digits, or all before the point.
func short(v float64) string {
	if v >= 100 || v <= -100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// save writes the figures as JSON.
func save(file string, figures []figure) error {
	content, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.WriteFile(file, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}
