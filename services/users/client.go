package users

import (
	"context"
	"errors"

	"tributary/gateway/batch"
	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
)

// Client calls the user service.
type Client struct{ up *upstream.Client }

// NewClient returns a client that calls the service through up.
func NewClient(up *upstream.Client) *Client { return &Client{up} }

// ByID loads users by their ids, with one call per id. It is a [batch.Func].
func (c *Client) ByID(ctx context.Context, ids []string) (map[string]*User, error) {
	return batch.Each(c.get)(ctx, ids)
}

func (c *Client) get(ctx context.Context, id string) (*User, bool, error) {
	answer, err := c.up.Get(ctx, "/users/{id}", id)
	if err != nil {
		if errors.Is(err, upstream.ErrNotFound) {
			return nil, false, nil
		}
		return nil, false, err
	}
	u, err := decode(answer, id)
	if err != nil {
		return nil, false, c.up.Invalid(err)
	}
	return u, u != nil, nil
}

type wireUser struct {
	ID        *string          `json:"id"`
	Username  *string          `json:"username"`
	Email     *string          `json:"email"`
	FullName  *string          `json:"full_name"`
	IsActive  *bool            `json:"is_active"`
	CreatedAt *scalar.DateTime `json:"created_at"`
}

// decode reads the user of the given id: nil when the answer is an object that
// is not that user, as services that answer {"error": …} with status 200 have it.
func decode(answer []byte, id string) (*User, error) {
	var w wireUser
	if broken := upstream.DecodeObject(answer, &w); broken != nil {
		// Whose it is counts more than what is wrong with the rest.
		var who struct {
			ID *string `json:"id"`
		}
		if err := upstream.DecodeObject(answer, &who); err != nil {
			return nil, err
		}
		if who.ID == nil || *who.ID != id {
			return nil, nil
		}
		return nil, broken
	}
	if w.ID == nil || *w.ID != id {
		return nil, nil
	}
	var f upstream.Fields
	u := &User{
		ID:        id,
		Username:  upstream.Require(&f, "username", w.Username),
		Email:     upstream.Require(&f, "email", w.Email),
		FullName:  upstream.Require(&f, "full_name", w.FullName),
		IsActive:  upstream.Require(&f, "is_active", w.IsActive),
		CreatedAt: upstream.Require(&f, "created_at", w.CreatedAt),
	}
	return u, f.Err()
}
