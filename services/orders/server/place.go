package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/scalar"
	"tributary/services/restservice"
)

// NewOrder is an order to be placed.
type NewOrder struct {
	UserID restservice.ID `json:"user_id" doc:"Who orders." example:"user123"`
	Items  []NewItem      `json:"items" nullable:"false" minItems:"1" maxItems:"100" doc:"What is ordered."`
}

// NewItem is one line of an order to be placed.
type NewItem struct {
	ProductID restservice.ID `json:"product_id" doc:"What is ordered." example:"prod1"`
	Quantity  int32          `json:"quantity" minimum:"1" maximum:"100000" doc:"How many pieces." example:"2"`
	Price     amount         `json:"price" doc:"The price of one piece, not negative." example:"999.99"`
}

// amount is an amount of money in an input.
type amount struct{ scalar.Decimal }

// plainAmount has no exponent, so that adding up is cheap and exact.
var plainAmount = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)

// Resolve validates the amount.
func (a amount) Resolve(_ huma.Context, place *huma.PathBuffer) []error {
	if !plainAmount.MatchString(a.String()) {
		return []error{&huma.ErrorDetail{Location: place.String(),
			Message: "expected a number from 0 with at most 12 digits before and 6 after the point"}}
	}
	return nil
}

// Schema is that of a number. Its form is validated by Resolve.
func (amount) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeNumber} }

type placeInput struct {
	restservice.Keyed
	Body NewOrder
}

type placeOutput struct {
	Location string `header:"Location" doc:"Where the order is."`
	Body     *Order
}

func (b *orderBook) place(_ context.Context, in *placeInput) (*placeOutput, error) {
	if !b.knows(string(in.Body.UserID)) {
		return nil, huma.Error404NotFound("no user has the id in user_id")
	}
	o := &Order{
		ID:        "order-" + strings.ToLower(rand.Text()[:16]),
		UserID:    string(in.Body.UserID),
		Status:    statusPending,
		CreatedAt: scalar.DateTime(time.Now().UTC().Format(time.RFC3339)),
	}
	for _, i := range in.Body.Items {
		o.Items = append(o.Items, &OrderItem{ProductID: string(i.ProductID), Quantity: i.Quantity, Price: i.Price.Decimal})
	}
	o.TotalAmount = totalOf(o.Items)
	b.add(o)
	return &placeOutput{Location: "/orders/user/" + url.PathEscape(o.UserID), Body: o}, nil
}

// totalOf adds up prices exactly, with as many decimals as the price that has most.
func totalOf(items []*OrderItem) scalar.Decimal {
	total, decimals := new(big.Rat), 0
	for _, i := range items {
		price, ok := new(big.Rat).SetString(i.Price.String())
		if !ok { // the input was validated
			panic(fmt.Sprintf("price %q", i.Price))
		}
		total.Add(total, price.Mul(price, big.NewRat(int64(i.Quantity), 1)))
		_, fraction, _ := strings.Cut(i.Price.String(), ".")
		decimals = max(decimals, len(fraction))
	}
	return scalar.Decimal(total.FloatString(decimals))
}
