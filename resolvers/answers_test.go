package resolvers_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// N+1 is a test: what a query costs upstream is part of what it promises, and
// stands beside its answer.
func TestAnswers_FewestCalls(t *testing.T) {
	for name, query := range map[string]string{
		"profile":               `{ profile(userId: "u1") { user { id username email fullName isActive createdAt } orders { id userId status totalAmount createdAt items { productId quantity price } } products { id name description price category stockQuantity } } }`,
		"profile-orders-only":   `{ profile(userId: "u1") { orders { id } } }`,
		"profile-without-user":  `{ profile(userId: "nobody") { user { id } orders { id } products { id } } }`,
		"users-orders-products": `{ users(ids: [` + ids("u", 20) + `]) { id orders { id items { product { id name } } } } }`,
		"one-user-many-aliases": `{ a: user(id: "u1") { id } b: user(id: "u1") { email } c: user(id: "u1") { orders { user { username } } }
			d: users(ids: ["u1", "u1"]) { fullName } e: orders(userId: "u1") { user { id orders { id } } } f: profile(userId: "u1") { user { id } } }`,
		"products-over-three-lists": `{ a: products(ids: ["p1", "p2"]) { id } b: products(ids: ["p2", "p3", "p1"]) { id } c: orders(userId: "u1") { items { product { name } } } d: product(id: "p4") { id } }`,
		"more-than-100-products":    `{ products(ids: [` + ids("p", 250) + `]) { id } }`,
		"products-named-twice":      `{ products(ids: ["p1", "p2", "p1"]) { id } a: product(id: "p1") { id } }`,
		"empty-lists":               `{ users(ids: []) { id } products(ids: []) { id } }`,
		"unknown-ids": `{ user(id: "nobody") { username orders { id } } users(ids: ["u1", "nobody", "u2"]) { id } orders(userId: "nobody") { id }
			product(id: "nothing") { name } products(ids: ["nothing", "p1"]) { id } }`,
		"bad-ids": `query { user(id: "") { id } users(ids: ["u1", "a\u0000b"]) { id } orders(userId: "a\nb") { id } product(id: "\u009f") { id }
			products(ids: ["p1", "` + strings.Repeat("x", 257) + `"]) { id } profile(userId: "") { user { id } } }`,
		"ids-that-are-numbers": `{ user(id: 7) { id } products(ids: [1, "p1"]) { id } }`,
		"one-id-for-a-list":    `{ users(ids: "u1") { id } products(ids: 1) { id } }`,
		"skipped-fields":       `{ user(id: "u1") { id orders @skip(if: true) { id } ... @include(if: false) { orders { id } } } product(id: "p1") @include(if: false) { id } }`,
		"deferred-fields":      `{ user(id: "u1") { id ... @defer { email orders { id items { product { name } } } } } }`,
		"fragments":            `{ user(id: "u1") { ...f } } fragment f on User { orders { ... on Order { items { ...g } } } } fragment g on OrderItem { product { id } }`,
		"round-and-round":      `{ user(id: "u1") { orders { user { orders { user { orders { user { id } } } } } } } }`,
		"nothing-but-the-type": `{ __typename a: __typename }`,
		"types":                `{ user(id: "u1") { __typename orders { __typename items { __typename product { __typename } } } } profile(userId: "u1") { __typename products { __typename } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			golden{Query: query}.check(t, name, func() (answer, calls string) {
				up := upstreamtest.New(t, upstreamtest.NewData(20, 5, 3, 250))
				if name == "users-orders-products" {
					up = upstreamtest.New(t, upstreamtest.NewData(20, 5, 3, 100))
				}
				answer = serveWith(t, up, graphtest.LongLinger()).ask(query)
				return answer, up.Summary()
			})
		})
	}
}

// ids writes n ids with a prefix as a list's content.
func ids(prefix string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%q", fmt.Sprintf("%s%d", prefix, i+1))
	}
	return strings.Join(all, ", ")
}
