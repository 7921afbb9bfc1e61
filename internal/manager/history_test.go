package manager_test

import (
	"strings"
	"testing"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

func TestChangesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	_, c := server(t)
	var made []string
	for _, name := range []string{"One", "Two", "Three"} {
		made = append([]string{declare(t, c, "history", title(name)).ID}, made...)
	}
	declare(t, c, "history-other", "")
	remove(t, c, "history-other")
	var listed []string
	for options := (orbit.PageOptions{Limit: 2}); ; {
		page, err := c.ListChanges(t.Context(), "history", options)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range page.Items {
			if change.Workspace != "history" || !change.Done() {
				t.Errorf("the list has %+v", change)
			}
			listed = append(listed, change.ID)
		}
		if options.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if strings.Join(listed, " ") != strings.Join(made, " ") {
		t.Errorf("listed %v, want %v", listed, made)
	}
	remove(t, c, "history")
	page, err := c.ListChanges(t.Context(), "history", orbit.PageOptions{})
	if err != nil || len(page.Items) != 4 || page.Items[0].Operation != orbit.OperationDelete {
		t.Errorf("after its deletion the list is %+v, %v", page, err)
	}
}
