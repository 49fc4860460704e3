package testgraph

import (
	"context"
	"errors"

	"tributary/gateway/batch"
	"tributary/gateway/upstream"
)

// maxBatch is the maximum number of books in one call.
const maxBatch = 100

// client calls a service.
type client struct{ up *upstream.Client }

func (c client) author(ctx context.Context, ids []string) (map[string]*Author, error) {
	return batch.PerKey(func(ctx context.Context, id string) (*Author, bool, error) {
		body, err := c.up.Get(ctx, "/authors/{id}", id)
		if errors.Is(err, upstream.ErrNotFound) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		a := &Author{}
		if err := upstream.DecodeObject(body, a); err != nil {
			return nil, false, c.up.Invalid(err)
		}
		return a, a.ID == id, nil
	})(ctx, ids)
}

func (c client) books(ctx context.Context, ids []string) (map[string]*Book, error) {
	body, err := c.up.Query(ctx, map[string][]string{"ids": ids}, "/books/batch")
	if err != nil {
		return nil, err
	}
	var books []*Book
	if err := upstream.DecodeList(body, &books); err != nil {
		return nil, c.up.Invalid(err)
	}
	found := map[string]*Book{}
	for _, b := range books {
		found[b.ID] = b
	}
	return found, nil
}
