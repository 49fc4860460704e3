package server_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"testing"

	"tributary/services/orders/server"
	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

func TestService(t *testing.T) {
	const route, place, cancel = "GET /orders/user/{id}", "POST /orders", "POST /orders/{id}/cancel"
	newOrder := func(item string) string { return `{"user_id":"u1","items":[{` + item + `}]}` }
	restservicetest.Suite{
		New:      server.New,
		Name:     "order-service",
		Document: "../openapi.yaml",
		Requests: []restservicetest.Request{
			{Name: "gives Ivan's orders", Route: route, Path: "/orders/user/user123", Status: http.StatusOK, Want: `[
				{"id":"order123","user_id":"user123","status":"delivered","total_amount":2699.48,"created_at":"2024-05-01T12:00:00Z",
				 "items":[{"product_id":"prod1","quantity":2,"price":999.99},{"product_id":"prod2","quantity":1,"price":699.50}]},
				{"id":"order456","user_id":"user123","status":"processing","total_amount":149.00,"created_at":"2024-05-17T12:00:00Z",
				 "items":[{"product_id":"prod3","quantity":1,"price":149.00}]}]`},
			{Name: "gives Anna's order", Route: route, Path: "/orders/user/user456", Status: http.StatusOK, Want: `[
				{"id":"order789","user_id":"user456","status":"shipped","total_amount":999.99,"created_at":"2024-05-20T12:00:00Z",
				 "items":[{"product_id":"prod1","quantity":1,"price":999.99}]}]`},
			{Name: "gives an empty list for an unknown user", Route: route, Path: "/orders/user/nobody", Status: http.StatusOK, Want: `[]`},
			{Name: "gives an empty list for an id with a slash", Route: route, Path: "/orders/user/user123%2F",
				Status: http.StatusOK, Want: `[]`},
			{Name: "gives a generated user's orders", Route: route, Path: "/orders/user/u1000", Status: http.StatusOK},
			{Name: "refuses an id with a control character", Route: route, Path: "/orders/user/%00", Status: http.StatusBadRequest},
			{Name: "refuses an empty id", Route: route, Path: "/orders/user/", Status: http.StatusBadRequest},

			{Name: "places an order", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":2,"price":999.99`), Status: http.StatusCreated},
			{Name: "refuses an order of nothing", Route: place, Path: "/orders", Body: `{"user_id":"u1","items":[]}`,
				Status: http.StatusUnprocessableEntity},
			{Name: "refuses an order of no pieces", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":0,"price":1`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses half a piece", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":0.5,"price":1`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses a negative price", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":1,"price":-1`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses a price with an exponent", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":1,"price":1e9`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses a price that is text", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":1,"price":"1"`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses an order without a price", Route: place, Path: "/orders",
				Body: newOrder(`"product_id":"prod1","quantity":1`), Status: http.StatusUnprocessableEntity},
			{Name: "refuses an order of a user that cannot be", Route: place, Path: "/orders",
				Body:   `{"user_id":"\u0007","items":[{"product_id":"prod1","quantity":1,"price":1}]}`,
				Status: http.StatusUnprocessableEntity},
			{Name: "refuses an order of an unknown user", Route: place, Path: "/orders",
				Body: `{"user_id":"none","items":[{"product_id":"prod1","quantity":1,"price":1}]}`, Status: http.StatusNotFound},
			{Name: "refuses what is not JSON", Route: place, Path: "/orders", Body: `{`, Status: http.StatusBadRequest},
			{Name: "refuses nothing", Route: place, Path: "/orders", Status: http.StatusBadRequest},

			{Name: "cancels an order that is being processed", Route: cancel, Path: "/orders/order456/cancel", Status: http.StatusOK, Want: `
				{"id":"order456","user_id":"user123","status":"cancelled","total_amount":149.00,"created_at":"2024-05-17T12:00:00Z",
				 "items":[{"product_id":"prod3","quantity":1,"price":149.00}]}`},
			{Name: "cancels it again", Route: cancel, Path: "/orders/order456/cancel", Status: http.StatusOK},
			{Name: "does not cancel what was delivered", Route: cancel, Path: "/orders/order123/cancel", Status: http.StatusConflict},
			{Name: "does not cancel what was shipped", Route: cancel, Path: "/orders/order789/cancel", Status: http.StatusConflict},
			{Name: "cannot cancel an unknown order", Route: cancel, Path: "/orders/none/cancel", Status: http.StatusNotFound},
		},
	}.Run(t)
}

// ordersOf returns a function that requests the orders of a user.
func ordersOf(t *testing.T) func(user string) []server.Order {
	t.Helper()
	srv := restservicetest.Start(t, server.New(restservice.Options{}))
	return func(user string) (list []server.Order) {
		got := restservicetest.Send(t, srv, http.MethodGet, "/orders/user/"+user, "")
		if err := json.Unmarshal([]byte(got.Body), &list); err != nil {
			t.Fatalf("%s: %v", got.Body, err)
		}
		return list
	}
}

func TestData_OrdersAddUp(t *testing.T) {
	ask := ordersOf(t)
	seen, bought := map[string]bool{}, map[string]bool{}
	for n := 1; n <= 1000; n++ {
		user := fmt.Sprintf("u%d", n)
		list := ask(user)
		if len(list) != 5 {
			t.Fatalf("%s has %d orders", user, len(list))
		}
		for _, o := range list {
			total := new(big.Rat)
			for _, i := range o.Items {
				bought[i.ProductID] = true
				price, _ := new(big.Rat).SetString(i.Price.String())
				total.Add(total, price.Mul(price, big.NewRat(int64(i.Quantity), 1)))
			}
			if len(o.Items) != 3 || o.UserID != user || seen[o.ID] || total.FloatString(2) != o.TotalAmount.String() {
				t.Errorf("order of %s adds up to %s: %+v", user, total.FloatString(2), o)
			}
			seen[o.ID] = true
		}
	}
	for n := 1; n <= 200; n++ {
		if id := fmt.Sprintf("p%d", n); !bought[id] {
			t.Errorf("no user has bought %s", id)
		}
	}
	if len(bought) != 200 {
		t.Errorf("%d products were bought, of 200", len(bought))
	}
}

func TestData_FitsOneBatch(t *testing.T) {
	ask := ordersOf(t)
	bought := map[string]bool{}
	for n := 101; n <= 120; n++ {
		for _, o := range ask(fmt.Sprintf("u%d", n)) {
			for _, i := range o.Items {
				bought[i.ProductID] = true
			}
		}
	}
	if len(bought) > 100 {
		t.Errorf("they buy %d products", len(bought))
	}
}

// The product service has the prices that the orders are reckoned with, and the same test.
func TestData_PricesMatchProducts(t *testing.T) {
	want := map[string]string{
		"prod1": "999.99", "prod2": "699.50", "prod3": "149.00", "p1": "59.27", "p19": "947.93", "p20": "17.30", "p200": "83.90",
	}
	ask := ordersOf(t)
	users := []string{"user123", "user456"}
	for n := 1; n <= 100; n++ {
		users = append(users, fmt.Sprintf("u%d", n))
	}
	seen := map[string]bool{}
	for _, user := range users {
		for _, o := range ask(user) {
			for _, i := range o.Items {
				seen[i.ProductID] = true
				if price, ok := want[i.ProductID]; ok && price != i.Price.String() {
					t.Errorf("%s in %s costs %s, want %s", i.ProductID, o.ID, i.Price, price)
				}
			}
		}
	}
	for id := range want {
		if !seen[id] {
			t.Errorf("none of these orders has %s", id)
		}
	}
}
