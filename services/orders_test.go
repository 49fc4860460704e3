package services_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/gateway/scalar"
	"tributary/internal/testkit/clienttest"
	"tributary/services"
)

func ordersOver(t testing.TB, h http.HandlerFunc) rest.Source[[]*services.Order] {
	t.Helper()
	return services.Orders(clienttest.NewClient(t, "orders", h))
}

const (
	first = `{"id":"o1","user_id":"u1","status":"paid","total_amount":299.90,"created_at":"2024-01-15T10:30:00Z",` +
		`"items":[{"product_id":"p1","quantity":2,"price":0.10},{"product_id":"p2","quantity":1,"price":1e2}]}`
	second = `{"id":"o2","user_id":"u1","status":"new","total_amount":12345678901234567890.123456789,"created_at":"2024-02-01T08:00:00Z","items":[]}`
)

func TestOrders_Responses(t *testing.T) {
	replace := func(old, with string) string { return `[` + second + `,` + strings.Replace(first, old, with, 1) + `]` }
	for name, c := range map[string]struct {
		status int
		body   string
		ids    []string // nil for none
		fail   fault.Kind
	}{
		"as documented, in the order of the service": {200, `[` + second + `,` + first + `]`, []string{"o2", "o1"}, 0},
		"none":                {200, `[]`, []string{}, 0},
		"an unknown user":     {404, `{"code":"not_found"}`, nil, 0},
		"404 with a page":     {404, `404 page not found`, nil, fault.InvalidResponse},
		"with unknown fields": {200, replace(`{"product_id"`, `{"gift":true,"product_id"`), []string{"o2", "o1"}, 0},
		"with names that are nearly known": {200,
			strings.NewReplacer(`}`, `,"ID":7,"productId":9,"PRICE":"1","userId":"u2","Items":3}`).Replace(`[` + second +
				`,` + first + `]`), []string{"o2", "o1"}, 0},
		"with a time that lacks its zone":     {200, replace(`10:30:00Z`, `10:30:00.123456`), []string{"o2", "o1"}, 0},
		"with one twice":                      {200, `[` + second + `,` + first + `,` + second + `]`, []string{"o2", "o1"}, 0},
		"one of another user":                 {200, replace(`"u1"`, `"u2"`), nil, fault.InvalidResponse},
		"one without a user":                  {200, replace(`"user_id":"u1",`, ``), nil, fault.InvalidResponse},
		"one without an id":                   {200, replace(`"id":"o1",`, ``), nil, fault.InvalidResponse},
		"one whose id is empty":               {200, replace(`"o1"`, `""`), nil, fault.InvalidResponse},
		"one whose id is a number":            {200, replace(`"o1"`, `1`), nil, fault.InvalidResponse},
		"one that is null":                    {200, `[` + first + `,null]`, nil, fault.InvalidResponse},
		"one that is a string":                {200, `["o1"]`, nil, fault.InvalidResponse},
		"items that are null":                 {200, `[` + strings.Replace(second, `[]`, `null`, 1) + `]`, nil, fault.InvalidResponse},
		"items that are missing":              {200, `[` + strings.Replace(second, `,"items":[]`, ``, 1) + `]`, nil, fault.InvalidResponse},
		"items that are an object":            {200, `[` + strings.Replace(second, `[]`, `{}`, 1) + `]`, nil, fault.InvalidResponse},
		"an item that is null":                {200, `[` + strings.Replace(second, `[]`, `[null]`, 1) + `]`, nil, fault.InvalidResponse},
		"an item of no product":               {200, replace(`"product_id":"p1",`, ``), nil, fault.InvalidResponse},
		"an item whose product cannot be one": {200, replace(`"p1"`, `"p\u0000"`), nil, fault.InvalidResponse},
		"a quantity in words":                 {200, replace(`"quantity":2`, `"quantity":"two"`), nil, fault.InvalidResponse},
		"pieces as a decimal number":          {200, replace(`"quantity":2`, `"quantity":2.0`), []string{"o2", "o1"}, 0},
		"half a piece":                        {200, replace(`"quantity":2`, `"quantity":2.5`), nil, fault.InvalidResponse},
		"more pieces than an Int holds":       {200, replace(`"quantity":2`, `"quantity":2147483648`), nil, fault.InvalidResponse},
		"money in quotes":                     {200, replace(`299.90`, `"299.90"`), nil, fault.InvalidResponse},
		"money that is null":                  {200, replace(`0.10`, `null`), nil, fault.InvalidResponse},
		"an object with an error":             {200, `{"error":"User not found"}`, nil, fault.InvalidResponse},
		"null":                                {200, `null`, nil, fault.InvalidResponse},
		"half a list":                         {200, `[` + first + `,`, nil, fault.InvalidResponse},
		"two lists":                           {200, `[][]`, nil, fault.InvalidResponse},
		"nothing":                             {200, ``, nil, fault.InvalidResponse},
		"a failure":                           {503, `[]`, nil, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ordersOver(t, clienttest.Answer(c.status, c.body)).Load(t.Context(), []string{"u1"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "u1"), "orders", c.fail)
			var ids []string
			if list, ok := got["u1"]; ok {
				ids = []string{}
				for _, o := range list {
					ids = append(ids, o.ID)
				}
			}
			if !reflect.DeepEqual(ids, c.ids) {
				t.Errorf("got %#v, want %#v", ids, c.ids)
			}
		})
	}
}

