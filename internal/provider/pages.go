package provider

import (
	"errors"
	"iter"

	"github.com/orbit-idp/terraform-provider-orbit/orbit"
)

// maxPage is how many items orbitd gives at most in one page.
const maxPage = 500

// errSamePage ends a list that would never end.
var errSamePage = errors.New("orbitd named the page that it gave as the next one")

// collect reads page after page, until it has limit items; 0 is all. More says that there are others.
func collect[T any](limit int, read func(orbit.PageOptions) (*orbit.Page[T], error)) (items []T, more bool, err error) {
	options := orbit.PageOptions{Limit: maxPage}
	for {
		if limit > 0 {
			options.Limit = min(maxPage, limit-len(items))
		}
		page, err := read(options)
		if err != nil {
			return nil, false, err
		}
		items = append(items, page.Items...)
		switch {
		case limit > 0 && len(items) >= limit:
			return items[:limit], page.Next != "" || len(items) > limit, nil
		case page.Next == "":
			return items, false, nil
		case page.Next == options.Cursor:
			return nil, false, errSamePage
		}
		options.Cursor = page.Next
	}
}

// pages ranges over the items of a list and asks orbitd for a page when it is needed. An error ends it.
func pages[T any](read func(orbit.PageOptions) (*orbit.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		options := orbit.PageOptions{Limit: maxPage}
		for {
			page, err := read(options)
			if err == nil && page.Next != "" && page.Next == options.Cursor {
				err = errSamePage
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			options.Cursor = page.Next
		}
	}
}
