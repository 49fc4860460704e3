package mutation_test

import (
	"context"
	"strings"
	"testing"

	"tributary/gateway/mutation"
)

// keys returns the keys of two writes of a root field.
func keys(origin mutation.Origin, field string) [2]string {
	ctx := mutation.WithField(mutation.With(context.Background(), origin), field)
	first, _ := mutation.FieldOf(ctx).Key()
	second, _ := mutation.FieldOf(ctx).Key()
	return [2]string{first, second}
}

func TestKey_DerivedFromTheClients(t *testing.T) {
	origin := mutation.Origin{Viewer: "v", Key: "k", Index: 1}
	if first, again := keys(origin, "a"), keys(origin, "a"); first != again {
		t.Error("a request that is repeated has other keys")
	}
	seen := map[string]string{}
	for name, tt := range map[string]struct {
		origin mutation.Origin
		field  string
	}{
		"the same":       {origin, "a"},
		"another field":  {origin, "b"},
		"another viewer": {mutation.Origin{Viewer: "w", Key: "k", Index: 1}, "a"},
		"no viewer":      {mutation.Origin{Key: "k", Index: 1}, "a"},
		"moved":          {mutation.Origin{Viewer: "vk", Index: 1, Key: "a"}, ""},
		"another key":    {mutation.Origin{Viewer: "v", Key: "l", Index: 1}, "a"},
		"another index":  {mutation.Origin{Viewer: "v", Key: "k"}, "a"},
		"no key":         {mutation.Origin{Viewer: "v"}, "a"},
		"no key, again":  {mutation.Origin{Viewer: "v"}, "a"},
	} {
		for _, key := range keys(tt.origin, tt.field) {
			if seen[key] != "" || !mutation.ValidKey(key) {
				t.Errorf("%s has the key %q, like %q", name, key, seen[key])
			}
			seen[key] = name
		}
	}
}

func TestKey_OutsideAMutation(t *testing.T) {
	ctx := mutation.WithField(t.Context(), "a")
	one, repeatable := mutation.FieldOf(ctx).Key()
	if two, _ := mutation.FieldOf(ctx).Key(); one == two || repeatable {
		t.Errorf("keys %q, %q, repeatable: %t", one, two, repeatable)
	}
	mutation.FieldOf(ctx).Sent()
	if mutation.FieldOf(ctx).MayHaveExecuted() || mutation.From(ctx).MayHaveExecuted() {
		t.Error("there is no mutation that may have been executed")
	}
}

func TestField_MayHaveExecuted(t *testing.T) {
	ctx := mutation.With(t.Context(), mutation.Origin{})
	a, b := mutation.FieldOf(mutation.WithField(ctx, "a")), mutation.FieldOf(mutation.WithField(ctx, "b"))
	if mutation.From(ctx).MayHaveExecuted() {
		t.Error("nothing was sent")
	}
	a.Sent()
	if !a.MayHaveExecuted() || b.MayHaveExecuted() || !mutation.From(ctx).MayHaveExecuted() {
		t.Error("a was sent, b was not")
	}
}

func TestValidKey_VisibleASCII(t *testing.T) {
	for key, want := range map[string]bool{
		"": false, "a": true, "!~": true, "a b": false, "a\t": false, "é": false, "\x7f": false, "a, b": false,
		strings.Repeat("x", 255): true, strings.Repeat("x", 256): false,
	} {
		if got := mutation.ValidKey(key); got != want {
			t.Errorf("%q: %t", key, got)
		}
	}
}
