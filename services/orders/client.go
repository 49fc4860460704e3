package orders

import (
	"context"
	"errors"
	"fmt"

	"tributary/gateway/batch"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// Client calls the order service.
type Client struct{ up *upstream.Client }

// NewClient returns a client that calls the service through up.
func NewClient(up *upstream.Client) *Client { return &Client{up} }

// ByUser loads the orders of users by the users' ids, with one call per user. It is
// a [batch.Func]; a user without orders has an empty list.
func (c *Client) ByUser(ctx context.Context, userIDs []string) (map[string][]*Order, error) {
	return batch.Each(c.get)(ctx, userIDs)
}

func (c *Client) get(ctx context.Context, userID string) ([]*Order, bool, error) {
	answer, err := c.up.Get(ctx, "/orders/user/{user_id}", userID)
	if err != nil {
		if errors.Is(err, upstream.ErrNotFound) {
			return nil, false, nil
		}
		return nil, false, err
	}
	list, err := decode(answer, userID)
	if err != nil {
		return nil, false, c.up.Invalid(err)
	}
	return list, true, nil
}

type wireOrder struct {
	ID          *string          `json:"id"`
	UserID      *string          `json:"user_id"`
	Status      *string          `json:"status"`
	TotalAmount *scalar.Decimal  `json:"total_amount"`
	Items       *[]*wireItem     `json:"items"`
	CreatedAt   *scalar.DateTime `json:"created_at"`
}

type wireItem struct {
	ProductID *string         `json:"product_id"`
	Quantity  *scalar.Int     `json:"quantity"`
	Price     *scalar.Decimal `json:"price"`
}

// decode reads the orders of a user, the first of equals. The list makes sense
// or it doesn't: one order that is broken, or is another user's, spoils it.
func decode(answer []byte, userID string) ([]*Order, error) {
	var wire []*wireOrder
	if err := upstream.DecodeList(answer, &wire); err != nil {
		return nil, err
	}
	list := make([]*Order, 0, len(wire))
	seen := make(map[string]bool, len(wire))
	for i, w := range wire {
		o, err := w.order(userID)
		if err != nil {
			return nil, fmt.Errorf("order %d: %w", i, err)
		}
		if !seen[o.ID] {
			list = append(list, o)
		}
		seen[o.ID] = true
	}
	return list, nil
}

var (
	errNull  = errors.New("it is null")
	errOther = errors.New("it is another user's")
)

func (w *wireOrder) order(userID string) (*Order, error) {
	if w == nil {
		return nil, errNull
	}
	var f upstream.Fields
	items := upstream.Require(&f, "items", w.Items)
	o := &Order{
		ID:          upstream.Require(&f, "id", w.ID),
		UserID:      upstream.Require(&f, "user_id", w.UserID),
		Status:      upstream.Require(&f, "status", w.Status),
		TotalAmount: upstream.Require(&f, "total_amount", w.TotalAmount),
		Items:       make([]*OrderItem, len(items)),
		CreatedAt:   upstream.Require(&f, "created_at", w.CreatedAt),
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := scalar.CheckID(o.ID); err != nil {
		return nil, err
	}
	if o.UserID != userID {
		return nil, errOther
	}
	for i, item := range items {
		var err error
		if o.Items[i], err = item.orderItem(); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return o, nil
}

func (w *wireItem) orderItem() (*OrderItem, error) {
	if w == nil {
		return nil, errNull
	}
	var f upstream.Fields
	item := &OrderItem{
		ProductID: upstream.Require(&f, "product_id", w.ProductID),
		Quantity:  int32(upstream.Require(&f, "quantity", w.Quantity)),
		Price:     upstream.Require(&f, "price", w.Price),
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return item, scalar.CheckID(item.ProductID)
}
