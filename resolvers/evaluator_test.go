package resolvers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/scalar"
	"tributary/internal/testkit/upstreamtest"
	"tributary/services"
)

// evaluator answers a query the plain way, straight from the data, as the
// specification of GraphQL and the contract have it: no loaders, no calls, no
// concurrency. It is what the gateway is compared with.
type evaluator struct {
	data      upstreamtest.Data
	down      map[string]bool // services that cannot be asked
	doc       *ast.QueryDocument
	variables map[string]any

	errors []string // "path: CODE service"
}

// evaluate gives the data as compact JSON, and the errors in order.
func (e *evaluator) evaluate() (data string, errs []string) {
	data = e.object("Query", nil, []ast.SelectionSet{e.doc.Operations[0].SelectionSet}, nil)
	slices.Sort(e.errors)
	return data, e.errors
}

// selected is a field to answer with all selections that were merged into it.
type selected struct {
	*ast.Field
	sets []ast.SelectionSet
}

func (e *evaluator) collect(typeName string, sets []ast.SelectionSet) (fields []*selected) {
	byKey, visited := map[string]*selected{}, map[string]bool{}
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				if !e.included(sel.Directives) {
					continue
				}
				f := byKey[sel.Alias]
				if f == nil {
					f = &selected{Field: sel}
					byKey[sel.Alias] = f
					fields = append(fields, f)
				}
				f.sets = append(f.sets, sel.SelectionSet)
			case *ast.InlineFragment:
				if e.included(sel.Directives) {
					collect(sel.SelectionSet)
				}
			case *ast.FragmentSpread:
				if e.included(sel.Directives) && !visited[sel.Name] {
					visited[sel.Name] = true
					collect(e.doc.Fragments.ForName(sel.Name).SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	return fields
}

func (e *evaluator) included(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "defer" && e.argument(d.Arguments, "if").(bool) == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func (e *evaluator) argument(list ast.ArgumentList, name string) any {
	v, err := list.ForName(name).Value.Value(e.variables)
	if err != nil {
		panic(err)
	}
	return v
}

func (e *evaluator) object(typeName string, of any, sets []ast.SelectionSet, path []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range e.collect(typeName, sets) {
		if i > 0 {
			b.WriteByte(',')
		}
		value := strconv.Quote(typeName)
		if f.Name != "__typename" {
			value = e.field(of, f, append(slices.Clip(path), f.Alias))
		}
		fmt.Fprintf(&b, "%q:%s", f.Alias, value)
	}
	b.WriteByte('}')
	return b.String()
}

// field answers one field of a value, by the field's name in the schema.
func (e *evaluator) field(of any, f *selected, path []string) string {
	switch of := of.(type) {
	case nil:
		return e.query(f, path)
	case profileOf:
		return e.profile(string(of), f, path)
	case *services.User:
		if f.Name == "orders" {
			return e.orders(of.ID, f, path)
		}
	case *services.Order:
		switch f.Name {
		case "user":
			return e.user(of.UserID, f, path)
		case "items":
			return list(of.Items, path, func(i *services.OrderItem, path []string) string {
				return e.object("OrderItem", i, f.sets, path)
			})
		}
	case *services.OrderItem:
		if f.Name == "product" {
			return e.product(of.ProductID, f, path)
		}
	}
	return plain(of, f.Name)
}

// plain is a field that its service wrote: its name in JSON differs in style only.
func plain(of any, name string) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(err)
	}
	var snake strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			snake.WriteByte('_')
		}
		snake.WriteString(strings.ToLower(string(r)))
	}
	return string(fields[snake.String()])
}

type profileOf string

func (e *evaluator) query(f *selected, path []string) string {
	id := func(name string) string { return e.argument(f.Arguments, name).(string) }
	each := func(one func(string, *selected, []string) string) string {
		return list(e.argument(f.Arguments, "ids").([]any), path, func(id any, path []string) string {
			return one(id.(string), f, path)
		})
	}
	switch f.Name {
	case "profile":
		userID := id("userId")
		if scalar.CheckID(userID) != nil {
			return e.null(path, "BAD_USER_INPUT", "")
		}
		if e.data.Users[userID] == nil && !e.down[upstreamtest.Users] {
			return "null"
		}
		return e.object("Profile", profileOf(userID), f.sets, path)
	case "user":
		return e.user(id("id"), f, path)
	case "users":
		return each(e.user)
	case "orders":
		return e.orders(id("userId"), f, path)
	case "product":
		return e.product(id("id"), f, path)
	case "products":
		return each(e.product)
	}
	panic(f.Name)
}

func (e *evaluator) profile(userID string, f *selected, path []string) string {
	switch f.Name {
	case "user":
		return e.user(userID, f, path)
	case "orders":
		return e.orders(userID, f, path)
	case "products":
		return e.products(userID, f, path)
	}
	panic(f.Name)
}

func (e *evaluator) user(id string, f *selected, path []string) string {
	if null, failed := e.failed(id, upstreamtest.Users, path); failed {
		return null
	}
	if u := e.data.Users[id]; u != nil {
		return e.object("User", u, f.sets, path)
	}
	return "null"
}

func (e *evaluator) product(id string, f *selected, path []string) string {
	if null, failed := e.failed(id, upstreamtest.Products, path); failed {
		return null
	}
	if p := e.data.Products[id]; p != nil {
		return e.object("Product", p, f.sets, path)
	}
	return "null"
}

func (e *evaluator) orders(userID string, f *selected, path []string) string {
	if null, failed := e.failed(userID, upstreamtest.Orders, path); failed {
		return null
	}
	return list(e.data.Orders[userID], path, func(o *services.Order, path []string) string {
		return e.object("Order", o, f.sets, path)
	})
}

// products of a profile stand once each, in the order of their first mention.
func (e *evaluator) products(userID string, f *selected, path []string) string {
	if null, failed := e.failed(userID, upstreamtest.Orders, path); failed {
		return null
	}
	var named []string
	var found []*services.Product
	for _, o := range e.data.Orders[userID] {
		for _, i := range o.Items {
			if slices.Contains(named, i.ProductID) {
				continue
			}
			named = append(named, i.ProductID)
			if p := e.data.Products[i.ProductID]; p != nil {
				found = append(found, p)
			}
		}
	}
	if len(named) > 0 && e.down[upstreamtest.Products] {
		return e.null(path, "UPSTREAM_UNAVAILABLE", upstreamtest.Products)
	}
	return list(found, path, func(p *services.Product, path []string) string {
		return e.object("Product", p, f.sets, path)
	})
}

// failed tells that something cannot be had, and why.
func (e *evaluator) failed(id, service string, path []string) (null string, failed bool) {
	if scalar.CheckID(id) != nil {
		return e.null(path, "BAD_USER_INPUT", ""), true
	}
	if e.down[service] {
		return e.null(path, "UPSTREAM_UNAVAILABLE", service), true
	}
	return "", false
}

func (e *evaluator) null(path []string, code, service string) string {
	e.errors = append(e.errors, strings.TrimSpace(strings.Join(path, " ")+": "+code+" "+service))
	return "null"
}

func list[T any](of []T, path []string, each func(T, []string) string) string {
	parts := make([]string, len(of))
	for i, v := range of {
		parts[i] = each(v, append(slices.Clip(path), strconv.Itoa(i)))
	}
	return "[" + strings.Join(parts, ",") + "]"
}
