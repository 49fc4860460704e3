package baseline

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// Aggregator is a hand-written server for three fixed queries, in idiomatic Go: structs,
// encoding/json, parallel calls where the data allow it, a pooled client. It has no cache,
// metrics, retries, limits or log. Its responses have the form of the GraphQL responses to the
// same queries.
func Aggregator(upstreams string) http.Handler {
	a := &aggregator{NewServices(upstreams)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /profile/{id}", func(w http.ResponseWriter, r *http.Request) {
		writeResult(w, r, func(ctx context.Context) (any, error) { return a.profile(ctx, r.PathValue("id")) })
	})
	mux.HandleFunc("GET /user/{id}", func(w http.ResponseWriter, r *http.Request) {
		writeResult(w, r, func(ctx context.Context) (any, error) { return a.userOrders(ctx, r.PathValue("id")) })
	})
	mux.HandleFunc("GET /users/{ids}", func(w http.ResponseWriter, r *http.Request) {
		writeResult(w, r, func(ctx context.Context) (any, error) { return a.list(ctx, strings.Split(r.PathValue("ids"), ",")) })
	})
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	return mux
}

type aggregator struct{ Services }

func writeResult(w http.ResponseWriter, r *http.Request, answer func(context.Context) (any, error)) {
	data, err := answer(r.Context())
	if err != nil {
		http.Error(w, "could not be had", http.StatusBadGateway)
		return
	}
	body, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		http.Error(w, "could not be written", http.StatusInternalServerError)
		return
	}
	writeJSON(w, body)
}

type profileResult struct {
	Profile struct {
		User     *profileUser      `json:"user"`
		Orders   []profileOrder    `json:"orders"`
		Products []*profileProduct `json:"products"`
	} `json:"profile"`
}

func (a *aggregator) profile(ctx context.Context, id string) (any, error) {
	user, orders, err := a.userAndOrders(ctx, id)
	if err != nil {
		return nil, err
	}
	ids := ProductIDs(orders)
	products, err := a.Products(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out profileResult
	out.Profile.User = (*profileUser)(user)
	out.Profile.Orders = make([]profileOrder, len(orders))
	for i, o := range orders {
		out.Profile.Orders[i] = profileOrder{o.ID, o.Status, o.TotalAmount, o.CreatedAt, make([]profileItem, len(o.Items))}
		for j, item := range o.Items {
			out.Profile.Orders[i].Items[j] = profileItem(*item)
		}
	}
	for _, id := range ids {
		if p := products[id]; p != nil {
			out.Profile.Products = append(out.Profile.Products, (*profileProduct)(p))
		}
	}
	return out, nil
}

func (a *aggregator) userAndOrders(ctx context.Context, id string) (u *User, o []*Order, err error) {
	var wg sync.WaitGroup
	var orderErr error
	wg.Go(func() { o, orderErr = a.Orders(ctx, id) })
	u, err = a.User(ctx, id)
	wg.Wait()
	if err == nil {
		err = orderErr
	}
	return u, o, err
}

func (a *aggregator) userOrders(ctx context.Context, id string) (any, error) {
	orders, err := a.Orders(ctx, id)
	if err != nil {
		return nil, err
	}
	products, err := a.Products(ctx, ProductIDs(orders))
	if err != nil {
		return nil, err
	}
	return map[string]any{"user": map[string]any{"orders": pricedItems(orders, products)}}, nil
}

func (a *aggregator) list(ctx context.Context, ids []string) (any, error) {
	users, orders, errs := make([]*User, len(ids)), make([][]*Order, len(ids)), make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { users[i], orders[i], errs[i] = a.userAndOrders(ctx, id) })
	}
	wg.Wait()
	var all []*Order
	for i, list := range orders {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all = append(all, list...)
	}
	products, err := a.Products(ctx, ProductIDs(all))
	if err != nil {
		return nil, err
	}
	out := make([]listUser, len(ids))
	for i, u := range users {
		out[i] = listUser{u.Username, listOrders(orders[i], products)}
	}
	return map[string]any{"users": out}, nil
}
