package scalar_test

import (
	"encoding/json"
	"fmt"

	"tributary/gateway/scalar"
)

func Example() {
	var book struct {
		Price   scalar.Decimal  `json:"price"`
		Created scalar.DateTime `json:"created"`
	}
	err := json.Unmarshal([]byte(`{"price": 10.50, "created": "2026-11-24T12:00:00"}`), &book)
	fmt.Println(book.Price, book.Created, err)
	fmt.Println(scalar.CheckID("a\nb"))
	// Output:
	// 10.50 2026-11-24T12:00:00Z <nil>
	// an id must not contain control characters
}
