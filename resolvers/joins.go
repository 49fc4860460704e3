package resolvers

import (
	"maps"

	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/services"
)

// Joins adds the joins of the fields that are resolved by hand to those that are
// generated: what they load, and by which key. The resolvers use the same keys; the joins
// make them known before the resolvers run.
func (r *Resolver) Joins() lookahead.Joins {
	joins := r.Loaders.Joins()
	ofProfile := lookahead.Key(func(p *graph.Profile) string { return p.UserID })
	user, orders := r.userByIDSource(), r.ordersSource()
	maps.Copy(joins, lookahead.Joins{
		"Query.profile": user.By(lookahead.Arg("userId")).
			Then(lookahead.As(func(u *services.User) *graph.Profile { return &graph.Profile{UserID: u.ID} })),
		"Query.me":            lookahead.Computed(1), // its key depends on the request
		"Profile.user":        user.By(ofProfile),
		"Profile.orders":      orders.By(ofProfile),
		"Profile.products":    orders.By(ofProfile).Then(joins["Order.items"]).Then(joins["OrderItem.product"]),
		"Mutation.placeOrder": r.placeOrderJoin(),
	})
	return joins
}
