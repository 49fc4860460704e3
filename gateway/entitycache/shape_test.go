package entitycache

import (
	"reflect"
	"testing"
	"time"
)

func TestShape_OfTypes(t *testing.T) {
	type tree struct {
		ID    string
		Nodes []*tree
	}
	type base = struct {
		ID   string    `json:"id"`
		Made time.Time `json:"made"`
	}
	same := map[string]reflect.Type{
		"itself": reflect.TypeFor[base](),
		"unexported field": reflect.TypeFor[struct {
			ID    string    `json:"id"`
			Made  time.Time `json:"made"`
			cache int
		}](),
	}
	other := map[string]reflect.Type{
		"new field": reflect.TypeFor[struct {
			ID   string    `json:"id"`
			Made time.Time `json:"made"`
			New  string    `json:"new"`
		}](),
		"field less": reflect.TypeFor[struct {
			ID string `json:"id"`
		}](),
		"tag": reflect.TypeFor[struct {
			ID   string    `json:"ID"`
			Made time.Time `json:"made"`
		}](),
		"type of a field": reflect.TypeFor[struct {
			ID   string `json:"id"`
			Made string `json:"made"`
		}](),
		"pointer": reflect.TypeFor[*base](), "list": reflect.TypeFor[[]base](), "map": reflect.TypeFor[map[string]base](),
		"sequence": reflect.TypeFor[struct {
			Made time.Time `json:"made"`
			ID   string    `json:"id"`
		}](),
		"recursive": reflect.TypeFor[tree](),
	}
	want, seen := shapeOf(reflect.TypeFor[base]()), map[uint64]string{}
	for name, typ := range same {
		if shapeOf(typ) != want {
			t.Errorf("%s: another shape", name)
		}
	}
	for name, typ := range other {
		shape := shapeOf(typ)
		if before, again := seen[shape]; again || shape == want {
			t.Errorf("%s: the same shape as %q", name, before)
		}
		seen[shape] = name
	}
}