func TestOrders_MoneyKeepsDigits(t *testing.T) {
	got, err := ordersOver(t, clienttest.Answer(200, `[`+first+`,`+second+`]`)).Load(t.Context(), []string{"u1"})
	clienttest.AssertKind(t, err, "orders", 0)
	list := got["u1"]
	if len(list) != 2 || len(list[0].Items) != 2 {
		t.Fatalf("got %+v", list)
	}
	for _, c := range []struct {
		got  scalar.Decimal
		want string
	}{
		{list[0].TotalAmount, "299.90"},
		{list[0].Items[0].Price, "0.10"},
		{list[0].Items[1].Price, "1e2"},
		{list[1].TotalAmount, "12345678901234567890.123456789"},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if o := list[0]; o.Status != "paid" || o.CreatedAt != "2024-01-15T10:30:00Z" || o.Items[0].ProductID != "p1" ||
		o.Items[0].Quantity != 2 {
		t.Errorf("got %+v with %+v", o, o.Items[0])
	}
}

func TestOrders_OneCallPerUser(t *testing.T) {
	var calls atomic.Int32
	c := ordersOver(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		switch r.URL.EscapedPath() {
		case "/orders/user/u1":
			_, _ = io.WriteString(w, `[`+first+`]`)
		case "/orders/user/a%2Fb":
			_, _ = io.WriteString(w, `[]`)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	got, err := c.Load(t.Context(), []string{"u1", "broken", "a/b"})
	if len(got) != 2 || len(got["u1"]) != 1 || got["a/b"] == nil {
		t.Errorf("got %v", got)
	}
	clienttest.AssertKind(t, batch.ErrorOf(err, "broken"), "orders", fault.Unavailable)
	clienttest.AssertKind(t, batch.ErrorOf(err, "u1"), "orders", 0)
	if n := calls.Load(); n != 3 {
		t.Errorf("%d calls for 3 users", n)
	}
}

// Whatever an answer is, it is a list of orders of that user, or makes no
// sense; and orders are the same after a stay in the cache.
func FuzzOrders(f *testing.F) {
	f.Add(`[` + first + `,` + second + `]`)
	f.Add(`{"error":"User not found"}`)
	f.Add(`[null]`)
	var body atomic.Value
	c := ordersOver(f, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body.Load().(string)) })
	f.Fuzz(func(t *testing.T, answer string) {
		body.Store(answer)
		got, err := c.Load(t.Context(), []string{"u1"})
		list, ok := got["u1"]
		if err != nil || !ok {
			clienttest.AssertKind(t, batch.ErrorOf(err, "u1"), "orders", fault.InvalidResponse)
			return
		}
		for _, o := range list {
			if o.ID == "" || o.UserID != "u1" || o.Items == nil || !json.Valid([]byte(o.TotalAmount)) {
				t.Errorf("%q gave %+v", answer, o)
			}
		}
		kept, err := json.Marshal(list)
		var again []*services.Order
		if err != nil || json.Unmarshal(kept, &again) != nil || !reflect.DeepEqual(again, list) {
			t.Errorf("%q is %s after a stay in the cache", answer, kept)
		}
	})
}
