package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/services"
)

func TestBody_Complete(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.Data{
		Users:    map[string]*services.User{"u1": upstreamtest.User("u1")},
		Orders:   map[string][]*services.Order{"u1": {upstreamtest.Order("o1", "u1", "p2", "gone"), upstreamtest.Order("o2", "u1", "p1", "p2")}},
		Products: map[string]*services.Product{"p1": upstreamtest.Product("p1"), "p2": upstreamtest.Product("p2")},
	})
	got := serve(t, up, graphtest.DefaultSetup()).get("/api/profile/u1")
	got.document(t)
	for pattern, fixed := range map[string]string{
		`"aggregated_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"`: `"aggregated_at":"now"`,
		`"aggregation_time_ms":\d+(\.\d+)?`:                         `"aggregation_time_ms":0`,
		`"age_seconds":0(\.\d+)?`:                                   `"age_seconds":0`,
	} {
		got.text = regexp.MustCompile(pattern).ReplaceAllLiteralString(got.text, fixed)
	}
	want := `{"user":{"id":"u1","username":"name-u1","email":"u1@example.com","full_name":"Full u1","is_active":true,"created_at":"2024-05-17T09:30:00Z"},` +
		`"orders":[{"id":"o1","user_id":"u1","status":"paid","total_amount":10.50,"created_at":"2024-06-01T12:00:00Z",` +
		`"items":[{"product_id":"p2","quantity":1,"price":10.50},{"product_id":"gone","quantity":1,"price":10.50}]},` +
		`{"id":"o2","user_id":"u1","status":"paid","total_amount":10.50,"created_at":"2024-06-01T12:00:00Z",` +
		`"items":[{"product_id":"p1","quantity":1,"price":10.50},{"product_id":"p2","quantity":1,"price":10.50}]}],` +
		`"products":{"p2":{"id":"p2","name":"Product p2","description":"What p2 is","price":0.10,"category":"things","stock_quantity":7},` +
		`"p1":{"id":"p1","name":"Product p1","description":"What p1 is","price":0.10,"category":"things","stock_quantity":7}},` +
		`"metadata":{"user_id":"u1","orders_count":2,"products_count":2,"aggregated_at":"now","aggregation_time_ms":0,"cache_ttl":30,"cached":false,"age_seconds":0,"degraded":[]}}` + "\n"
	if got.text != want {
		t.Errorf("got\n%s, want\n%s", got.text, want)
	}
	if c := up.Summary(); c != "users=1 orders=1 products=1" {
		t.Errorf("calls: %s", c)
	}
}

