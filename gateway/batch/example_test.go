package batch_test

import (
	"context"
	"fmt"
	"slices"

	"tributary/gateway/batch"
)

// prices is the batch call of a service that has prices by edition.
func prices(_ context.Context, ids []string) (map[string]int, error) {
	fmt.Println("asked for", slices.Sorted(slices.Values(ids)))
	found := map[string]int{}
	for _, id := range ids {
		if id != "unknown" {
			found[id] = 10 * len(id)
		}
	}
	return found, nil
}

// The loader lives as long as the process, a scope as long as an operation.
func Example() {
	loader := batch.NewLoader(batch.Chunks(100, prices), batch.Options{Service: "editions"})

	ctx := batch.WithScope(context.Background())
	values, errs := loader.LoadAll(ctx, []string{"tea", "unknown", "coffee", "tea"})
	fmt.Println(values, errs)

	price, err := loader.Load(ctx, "tea") // known in this scope
	fmt.Println(price, err)
	// Output:
	// asked for [coffee tea unknown]
	// [30 0 60 30] [<nil> <nil> <nil> <nil>]
	// 30 <nil>
}
