// Package shop generates the data of the comparison: any number of shops, each with 20 users who
// have 5 orders of 3 items each, over 80 products. Data are computed from ids, so that the
// upstreams store nothing, and cold work never requests the same entity twice.
package shop

import (
	"fmt"
	"strconv"
	"strings"
)

// The size of a shop. One list of users needs one batch of products.
const (
	Users    = 20
	orders   = 5
	items    = 3
	products = 80
)

// UserID is the id of the nth user of a shop, counted from 0.
func UserID(shop, n int) string { return fmt.Sprintf("u%d-%d", shop, n) }

// UserIDs are the ids of all users of a shop.
func UserIDs(shop int) []string {
	ids := make([]string, Users)
	for n := range ids {
		ids[n] = UserID(shop, n)
	}
	return ids
}

// User appends the user of an id as JSON; ok is false where there is none.
func User(b []byte, id string) (_ []byte, ok bool) {
	if _, _, ok = parse('u', id); !ok {
		return b, false
	}
	return fmt.Appendf(b, `{"id":%q,"username":"name-%s","email":"%s@example.com","full_name":"Full Name of %s",`+
		`"is_active":true,"created_at":"2024-05-17T09:30:00Z"}`, id, id, id, id), true
}

// Orders appends the orders of a user as a JSON list.
func Orders(b []byte, userID string) []byte {
	shop, n, ok := parse('u', userID)
	if !ok {
		return append(b, "[]"...)
	}
	b = append(b, '[')
	for o := range orders {
		b = separate(b, o)
		b = fmt.Appendf(b, `{"id":"o%d-%d-%d","user_id":%q,"status":"paid","total_amount":31.5,"items":[`, shop, n, o, userID)
		for i := range items {
			b = separate(b, i)
			product := ((n*orders+o)*items + i) % products
			b = fmt.Appendf(b, `{"product_id":"p%d-%d","quantity":%d,"price":10.5}`, shop, product, i+1)
		}
		b = append(b, `],"created_at":"2024-06-01T12:00:00Z"}`...)
	}
	return append(b, ']')
}

// Products appends those of the products of ids that there are as a JSON list.
func Products(b []byte, ids []string) []byte {
	b = append(b, '[')
	first := len(b)
	for _, id := range ids {
		if _, _, ok := parse('p', id); ok {
			b = separate(b, len(b)-first)
			b = fmt.Appendf(b, `{"id":%q,"name":"Product %s","description":"What the product %s is good for, in a sentence.",`+
				`"price":10.5,"category":"things","stock_quantity":7}`, id, id, id)
		}
	}
	return append(b, ']')
}

func separate(b []byte, before int) []byte {
	if before == 0 {
		return b
	}
	return append(b, ',')
}

// parse returns the shop and the number of an id.
func parse(kind byte, id string) (shop, n int, ok bool) {
	if id == "" || id[0] != kind {
		return 0, 0, false
	}
	a, b, _ := strings.Cut(id[1:], "-")
	shop, err := strconv.Atoi(a)
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.Atoi(b)
	return shop, n, err == nil
}
