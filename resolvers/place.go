package resolvers

import (
	"context"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/rest"
	"tributary/gateway/scalar"
	"tributary/graph"
	"tributary/services"
)

// placeOrder validates the input, prices it and then sends the order.
func (r *Resolver) placeOrder(ctx context.Context, input graph.PlaceOrderInput) (*services.Order, error) {
	if err := checkOrder(input); err != nil {
		return nil, err
	}
	order, err := r.price(ctx, input)
	if err != nil {
		return nil, err
	}
	v, err := r.sendOrder(ctx, order.Key())
	return rest.Changed(ctx, r.cache, v, err, rest.Tag("orders", input.UserID))
}

// checkOrder returns an error for an input that needs no service to be refused.
func checkOrder(input graph.PlaceOrderInput) error {
	if err := scalar.CheckID(input.UserID); err != nil {
		return fault.BadUserInputf("input.userId: %s", fault.From(err).ClientMessage())
	}
	if len(input.Items) == 0 {
		return fault.BadUserInputf("input.items must have at least one item")
	}
	for i, item := range input.Items {
		if err := scalar.CheckID(item.ProductID); err != nil {
			return fault.BadUserInputf("input.items[%d].productId: %s", i, fault.From(err).ClientMessage())
		}
		if item.Quantity < 1 {
			return fault.BadUserInputf("input.items[%d].quantity must be at least 1", i)
		}
	}
	return nil
}

// price returns the order with the current prices of the product service, loaded past the cache
// in one batch. It fails unless every item has a price.
func (r *Resolver) price(ctx context.Context, input graph.PlaceOrderInput) (order services.NewOrder, err error) {
	products, err := r.currentProducts(ctx, productIDsOf(input))
	order.UserID = input.UserID
	for i, item := range input.Items {
		product := products[item.ProductID]
		if product == nil {
			if err := batch.ErrorOf(err, item.ProductID); err != nil {
				return order, err
			}
			return order, fault.BadUserInputf("input.items[%d].productId: there is no such product", i)
		}
		order.Items = append(order.Items, services.NewItem{ProductID: item.ProductID, Quantity: item.Quantity, Price: product.Price})
	}
	return order, nil
}

// productIDsOf returns the ids of the ordered products, each once, in order of their first
// occurrence.
func productIDsOf(input graph.PlaceOrderInput) (ids []string) {
	seen := map[string]bool{}
	for _, item := range input.Items {
		if !seen[item.ProductID] {
			seen[item.ProductID] = true
			ids = append(ids, item.ProductID)
		}
	}
	return ids
}

// placeOrderJoin is the cost of [Resolver.placeOrder].
func (r *Resolver) placeOrderJoin() *lookahead.Join {
	prices := r.productByIDSource().By(lookahead.Arg("input", "items", "productId"))
	return lookahead.Write("orders", 1).After(prices)
}
