package resolvers

import (
	"tributary/gateway/lookahead"
	"tributary/graph"
	"tributary/services/orders"
	"tributary/services/products"
	"tributary/services/users"
)

// Joins declares, for each field that loads something or leads to one that does, what
// it loads and by which key. The resolvers use the same keys; this makes them known
// before the resolvers run.
func (r *Resolver) Joins() lookahead.Joins {
	// How long the lists are reckoned to be of which a query does not tell: this
	// decides which queries cost too much, and nothing else.
	const ordersOfUser, itemsOfOrder = 10, 10

	// What the key alone tells of a value, before it is loaded.
	user := lookahead.One(r.UserByID, func(id string) *users.User { return &users.User{ID: id} })
	ordersOf := lookahead.Many(r.OrdersByUser, ordersOfUser, func(userID string) *orders.Order { return &orders.Order{UserID: userID} })
	product := lookahead.One(r.ProductByID, func(id string) *products.Product { return &products.Product{ID: id} })

	ofProfile := lookahead.Key(func(p *graph.Profile) string { return p.UserID })
	ofItem := lookahead.Key(func(i *orders.OrderItem) string { return i.ProductID })
	items := lookahead.Each(itemsOfOrder, func(o *orders.Order) []*orders.OrderItem { return o.Items })

	return lookahead.Joins{
		"Query.user":     user.By(lookahead.Arg("id")),
		"Query.users":    user.By(lookahead.Arg("ids")),
		"Query.orders":   ordersOf.By(lookahead.Arg("userId")),
		"Query.product":  product.By(lookahead.Arg("id")),
		"Query.products": product.By(lookahead.Arg("ids")),

		"Query.profile": user.By(lookahead.Arg("userId")).
			Then(lookahead.As(func(u *users.User) *graph.Profile { return &graph.Profile{UserID: u.ID} })),
		"Profile.user":     user.By(ofProfile),
		"Profile.orders":   ordersOf.By(ofProfile),
		"Profile.products": ordersOf.By(ofProfile).Then(items).Then(product.By(ofItem)),

		"User.orders":       ordersOf.By(lookahead.Key(func(u *users.User) string { return u.ID })),
		"Order.user":        user.By(lookahead.Key(func(o *orders.Order) string { return o.UserID })),
		"Order.items":       items,
		"OrderItem.product": product.By(ofItem),
	}
}
