package plain

import (
	"context"
	"errors"

	"tributary/bench/internal/baseline"
	"tributary/bench/plain/graph"
)

type resolver struct{}

type (
	queryResolver   struct{}
	profileResolver struct{}
	userResolver    struct{}
	orderResolver   struct{}
	itemResolver    struct{}
)

func (resolver) Query() graph.QueryResolver         { return queryResolver{} }
func (resolver) Profile() graph.ProfileResolver     { return profileResolver{} }
func (resolver) User() graph.UserResolver           { return userResolver{} }
func (resolver) Order() graph.OrderResolver         { return orderResolver{} }
func (resolver) OrderItem() graph.OrderItemResolver { return itemResolver{} }

func (queryResolver) Profile(_ context.Context, userID string) (*graph.Profile, error) {
	return &graph.Profile{UserID: userID}, nil
}

func (queryResolver) User(ctx context.Context, id string) (*baseline.User, error) {
	return loadersOf(ctx).users.Load(ctx, id)()
}

func (queryResolver) Users(ctx context.Context, ids []string) ([]*baseline.User, error) {
	users, errs := loadersOf(ctx).users.LoadMany(ctx, ids)()
	return users, errors.Join(errs...)
}

func (profileResolver) User(ctx context.Context, p *graph.Profile) (*baseline.User, error) {
	return loadersOf(ctx).users.Load(ctx, p.UserID)()
}

func (profileResolver) Orders(ctx context.Context, p *graph.Profile) ([]*baseline.Order, error) {
	return loadersOf(ctx).orders.Load(ctx, p.UserID)()
}

func (profileResolver) Products(ctx context.Context, p *graph.Profile) ([]*baseline.Product, error) {
	orders, err := loadersOf(ctx).orders.Load(ctx, p.UserID)()
	if err != nil {
		return nil, err
	}
	products, errs := loadersOf(ctx).products.LoadMany(ctx, baseline.ProductIDs(orders))()
	return products, errors.Join(errs...)
}

func (userResolver) Orders(ctx context.Context, u *baseline.User) ([]*baseline.Order, error) {
	return loadersOf(ctx).orders.Load(ctx, u.ID)()
}

func (orderResolver) User(ctx context.Context, o *baseline.Order) (*baseline.User, error) {
	return loadersOf(ctx).users.Load(ctx, o.UserID)()
}

func (itemResolver) Product(ctx context.Context, i *baseline.OrderItem) (*baseline.Product, error) {
	return loadersOf(ctx).products.Load(ctx, i.ProductID)()
}
