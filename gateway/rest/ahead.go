package rest

import (
	"slices"

	"tributary/gateway/lookahead"
)

// Raw are the arguments of a field as the look-ahead knows them, before execution.
type Raw struct {
	args   map[string]any
	failed bool
}

// ByArgs derives the key of a field from its arguments, with the function that its
// resolver uses.
func ByArgs(key func(*Raw) string) *lookahead.Keys {
	return lookahead.Args(func(args map[string]any) string { return rawKey(args, key) })
}

// ByParentAndArgs is [ByArgs] for a key that depends on the field's parent as well.
func ByParentAndArgs[P any](key func(P, *Raw) string) *lookahead.Keys {
	return lookahead.KeyArgs(func(parent P, args map[string]any) string {
		return rawKey(args, func(r *Raw) string { return key(parent, r) })
	})
}

// rawKey returns the key, or "" if an argument is invalid: its resolver will say so.
func rawKey(args map[string]any, key func(*Raw) string) string {
	r := &Raw{args: args}
	k := key(r)
	if r.failed {
		return ""
	}
	return k
}

// RawArg returns an argument as the resolver gets it.
func RawArg[V any](r *Raw, name string, unmarshal func(any) (V, error)) V {
	v, err := unmarshal(r.args[name])
	if err != nil {
		r.failed = true
	}
	return v
}

// RawOptional is [RawArg] for one that may be null or absent.
func RawOptional[V any](r *Raw, name string, unmarshal func(any) (V, error)) *V {
	if r.args[name] == nil {
		return nil
	}
	v := RawArg(r, name, unmarshal)
	return &v
}

// RawList is [RawArg] for a list.
func RawList[V any](r *Raw, name string, unmarshal func(any) (V, error)) []V {
	given := r.args[name]
	list, ok := given.([]any)
	if !ok && given != nil { // GraphQL takes a single value for a list
		list = []any{given}
	}
	values := make([]V, len(list))
	for i, e := range list {
		var err error
		if values[i], err = unmarshal(e); err != nil {
			r.failed = true
		}
	}
	return values
}

// FromGraphQL unmarshals a value of a type that does so itself.
func FromGraphQL[V any, P interface {
	*V
	UnmarshalGQL(v any) error
}](v any) (V, error) {
	var value V
	err := P(&value).UnmarshalGQL(v)
	return value, err
}

// Present returns a slice of v, or none if v is nil: the values of an embedded object.
func Present[V any](v *V) []*V {
	if v == nil {
		return nil
	}
	return []*V{v}
}

// PresentVariant is [Present] for a value of a union.
func PresentVariant[V any](v V) []V {
	if any(v) == nil {
		return nil
	}
	return []V{v}
}

// NonNil returns the values that are not nil.
func NonNil[V any](values []*V) []*V {
	return slices.DeleteFunc(slices.Clone(values), func(v *V) bool { return v == nil })
}
