package lookahead

import "encoding/json"

// Args derives the key from the arguments of the field; "" means that they are invalid,
// or that nothing is loaded.
func Args(key func(args map[string]any) string) *Keys {
	return &Keys{each: func(_ any, args map[string]any, yield func(string)) { yield(key(args)) }}
}

// KeyArgs derives the key from the parent and from the arguments; "" means that it is not
// known yet.
func KeyArgs[P any](key func(parent P, args map[string]any) string) *Keys {
	return &Keys{ofParent: true, ofArgs: true, each: func(parent any, args map[string]any, yield func(string)) {
		if p, ok := parent.(P); ok {
			yield(key(p, args))
		}
	}}
}

// KeyList takes keys from the parent.
func KeyList[P any](keys func(P) []string) *Keys {
	return &Keys{ofParent: true, each: func(parent any, _ map[string]any, yield func(string)) {
		if p, ok := parent.(P); ok {
			for _, key := range keys(p) {
				yield(key)
			}
		}
	}}
}

// Unforeseen is a key that only the resolver can derive. Its load is counted in costs, and
// starts when the resolver runs.
func Unforeseen() *Keys {
	return &Keys{ofParent: true, ofArgs: true, each: func(any, map[string]any, func(string)) {}}
}

// derivation identifies the keys that a field derives from its parents. Keys that depend
// on arguments are the same only if these are.
type derivation struct {
	keys *Keys
	args string
}

// of returns the derivation of the keys of a node, or the [alternative] that it is.
func (k *Keys) of(n *node) any {
	args := ""
	if k.ofArgs {
		text, _ := json.Marshal(n.args) // of a decoded operation
		args = string(text)
	}
	if n.variant != nil {
		return alternative{n.variant.nth, args}
	}
	return derivation{k, args}
}
