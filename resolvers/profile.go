package resolvers

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"tributary/gateway/fault"
	"tributary/graph"
	"tributary/services"
)

// loadProfile returns nil only if the user service says that there is no such user. If that
// is unknown, because the service failed, there may still be orders to show.
func (r *Resolver) loadProfile(ctx context.Context, userID string) (*graph.Profile, error) {
	user, err := r.UserByID.Load(ctx, userID)
	if err != nil && fault.From(err).Kind == fault.BadUserInput {
		return nil, err
	}
	if err == nil && user == nil {
		return nil, nil
	}
	return &graph.Profile{UserID: userID}, nil
}

// loadProducts returns the products that could be loaded. It is null only if there are some
// but none could be loaded.
func (r *Resolver) loadProducts(ctx context.Context, p *graph.Profile) ([]*services.Product, error) {
	list, err := r.Orders.Load(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	values, errs := r.ProductByID.LoadAll(ctx, productIDs(list))
	found := make([]*services.Product, 0, len(values))
	for _, v := range values {
		if v != nil {
			found = append(found, v)
		}
	}
	if err := errors.Join(errs...); err != nil {
		if len(found) == 0 {
			return nil, err
		}
		graphql.AddError(ctx, err)
	}
	return found, nil
}

// productIDs returns the ids of the products in orders, each once, in order of their first
// occurrence.
func productIDs(list []*services.Order) []string {
	var ids []string
	seen := map[string]bool{}
	for _, order := range list {
		for _, item := range order.Items {
			if !seen[item.ProductID] {
				seen[item.ProductID] = true
				ids = append(ids, item.ProductID)
			}
		}
	}
	return ids
}
