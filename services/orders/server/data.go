package server

import (
	"fmt"
	"time"

	"tributary/gateway/scalar"
)

const (
	generatedUsers    = 1000
	generatedProducts = 200
	ordersPerUser     = 5
	itemsPerOrder     = 3
)

// The statuses of an order.
const (
	statusPending    = "pending"
	statusProcessing = "processing"
	statusShipped    = "shipped"
	statusDelivered  = "delivered"
	statusCancelled  = "cancelled"
)

var statuses = [...]string{statusPending, statusProcessing, statusShipped, statusDelivered, statusCancelled}

// seed generates the orders, by user. It uses arithmetic instead of a random generator, so
// that they are the same on every start and in every version of Go.
func seed() map[string][]*Order {
	laptop, phone, headphones := line{"prod1", 999_99}, line{"prod2", 699_50}, line{"prod3", 149_00}
	may := func(day int) time.Time { return time.Date(2024, 5, day, 12, 0, 0, 0, time.UTC) }
	byUser := map[string][]*Order{
		"user123": {
			order("order123", "user123", statusDelivered, may(1), laptop.times(2), phone.times(1)),
			order("order456", "user123", statusProcessing, may(17), headphones.times(1)),
		},
		"user456": {
			order("order789", "user456", statusShipped, may(20), laptop.times(1)),
		},
	}
	for u := 1; u <= generatedUsers; u++ {
		user := fmt.Sprintf("u%d", u)
		for k := range ordersPerUser {
			byUser[user] = append(byUser[user], generate(user, u, k))
		}
	}
	return byUser
}

// generate returns the k-th order of the u-th generated user. The items of a user are all
// different, and users with neighbouring numbers buy similar products: the hundred orders
// of twenty of them have 53 products, which fit into one batch call.
func generate(user string, u, k int) *Order {
	n := (u-1)*ordersPerUser + k + 1
	items := make([]item, itemsPerOrder)
	for j := range items {
		// 37 has no divisor in common with 200, so this only mixes the products.
		p := (2*u+itemsPerOrder*k+j)*37%generatedProducts + 1
		items[j] = line{fmt.Sprintf("p%d", p), price(p)}.times(1 + (n+j)%3)
	}
	created := time.Date(2024, 6, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * 97 * time.Minute)
	return order(fmt.Sprintf("o%d", n), user, statuses[n%len(statuses)], created, items...)
}

// price is the price of the n-th generated product in cents. The product service, which
// shares no data with this one, uses the same formula.
func price(n int) int { return 990 + n*4937%98_000 }

// line is a product and its price per unit in cents.
type line struct {
	product string
	cents   int
}

type item struct {
	line
	quantity int
}

func (l line) times(quantity int) item { return item{l, quantity} }

// order adds up in cents, so that the total is exact.
func order(id, user, status string, created time.Time, items ...item) *Order {
	o := &Order{ID: id, UserID: user, Status: status, CreatedAt: scalar.DateTime(created.Format(time.RFC3339))}
	total := 0
	for _, i := range items {
		total += i.quantity * i.cents
		o.Items = append(o.Items, &OrderItem{
			ProductID: i.product,
			Quantity:  int32(i.quantity), //nolint:gosec // at most 3, see above
			Price:     decimal(i.cents),
		})
	}
	o.TotalAmount = decimal(total)
	return o
}

// decimal writes an amount of cents with its two decimals.
func decimal(cents int) scalar.Decimal {
	return scalar.Decimal(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}
