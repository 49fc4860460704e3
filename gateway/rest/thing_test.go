package rest_test

import (
	"tributary/gateway/rest"
	"tributary/gateway/scalar"
)

// A thing, as the generator would write it.
type thing struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Price  scalar.Decimal `json:"price"`
	Count  *int32         `json:"count"`
	Tags   []string       `json:"tags"`
	Parts  []*part        `json:"parts"`
	Parent *string        `json:"parent_id"`
}

type part struct {
	Size scalar.Int64 `json:"size"`
}

func decodeThing(d *rest.Decoder, v *thing) bool {
	if !d.Object() {
		return false
	}
	var has rest.Required
	for name := range d.Members {
		switch name {
		case "id":
			has.Add(0, rest.ID(d, &v.ID))
		case "name":
			has.Add(1, rest.String(d, &v.Name))
		case "price":
			has.Add(2, rest.Decimal(d, &v.Price))
		case "count":
			rest.Optional(d, &v.Count, rest.Int)
		case "tags":
			rest.Slice(d, &v.Tags, rest.String)
		case "parts":
			rest.Objects(d, &v.Parts, decodePart)
		case "parent_id":
			rest.Optional(d, &v.Parent, rest.Name)
		default:
			d.Skip()
		}
	}
	has.Check(d, "id", "name", "price")
	return true
}

func decodePart(d *rest.Decoder, v *part) bool {
	if !d.Object() {
		return false
	}
	var has rest.Required
	for name := range d.Members {
		switch name {
		case "size":
			has.Add(0, rest.Int64(d, &v.Size))
		default:
			d.Skip()
		}
	}
	has.Check(d, "size")
	return true
}

func idOf(v *thing) string { return v.ID }

func is(v *thing, a rest.Args) bool { return v.ID == a.Get("id") }

func ptr[V any](v V) *V { return &v }

const full = `{"id":"t1","name":"Ваза \"1\"","price":10.50,"count":3,"tags":["a","б"],"parts":[{"size":9007199254740993}],"parent_id":7}`
