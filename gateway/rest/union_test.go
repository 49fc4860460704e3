package rest_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"tributary/gateway/batch"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
)

// A figure is a union, as the generator would write it.
type figure interface{ isFigure() }

type circle struct {
	Radius int32  `json:"radius"`
	Kind   string `json:"kind"`
}

type square struct {
	Side int32  `json:"side"`
	Kind string `json:"kind"`
}

func (*circle) isFigure() {}
func (*square) isFigure() {}

func decodeFigure(d *rest.Decoder, v *figure) bool { //nolint:gocritic // ptrToRefParam: a decoder sets a value of any type
	return rest.Union(d, "kind", func(d *rest.Decoder, value string) bool {
		switch value {
		case "circle":
			o := &circle{}
			*v = o
			return decodeMembers(d, "radius", &o.Radius, &o.Kind)
		case "square":
			o := &square{}
			*v = o
			return decodeMembers(d, "side", &o.Side, &o.Kind)
		}
		return false
	})
}

func decodeMembers(d *rest.Decoder, member string, size *int32, kind *string) bool {
	if !d.Object() {
		return false
	}
	var has rest.Required
	for name := range d.Members {
		switch name {
		case member:
			has.Add(0, rest.Int(d, size))
		case "kind":
			rest.Name(d, kind)
		default:
			d.Skip()
		}
	}
	has.Check(d, member)
	return true
}

func TestVariant_Responses(t *testing.T) {
	for body, want := range map[string]any{
		`{"kind":"circle","radius":1}`: &circle{1, "circle"},
		`{"side":2,"kind":"square"}`:   &square{2, "square"},
		`{"kind":"square"}`:            fault.InvalidResponse,
		`{"kind":"line","length":3}`:   fault.InvalidResponse,
		`{"radius":1}`:                 fault.InvalidResponse,
		`null`:                         fault.InvalidResponse,
		`[]`:                           fault.InvalidResponse,
		`404`:                          nil,
	} {
		t.Run(body, func(t *testing.T) {
			up := clienttest.NewClient(t, "figures", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if body == "404" {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = w.Write([]byte(body))
			})
			s := rest.Variant(rest.Endpoint{Up: up, Call: "GET /figures/{id}"}, decodeFigure)
			found, err := s.Load(t.Context(), []string{"f1"})
			if kind, failed := want.(fault.Kind); failed {
				if known := batch.ErrorOf(err, "f1"); known == nil || fault.From(known).Kind != kind {
					t.Errorf("error %v, want %v", err, kind)
				}
				return
			}
			if got, ok := found["f1"]; err != nil || ok != (want != nil) || ok && !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
}

// A value is stored as JSON, which only the union's decoder can read.
func TestVariant_Decode(t *testing.T) {
	up := clienttest.NewClient(t, "figures", func(http.ResponseWriter, *http.Request) {})
	list := []figure{&circle{1, "circle"}, &square{2, "square"}}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rest.Variants(rest.Endpoint{Up: up, Call: "GET /figures"}, decodeFigure).Decode(text)
	if err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, want := range list {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rest.Variant(rest.Endpoint{Up: up, Call: "GET /figures/{id}"}, decodeFigure).Decode(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
}
