//go:build !race

// The race detector allocates, too.

package resolvers_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"tributary/internal/testkit/upstreamtest"
)

// sizes of answers: so many orders of three items with their products are about
// 10, 100, 1,000 and 10,000 objects.
var sizes = []int{2, 15, 143, 1429}

// objectsOf an answer with so many orders: each is one, and so are its items and
// their products.
func objectsOf(orders int) float64 { return float64(1 + orders*(1+3*2)) }

// ordersQuery asks for all orders of a user.
const ordersQuery = `{ user(id: \"u1\") { orders { id totalAmount items { quantity price product { name price } } } } }`

func BenchmarkGrowthFromEntities(b *testing.B) {
	for _, orders := range sizes {
		b.Run(fmt.Sprintf("%.0f objects", objectsOf(orders)), func(b *testing.B) {
			benchmark(b, graphQL, post(`{"query":"`+ordersQuery+`"}`), upstreamtest.NewData(1, orders, 3, 100), entitiesAlone())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/objectsOf(orders), "ns/object")
		})
	}
}

// What an object more of an answer allocates is the same in a small answer and
// in a thousand times as large a one. What a request allocates before its first
// object is counted by the smallest answer, and taken off.
func TestAllocations_Growth(t *testing.T) {
	of := map[int]float64{}
	for _, orders := range sizes {
		h, request := serving(t, graphQL, upstreamtest.NewData(1, orders, 3, 100), entitiesAlone()), post(`{"query":"`+ordersQuery+`"}`)
		of[orders] = allocations(10, func() { h.ServeHTTP(httptest.NewRecorder(), request()) })
	}
	each := func(from, to int) float64 { return (of[to] - of[from]) / (objectsOf(to) - objectsOf(from)) }
	first, last := each(sizes[0], sizes[1]), each(sizes[2], sizes[3])
	t.Logf("an object more takes %.2f allocations from 10 to 100 objects, %.2f from 100 to 1,000, %.2f from 1,000 to 10,000",
		first, each(sizes[1], sizes[2]), last)
	if last > first*1.2 {
		t.Errorf("an object more takes %.2f allocations in a large answer, and %.2f in a small one", last, first)
	}
}
