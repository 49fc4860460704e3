package services_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
	"tributary/services"
)

func productsOver(t testing.TB, h http.HandlerFunc) rest.Source[*services.Product] {
	t.Helper()
	return services.ProductByID(clienttest.NewClient(t, "products", h))
}

// item is a product as the service writes it, with one of its parts replaced.
func item(id string, change ...string) string {
	s := fmt.Sprintf(`{"id":%q,"name":"Ноутбук","description":"","price":999.90,"category":"electronics","stock_quantity":50}`, id)
	return strings.NewReplacer(change...).Replace(s)
}

func list(items ...string) string { return `[` + strings.Join(items, `,`) + `]` }

func TestProducts_Responses(t *testing.T) {
	const all = fault.InvalidResponse
	for name, c := range map[string]struct {
		status int
		body   string
		found  []string              // of a, b and c
		fail   map[string]fault.Kind // the rest is unknown
	}{
		"all, in another order":      {200, list(item("c"), item("a"), item("b")), []string{"a", "b", "c"}, nil},
		"unknown ones are left out":  {200, list(item("b")), []string{"b"}, nil},
		"none":                       {200, `[]`, nil, nil},
		"one that was not asked for": {200, list(item("a"), item("z")), []string{"a"}, nil},
		"a broken one not asked for": {200, list(item("a"), item("z", `"Ноутбук"`, `1`)), []string{"a"}, nil},
		"with unknown fields":        {200, list(item("a", `{`, `{"colour":{"r":1},`)), []string{"a"}, nil},
		"with names that are nearly known": {200,
			list(item("a", `}`, `,"ID":3,"Name":null,"stockQuantity":"many","stock-quantity":7}`)), []string{"a"}, nil},
		"one twice":                       {200, list(item("a"), item("a")), []string{"a"}, nil},
		"one broken, and once more whole": {200, list(item("a", `50`, `"many"`), item("a")), []string{"a"}, nil},
		"one whole, and once more broken": {200, list(item("a"), item("a", `50`, `"many"`)), []string{"a"}, nil},
		"one with a name of the wrong type": {200, list(item("a", `"Ноутбук"`, `1`), item("b")), []string{"b"},
			map[string]fault.Kind{"a": all}},
		"one with its price in quotes": {200, list(item("a", `999.90`, `"999.90"`), item("b")), []string{"b"},
			map[string]fault.Kind{"a": all}},
		"one with its price in quotes, before its id": {200, list(`{"price":"1","id":"a"}`, item("b")), []string{"b"},
			map[string]fault.Kind{"a": all}},
		"one without a price": {200, list(item("a", `"price":999.90,`, ``), item("b")),
			[]string{"b"}, map[string]fault.Kind{"a": all}},
		"one with a null": {200, list(item("a", `50`, `null`), item("b")), []string{"b"},
			map[string]fault.Kind{"a": all}},
		"one with a decimal number of pieces": {200, list(item("a", `50`, `5e1`)), []string{"a"}, nil},
		"one with half a piece left": {200, list(item("a", `50`, `0.5`), item("b")), []string{"b"},
			map[string]fault.Kind{"a": all}},
		"two broken": {200, list(item("a", `50`, `null`), item("b"), item("c", `50`, `""`)),
			[]string{"b"}, map[string]fault.Kind{"a": all, "c": all}},
		"a null may be any of the rest": {200, list(item("a"), `null`), []string{"a"},
			map[string]fault.Kind{"b": all, "c": all}},
		"one without an id, too": {200, list(item("a"), item("b", `"id":"b",`, ``)), []string{"a"},
			map[string]fault.Kind{"b": all, "c": all}},
		"one with a number for an id": {200, list(item("a"), item("b", `"b"`, `2`)), []string{"a"},
			map[string]fault.Kind{"b": all, "c": all}},
		"a string, too": {200, list(item("a"), `"b"`), []string{"a"},
			map[string]fault.Kind{"b": all, "c": all}},
		"an object with an error": {200, `{"error":"no"}`, nil, map[string]fault.Kind{"a": all, "b": all, "c": all}},
		"null":                    {200, `null`, nil, map[string]fault.Kind{"a": all, "b": all, "c": all}},
		"half a list": {200, list(item("a"))[:60], nil,
			map[string]fault.Kind{"a": all, "b": all, "c": all}},
		"nothing": {200, ``, nil, map[string]fault.Kind{"a": all, "b": all, "c": all}},
		"no such address": {404, ``, nil,
			map[string]fault.Kind{"a": fault.Rejected, "b": fault.Rejected, "c": fault.Rejected}},
		"an address that a proxy does not know": {404, `404 page not found`, nil,
			map[string]fault.Kind{"a": all, "b": all, "c": all}},
		"a failure": {502, `[]`, nil,
			map[string]fault.Kind{"a": fault.Unavailable, "b": fault.Unavailable, "c": fault.Unavailable}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := productsOver(t, clienttest.Answer(c.status, c.body)).Load(t.Context(), []string{"a", "b", "c"})
			for _, id := range []string{"a", "b", "c"} {
				p, ok := got[id]
				if want := slices.Contains(c.found, id); ok != want || ok && p.ID != id {
					t.Errorf("product %s is %+v, want one: %t", id, p, want)
				}
				byKey, _ := errors.AsType[batch.KeyErrors[string]](err)
				switch {
				case !ok:
					clienttest.AssertKind(t, batch.ErrorOf(err, id), "products", c.fail[id])
				case byKey[id] != nil:
					t.Errorf("product %s is there and has an error: %v", id, byKey[id])
				}
			}
			if len(got) != len(c.found) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestProducts_MoneyKeepsDigits(t *testing.T) {
	got, err := productsOver(t, clienttest.Answer(200,
		list(item("a"), item("b", "999.90", "12345678901234567890.10")))).Load(t.Context(), []string{"a", "b"})
	clienttest.AssertKind(t, err, "products", 0)
	want := &services.Product{ID: "a", Name: "Ноутбук", Price: "999.90", Category: "electronics", StockQuantity: 50}
	if !reflect.DeepEqual(got["a"], want) {
		t.Errorf("got %+v, want %+v", got["a"], want)
	}
	if got["b"].Price != "12345678901234567890.10" {
		t.Errorf("got %s", got["b"].Price)
	}
}

// shop sells every product, but answers a question that holds a given id with 500.
func shop(t testing.TB, broken string) (c rest.Source[*services.Product], questions func() [][]string) {
	t.Helper()
	var (
		mu    sync.Mutex
		asked [][]string
	)
	c = productsOver(t, func(w http.ResponseWriter, r *http.Request) {
		var question struct {
			IDs []string `json:"product_ids"`
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil || r.Method != http.MethodPost || r.URL.Path != "/products/batch" {
			t.Errorf("asked %s %s: %v", r.Method, r.URL.Path, err)
		}
		mu.Lock()
		asked = append(asked, question.IDs)
		mu.Unlock()
		if slices.Contains(question.IDs, broken) {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		items := make([]string, len(question.IDs))
		for i, id := range question.IDs {
			items[i] = item(id)
		}
		_, _ = io.WriteString(w, list(items...))
	})
	return c, func() [][]string {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("p%d", i)
	}
	return ids
}

func TestProducts_100IDsPerCall(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 100: {100}, 101: {1, 100}, 250: {50, 100, 100}} {
		c, questions := shop(t, "")
		got, err := c.Load(t.Context(), numbered(n))
		clienttest.AssertKind(t, err, "products", 0)
		var sizes []int
		for _, q := range questions() {
			sizes = append(sizes, len(q))
		}
		slices.Sort(sizes)
		if len(got) != n || !slices.Equal(sizes, want) {
			t.Errorf("%d ids gave %d products by questions of %v ids, want %v", n, len(got), sizes, want)
		}
	}
}

func TestProducts_FailedCall(t *testing.T) {
	c, _ := shop(t, "p150")
	got, err := c.Load(t.Context(), numbered(250))
	if len(got) != 150 || got["p0"] == nil || got["p249"] == nil {
		t.Errorf("got %d products", len(got))
	}
	clienttest.AssertKind(t, batch.ErrorOf(err, "p100"), "products", fault.Unavailable)
	clienttest.AssertKind(t, batch.ErrorOf(err, "p199"), "products", fault.Unavailable)
	clienttest.AssertKind(t, batch.ErrorOf(err, "p200"), "products", 0)
}

func TestProducts_IDsUnchanged(t *testing.T) {
	ids := []string{"a/b", "..", "%2F", `"quoted"`, `back\slash`, "<script>&", "продукт", "\u2028"}
	c, questions := shop(t, "")
	got, err := c.Load(t.Context(), ids)
	clienttest.AssertKind(t, err, "products", 0)
	if len(got) != len(ids) || !slices.Equal(questions()[0], ids) {
		t.Errorf("asked for %q, got %v", questions(), got)
	}
}

// Whatever an answer is, each id has a product, an invalid response,
// or nothing; and products are the same after a stay in the cache.
func FuzzProducts(f *testing.F) {
	f.Add(list(item("a"), item("b")))
	f.Add(list(`null`, item("b", `50`, `""`)))
	f.Add(`{"error":"no"}`)
	var body atomic.Value
	c := productsOver(f, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body.Load().(string)) })
	f.Fuzz(func(t *testing.T, answer string) {
		body.Store(answer)
		got, err := c.Load(t.Context(), []string{"a", "b"})
		for _, id := range []string{"a", "b"} {
			p, ok := got[id]
			if !ok {
				if err := batch.ErrorOf(err, id); err != nil {
					clienttest.AssertKind(t, err, "products", fault.InvalidResponse)
				}
				continue
			}
			if p.ID != id || !json.Valid([]byte(p.Price)) {
				t.Errorf("%q gave %+v", answer, p)
			}
			kept, err := json.Marshal(p)
			var again services.Product
			if err != nil || json.Unmarshal(kept, &again) != nil || again != *p {
				t.Errorf("%+v is %+v after a stay in the cache", p, again)
			}
		}
		if len(got) > 2 {
			t.Errorf("%q gave %v", answer, got)
		}
	})
}
