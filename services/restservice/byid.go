package restservice

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"tributary/gateway/fault"
	"tributary/gateway/scalar"
)

// ID is an id as it comes from outside: wherever one stands in the input of
// an operation, what cannot be an id is refused with 400.
type ID string

// Resolve says what is wrong with an id, and where it stands.
func (id ID) Resolve(_ huma.Context, place *huma.PathBuffer) []error {
	if err := scalar.CheckID(string(id)); err != nil {
		return []error{&huma.ErrorDetail{Location: place.String(), Message: fault.From(err).Public()}}
	}
	return nil
}

// Schema says the same to readers of the document; it cannot say bytes, though.
func (ID) Schema(huma.Registry) *huma.Schema {
	shortest, longest := 1, scalar.MaxIDBytes
	return &huma.Schema{
		Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest,
		Description: "Opaque: 1 to 256 bytes of UTF-8 without control characters.",
	}
}

// ByID is the input of an operation about the one thing that its path names as {id}.
type ByID struct {
	ID ID `path:"id" doc:"Which one. Opaque: 1 to 256 bytes of UTF-8 without control characters, escaped as one path segment."`
}

// Found is the output of an operation about one thing.
type Found[T any] struct{ Body *T }

// Lookup answers with the thing of the asked id, or with 404 and the words for that.
func Lookup[T any](all map[string]*T, unknown string) func(context.Context, *ByID) (*Found[T], error) {
	return func(_ context.Context, in *ByID) (*Found[T], error) {
		if one, ok := all[string(in.ID)]; ok {
			return &Found[T]{one}, nil
		}
		return nil, huma.Error404NotFound(unknown)
	}
}
