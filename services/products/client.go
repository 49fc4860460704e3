package products

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// MaxBatch is the maximum number of ids in one call.
const MaxBatch = 100

// Client calls the product service.
type Client struct{ up *upstream.Client }

// NewClient returns a client that calls the service through up.
func NewClient(up *upstream.Client) *Client { return &Client{up} }

// ByID loads products by their ids, with one call per [MaxBatch] ids. It is a
// [batch.Func].
func (c *Client) ByID(ctx context.Context, ids []string) (map[string]*Product, error) {
	return batch.Chunks(MaxBatch, c.query)(ctx, ids)
}

type question struct {
	ProductIDs []string `json:"product_ids"`
}

func (c *Client) query(ctx context.Context, ids []string) (map[string]*Product, error) {
	answer, err := c.up.Query(ctx, question{ids}, "/products/batch")
	// The route cannot be unknown, as products can.
	switch {
	case errors.Is(err, upstream.ErrNotFound):
		return nil, fault.New(fault.Rejected, Service, err)
	case errors.Is(err, fault.ErrNotFoundPage):
		return nil, fault.New(fault.InvalidResponse, Service, errNoRoute)
	case err != nil:
		return nil, err
	}
	found, err := decode(answer, ids)
	if err != nil {
		return found, c.invalid(err)
	}
	return found, nil
}

// invalid gives each error of decode its kind.
func (c *Client) invalid(err error) error {
	byKey, ok := errors.AsType[batch.KeyErrors[string]](err)
	if !ok {
		return c.up.Invalid(err)
	}
	for key, cause := range byKey {
		byKey[key] = c.up.Invalid(cause)
	}
	return byKey
}

var (
	errNoRoute = errors.New("404 or 410 for the batch route, with a page as its body")
	errNoID    = errors.New("an item has no id")
	errNull    = errors.New("an item is null")
)

// decode reads the products asked for. What was not asked for is passed over,
// the first of equals counts, and an item that makes no sense spoils its own
// id alone: without an id it may be any of those that are missing.
func decode(answer []byte, ids []string) (map[string]*Product, error) {
	items, err := decodeItems(answer)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	found := make(map[string]*Product, len(ids))
	var nameless error
	broken := batch.KeyErrors[string]{}
	for i, item := range items {
		id, p, err := item.product()
		switch {
		case err != nil && id == "":
			nameless = fmt.Errorf("item %d: %w", i, err)
		case !asked[id] || found[id] != nil:
		case err != nil:
			broken[id] = fmt.Errorf("item %d: %w", i, err)
		default:
			found[id] = p
		}
	}
	for id := range found {
		delete(broken, id)
	}
	if nameless != nil {
		return found, nameless
	}
	return found, broken.OrNil()
}

type wireProduct struct {
	ID            string          `json:"id"`
	Name          *string         `json:"name"`
	Description   *string         `json:"description"`
	Price         *scalar.Decimal `json:"price"`
	Category      *string         `json:"category"`
	StockQuantity *scalar.Int     `json:"stock_quantity"`

	broken error // what is wrong with it as JSON
}

// decodeItems reads the items of a list, nil for a null. One by one is only how
// it finds out which of them are broken.
func decodeItems(answer []byte) ([]*wireProduct, error) {
	var items []*wireProduct
	if upstream.DecodeList(answer, &items) == nil {
		return items, nil
	}
	var texts []json.RawMessage
	if err := upstream.DecodeList(answer, &texts); err != nil {
		return nil, err
	}
	items = make([]*wireProduct, len(texts))
	for i, text := range texts {
		items[i] = decodeItem(text)
	}
	return items, nil
}

func decodeItem(text json.RawMessage) *wireProduct {
	if string(text) == "null" {
		return nil
	}
	w := &wireProduct{}
	if err := upstream.DecodeObject(text, w); err != nil {
		// The id is known whatever is wrong with the rest, if it is there.
		var who struct {
			ID string `json:"id"`
		}
		if e := upstream.DecodeObject(text, &who); e != nil {
			err = e
		}
		return &wireProduct{ID: who.ID, broken: err}
	}
	return w
}

func (w *wireProduct) product() (id string, p *Product, err error) {
	switch {
	case w == nil:
		return "", nil, errNull
	case w.broken != nil:
		return w.ID, nil, w.broken
	case w.ID == "":
		return "", nil, errNoID
	}
	var f upstream.Fields
	p = &Product{
		ID:            w.ID,
		Name:          upstream.Require(&f, "name", w.Name),
		Description:   upstream.Require(&f, "description", w.Description),
		Price:         upstream.Require(&f, "price", w.Price),
		Category:      upstream.Require(&f, "category", w.Category),
		StockQuantity: int32(upstream.Require(&f, "stock_quantity", w.StockQuantity)),
	}
	return p.ID, p, f.Err()
}
