package resolvers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// Every field that loads, at the root and below.
const everything = `{
	profile(userId: "u1") { user { username } orders { id user { username } items { productId product { name } } } products { name } }
	user(id: "u1") { username orders { id items { product { name } } } }
	users(ids: ["u1", "u2"]) { username orders { id } }
	orders(userId: "u1") { id user { username } items { productId product { name } } }
	product(id: "p1") { name }
	products(ids: ["p1", "p2"]) { name }
}`

func TestDown_PartialData(t *testing.T) {
	answer := func(status int, body string) func(*upstreamtest.Upstreams, string) {
		return func(up *upstreamtest.Upstreams, service string) {
			up.Replace(service, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
		}
	}
	for trouble, tt := range map[string]struct {
		makeTrouble  func(up *upstreamtest.Upstreams, service string)
		code, reason string
	}{
		"refused": {(*upstreamtest.Upstreams).Stop, "UPSTREAM_UNAVAILABLE", "unavailable"},
		"500":     {answer(500, `{"id":"u1"}`), "UPSTREAM_UNAVAILABLE", "unavailable"},
		"403":     {answer(403, `{}`), "UPSTREAM_REJECTED", "rejected"},
		"garbage": {answer(200, `<html>It works!</html>`), "UPSTREAM_INVALID_RESPONSE", "invalid_response"},
		"timeout": {func(up *upstreamtest.Upstreams, service string) {
			up.Replace(service, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, "UPSTREAM_TIMEOUT", "timeout"},
	} {
		for _, service := range []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products} {
			t.Run(service+" "+trouble, func(t *testing.T) {
				name := "down/" + service + "-" + trouble
				var got string
				golden{Query: everything}.check(t, name, func() (string, string) {
					up := upstreamtest.New(t, upstreamtest.NewData(2, 1, 2, 4))
					tt.makeTrouble(up, service)
					with := graphtest.LongLinger()
					with.Timeout = time.Second
					got = serveWith(t, up, with).ask(everything)
					return got, up.Summary()
				})
				expectBlame(t, parse(t, got), service, tt.code, tt.reason)
			})
		}
	}
}

// expectBlame sees that a service has failed, that it alone is blamed for it,
// and that what is null is null for that reason and is told of.
func expectBlame(t *testing.T, r response, service, code, reason string) {
	t.Helper()
	if want := []string{service + ": " + reason}; !slices.Equal(r.degraded(), want) {
		t.Errorf("degraded: %q, want %q", r.degraded(), want)
	}
	blamed := map[string]bool{}
	for _, e := range r.Errors {
		if e.Extensions["code"] != code || e.Extensions["service"] != service {
			t.Errorf("%s failed with %v, want code %s of service %s", e.path(), e.Extensions, code, service)
		}
		if blamed[e.path()] {
			t.Errorf("%s has two errors", e.path())
		}
		blamed[e.path()] = true
	}
	var data any
	must(t, json.Unmarshal(r.Data, &data))
	missing := map[string]bool{}
	nulls(data, nil, func(path []any) { missing[failure{Path: path}.path()] = true })
	for path := range missing {
		if !blamed[path] {
			t.Errorf("%s is null without an error", path)
		}
	}
	for path := range blamed {
		if !missing[path] {
			t.Errorf("%s has an error and is not null", path)
		}
	}
	if len(missing) == 0 {
		t.Error("nothing is missing")
	}
}

// nulls finds what is null in a value.
func nulls(v any, path []any, found func(path []any)) {
	switch v := v.(type) {
	case nil:
		found(path)
	case map[string]any:
		for key, e := range v {
			nulls(e, append(slices.Clip(path), key), found)
		}
	case []any:
		for i, e := range v {
			nulls(e, append(slices.Clip(path), i), found)
		}
	}
}

func TestDown_ProfileNull(t *testing.T) {
	const query = `{ profile(userId: "u1") { user { id } orders { id } products { id } } }`
	down := func(services ...string) func(*upstreamtest.Upstreams) {
		return func(up *upstreamtest.Upstreams) {
			for _, s := range services {
				up.Stop(s)
			}
		}
	}
	gone := func(up *upstreamtest.Upstreams) {
		up.Set(func(d *upstreamtest.Data) { delete(d.Users, "u1") })
	}
	for name, tt := range map[string]struct {
		trouble func(*upstreamtest.Upstreams)
		data    string
	}{
		"nothing is wrong":      {down(), `{"profile":{"user":{"id":"u1"},"orders":[{"id":"u1-o1"}],"products":[{"id":"p1"}]}}`},
		"users are down":        {down(upstreamtest.Users), `{"profile":{"user":null,"orders":[{"id":"u1-o1"}],"products":[{"id":"p1"}]}}`},
		"orders are down":       {down(upstreamtest.Orders), `{"profile":{"user":{"id":"u1"},"orders":null,"products":null}}`},
		"products are down":     {down(upstreamtest.Products), `{"profile":{"user":{"id":"u1"},"orders":[{"id":"u1-o1"}],"products":null}}`},
		"all are down":          {down(upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products), `{"profile":{"user":null,"orders":null,"products":null}}`},
		"there is no such user": {gone, `{"profile":null}`},
		"there is no such user, and the others are down": {func(up *upstreamtest.Upstreams) {
			gone(up)
			down(upstreamtest.Orders, upstreamtest.Products)(up)
		}, `{"profile":null}`},
		"the user is one of 200 {error}": {func(up *upstreamtest.Upstreams) {
			up.Replace(upstreamtest.Users, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"error":"User not found"}`)
			})
		}, `{"profile":null}`},
		"there are no orders, and products are down": {func(up *upstreamtest.Upstreams) {
			up.Set(func(d *upstreamtest.Data) { d.Orders = nil })
			down(upstreamtest.Products)(up)
		}, `{"profile":{"user":{"id":"u1"},"orders":[],"products":[]}}`},
		"products are gone": {func(up *upstreamtest.Upstreams) {
			up.Set(func(d *upstreamtest.Data) { d.Products = nil })
		}, `{"profile":{"user":{"id":"u1"},"orders":[{"id":"u1-o1"}],"products":[]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
			tt.trouble(up)
			r := parse(t, serve(t, up).ask(query))
			if string(r.Data) != tt.data {
				t.Errorf("got %s, want %s", r.Data, tt.data)
			}
			if string(r.Data) == `{"profile":null}` && (len(r.Errors) > 0 || r.Extensions != nil) {
				t.Errorf("no such user, yet %v, %v", r.Errors, r.Extensions)
			}
		})
	}
}
