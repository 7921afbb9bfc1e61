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

// collect takes the items of a list, until it has limit of them; 0 is all. More says that there are others.
func collect[T any](limit int, read func(orbit.PageOptions) (*orbit.Page[T], error)) (items []T, more bool, err error) {
	size := maxPage
	if limit > 0 {
		size = min(maxPage, limit+1) // one more tells whether there are others
	}
	for item, err := range pages(size, read) {
		switch {
		case err != nil:
			return nil, false, err
		case limit > 0 && len(items) == limit:
			return items, true, nil
		}
		items = append(items, item)
	}
	return items, false, nil
}

// pages ranges over the items of a list and asks orbitd for a page of that size when it is needed. An error ends it.
func pages[T any](size int, read func(orbit.PageOptions) (*orbit.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		options := orbit.PageOptions{Limit: size}
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
