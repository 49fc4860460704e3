package restservice

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/fault"
	"tributary/gateway/scalar"
)

// ID is an id in the input of an operation. An invalid one is refused with 400.
type ID string

// Resolve validates the id.
func (id ID) Resolve(_ huma.Context, place *huma.PathBuffer) []error {
	if err := scalar.CheckID(string(id)); err != nil {
		return []error{&huma.ErrorDetail{Location: place.String(), Message: fault.From(err).ClientMessage()}}
	}
	return nil
}

// Schema documents the constraints of an id. Its length is in characters, since JSON
// Schema cannot express bytes.
func (ID) Schema(huma.Registry) *huma.Schema {
	shortest, longest := 1, scalar.MaxIDBytes
	return &huma.Schema{
		Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest,
		Description: "Opaque: 1 to 256 bytes of UTF-8 without control characters.",
	}
}

// IDParam is the input of an operation on the resource {id} of its path.
type IDParam struct {
	ID ID `path:"id" doc:"Which one. Opaque: 1 to 256 bytes of UTF-8 without control characters, escaped as one path segment."`
}

// Found is the output of an operation that returns one resource.
type Found[T any] struct{ Body *T }

// Lookup returns an operation that answers with the resource of an id, or with 404
// and the message unknown.
func Lookup[T any](all map[string]*T, unknown string) func(context.Context, *IDParam) (*Found[T], error) {
	return func(_ context.Context, in *IDParam) (*Found[T], error) {
		if one, ok := all[string(in.ID)]; ok {
			return &Found[T]{one}, nil
		}
		return nil, huma.Error404NotFound(unknown)
	}
}