func TestBody_Partial(t *testing.T) {
	down := func(services ...string) func(*upstreamtest.Upstreams) {
		return func(up *upstreamtest.Upstreams) { stopAll(up, services...) }
	}
	answers := func(service, text string) func(*upstreamtest.Upstreams) {
		return func(up *upstreamtest.Upstreams) {
			up.Replace(service, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
		}
	}
	for name, tt := range map[string]struct {
		trouble  func(*upstreamtest.Upstreams)
		parts    string // what the body begins with
		counts   string // orders and products
		degraded []string
	}{
		"nothing is wrong": {down(), `{"user":{"id":"u1",`, "1 2", nil},
		"users are down":   {down(upstreamtest.Users), `{"user":null,"orders":[{"id":"u1-o1",`, "1 2", []string{"users unavailable"}},
		"orders are down":  {down(upstreamtest.Orders), `{"user":{"id":"u1",`, "<nil> 0", []string{"orders unavailable"}},
		"products are down": {down(upstreamtest.Products), `{"user":{"id":"u1",`, "1 0",
			[]string{"products unavailable"}},
		"only the user is there": {down(upstreamtest.Orders, upstreamtest.Products), `{"user":{"id":"u1",`, "<nil> 0", []string{"orders unavailable"}},
		"only orders are there": {down(upstreamtest.Users, upstreamtest.Products), `{"user":null,"orders":[{"id":"u1-o1",`, "1 0",
			[]string{"products unavailable", "users unavailable"}},
		"orders are invalid": {answers(upstreamtest.Orders, `{}`), `{"user":{"id":"u1",`, "<nil> 0", []string{"orders invalid_response"}},
		"orders are another's": {answers(upstreamtest.Orders, `[{"id":"o","user_id":"u2","status":"paid","total_amount":1,"items":[],"created_at":"2024-06-01T12:00:00Z"}]`),
			`{"user":{"id":"u1",`, "<nil> 0", []string{"orders invalid_response"}},
		"there are no orders": {answers(upstreamtest.Orders, `[]`), `{"user":{"id":"u1",`, "0 0", nil},
		// That there are none is known for a shorter time than what there is.
		"products are gone": {answers(upstreamtest.Products, `[]`), `{"user":{"id":"u1",`, "1 0", nil},
		"the user cannot be loaded and has no orders": {func(up *upstreamtest.Upstreams) {
			answers(upstreamtest.Orders, `[]`)(up)
			stopAll(up, upstreamtest.Users)
		}, `{"user":null,"orders":[],"products":{},`, "0 0", []string{"users unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			g, up := usual(t)
			tt.trouble(up)
			got := g.get("/api/profile/u1")
			d := got.document(t)
			if !strings.HasPrefix(got.text, tt.parts) {
				t.Errorf("got %s, want %s…", got.text, tt.parts)
			}
			if counts := fmt.Sprint(d.Metadata.OrdersCount, d.Metadata.ProductsCount); counts != tt.counts || d.Metadata.ProductsCount != len(d.Products) {
				t.Errorf("orders and products: %s, want %s in %s", counts, tt.counts, got.text)
			}
			var degraded []string
			for _, p := range d.Metadata.Degraded {
				degraded = append(degraded, p.Service+" "+p.Reason)
				if p.Age != nil {
					t.Errorf("what is missing has an age: %s", got.text)
				}
			}
			slices.Sort(degraded)
			if !slices.Equal(degraded, tt.degraded) {
				t.Errorf("degraded: %q, want %q", degraded, tt.degraded)
			}
			if tt.degraded != nil {
				got.expectHeader(t, "Cache-Control", "no-store")
			} else {
				got.expectHeader(t, "Cache-Control", `private, max-age=([45]|29|30)`)
			}
			if ordersDown := slices.ContainsFunc(tt.degraded, func(s string) bool { return strings.HasPrefix(s, "orders") }); (d.Orders == nil) != ordersDown {
				t.Errorf("orders are null, or not, in %s", got.text)
			}
			if strings.Contains(got.text, `"products":null`) {
				t.Errorf("products are null in %s", got.text)
			}
		})
	}
}

func TestBody_UnknownUser(t *testing.T) {
	legacy := func(up *upstreamtest.Upstreams) {
		up.Replace(upstreamtest.Users, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"error":"User not found"}`) })
	}
	for name, trouble := range map[string]func(*upstreamtest.Upstreams){
		"all is well":              func(*upstreamtest.Upstreams) {},
		"the others are down":      func(up *upstreamtest.Upstreams) { stopAll(up, upstreamtest.Orders, upstreamtest.Products) },
		"users say so in 200":      legacy,
		"there are orders, though": func(up *upstreamtest.Upstreams) { up.Set(func(d *upstreamtest.Data) { delete(d.Users, "u1") }) },
		"in 200, others are down": func(up *upstreamtest.Upstreams) {
			legacy(up)
			stopAll(up, upstreamtest.Orders, upstreamtest.Products)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g, up := usual(t)
			trouble(up)
			id := "u1"
			if name == "all is well" || name == "the others are down" {
				id = "nobody"
			}
			got := g.get("/api/profile/" + id)
			if detail := got.problem(t, http.StatusNotFound, "NOT_FOUND"); strings.Contains(detail, id) {
				t.Errorf("the answer repeats the id: %s", detail)
			}
			if again := g.get("/api/profile/" + id); again.status != http.StatusNotFound {
				t.Errorf("then %s", again.text)
			}
		})
	}
}

func TestBody_NothingAvailable(t *testing.T) {
	all := []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products}
	for name, tt := range map[string]struct {
		trouble func(*upstreamtest.Upstreams)
		code    string
	}{
		"all are down":          {func(up *upstreamtest.Upstreams) { stopAll(up, all...) }, "UPSTREAM_UNAVAILABLE"},
		"only products are not": {func(up *upstreamtest.Upstreams) { stopAll(up, upstreamtest.Users, upstreamtest.Orders) }, "UPSTREAM_UNAVAILABLE"},
		"all are invalid": {func(up *upstreamtest.Upstreams) {
			for _, s := range all {
				up.Replace(s, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "secret-garbage") })
			}
		}, "UPSTREAM_INVALID_RESPONSE"},
	} {
		t.Run(name, func(t *testing.T) {
			g, up := usual(t)
			tt.trouble(up)
			got := g.get("/api/profile/u1")
			got.problem(t, http.StatusServiceUnavailable, tt.code)
			got.expectHeader(t, "Retry-After", `[1-9]\d*`)
			if strings.Contains(got.text, "secret") || strings.Contains(got.text, "127.0.0.1") {
				t.Errorf("internals in %s", got.text)
			}
		})
	}
}

func TestBody_InvalidID(t *testing.T) {
	for name, path := range map[string]string{
		"nothing":             "",
		"a control character": "a%00b",
		"a line":              "a%0Ab",
		"DEL":                 "%7F",
		"not UTF-8":           "%FF%FE",
		"too long":            strings.Repeat("x", 257),
		"too long in bytes":   strings.Repeat("%D0%AE", 129),
	} {
		t.Run(name, func(t *testing.T) {
			g, up := usual(t)
			got := g.get("/api/profile/" + path)
			got.problem(t, http.StatusBadRequest, "BAD_USER_INPUT")
			if len(up.Calls()) > 0 {
				t.Errorf("calls: %s", up.Summary())
			}
		})
	}
}

func TestBody_AnyID(t *testing.T) {
	for _, id := range []string{
		"a/b", "%2F", "a%2Fb", "%", "..", ".", "user 1", "Иван", "日本", `"quoted"`, `back\slash`, "a?b#c", "a+b", "a&b=c", "a;b", "<script>", "'", "{}", "a:b", "~",
		strings.Repeat("x", 256), "e\u0301", "\u202e", "\U0001F600",
	} {
		t.Run(id, func(t *testing.T) {
			product := "p of " + id
			up := upstreamtest.New(t, upstreamtest.Data{
				Users:    map[string]*services.User{id: upstreamtest.User(id)},
				Orders:   map[string][]*services.Order{id: {upstreamtest.Order("o1", id, product[:min(len(product), 256)])}},
				Products: map[string]*services.Product{product: upstreamtest.Product(product)},
			})
			g := serve(t, up, graphtest.DefaultSetup())
			escaped := url.PathEscape(id)
			if id == "." || id == ".." {
				escaped = strings.ReplaceAll(id, ".", "%2E")
			}
			d := g.get("/api/profile/" + escaped).document(t)
			if d.User["id"] != id || d.Metadata.UserID != id || len(d.Orders) != 1 || d.Orders[0]["user_id"] != id {
				t.Errorf("asked for %q, got %+v", id, d)
			}
			if len(product) <= 256 && d.Products[product].ID != product {
				t.Errorf("products %+v, want one of %q", d.Products, product)
			}
		})
	}
}
