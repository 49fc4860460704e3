package server

import (
	"context"

	"tributary/services/restservice"
)

// Batch is a request for several products.
type Batch struct {
	ProductIDs []restservice.ID `json:"product_ids" nullable:"false" maxItems:"100" doc:"The ids asked for, at most 100 with those that are repeated." example:"prod1,prod2"`
}

type batchOutput struct {
	Body []*Product `nullable:"false" doc:"The products found."`
}

type batchInput struct{ Body Batch }

// batchOf returns the operation that answers with the requested products, each once.
func batchOf(all map[string]*Product) func(context.Context, *batchInput) (*batchOutput, error) {
	return func(_ context.Context, in *batchInput) (*batchOutput, error) {
		found := []*Product{}
		seen := map[string]bool{}
		for _, id := range in.Body.ProductIDs {
			if p, ok := all[string(id)]; ok && !seen[p.ID] {
				seen[p.ID] = true
				found = append(found, p)
			}
		}
		return &batchOutput{found}, nil
	}
}
