package rest_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
)

func TestList_Answers(t *testing.T) {
	item := func(id, parent string) string {
		return fmt.Sprintf(`{"id":%q,"name":"n","price":1,"parent_id":%q}`, id, parent)
	}
	for name, c := range map[string]struct {
		at   string
		body string
		ids  []string
		fail fault.Kind
	}{
		"a list":                        {"", `[` + item("a", "p") + `,` + item("b", "p") + `]`, []string{"a", "b"}, 0},
		"none":                          {"", `[]`, []string{}, 0},
		"one twice":                     {"", `[` + item("a", "p") + `,` + item("b", "p") + `,` + item("a", "p") + `]`, []string{"a", "b"}, 0},
		"in an envelope":                {"data.items", `{"data":{"total":1,"items":[` + item("a", "p") + `]},"meta":[]}`, []string{"a"}, 0},
		"an absent envelope":            {"data.items", `{}`, []string{}, 0},
		"an envelope without the list":  {"data.items", `{"data":{}}`, []string{}, 0},
		"an envelope with null":         {"data.items", `{"data":{"items":null}}`, []string{}, 0},
		"an envelope that is a list":    {"data", `[]`, nil, fault.InvalidResponse},
		"one of another parent":         {"", `[` + item("a", "p") + `,` + item("b", "q") + `]`, nil, fault.InvalidResponse},
		"one that is broken":            {"", `[` + item("a", "p") + `,{"id":"b"}]`, nil, fault.InvalidResponse},
		"one that is null":              {"", `[null]`, nil, fault.InvalidResponse},
		"an object":                     {"", `{"error":"x"}`, nil, fault.InvalidResponse},
		"null":                          {"", `null`, nil, fault.InvalidResponse},
		"a list in an envelope, broken": {"data", `{"data":{}}`, nil, fault.InvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			up := clienttest.NewClient(t, "things", clienttest.Answer(200, c.body))
			of := func(v *thing, a rest.Args) bool { return rest.OptionalText(v.Parent) == a.Get("id") }
			got, err := rest.List(rest.Endpoint{Up: up, Call: "GET /parents/{id}/things", At: c.at}, decodeThing, of, idOf).Load(t.Context(), []string{"p"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "p"), "things", c.fail)
			var ids []string
			if list, ok := got["p"]; ok {
				ids = make([]string, 0)
				for _, v := range list {
					ids = append(ids, v.ID)
				}
			}
			if !reflect.DeepEqual(ids, c.ids) {
				t.Errorf("got %v, want %v", ids, c.ids)
			}
		})
	}
}

// A key that a service does not know is remembered as such, which is for a shorter time
// than a list; the loader makes an empty list of it.
func TestLists_UnknownKey(t *testing.T) {
	for status, body := range map[int]string{404: `{"code":"NOT_FOUND"}`, 410: ``} {
		up := clienttest.NewClient(t, "things", clienttest.Answer(status, body))
		lists := rest.List(rest.Endpoint{Up: up, Call: "GET /parents/{id}/things"}, decodeThing, nil, nil)
		values := rest.Values(rest.Endpoint{Up: up, Call: "GET /parents/{id}/tags"}, rest.String)
		if got, err := lists.Load(t.Context(), []string{"p"}); len(got) != 0 || err != nil {
			t.Errorf("%d: objects: got %v, %v, want nothing", status, got, err)
		}
		if got, err := values.Load(t.Context(), []string{"p"}); len(got) != 0 || err != nil {
			t.Errorf("%d: values: got %v, %v, want nothing", status, got, err)
		}
		if got := loaded(t, lists); got == nil || len(got) != 0 {
			t.Errorf("%d: objects: loaded %#v, want an empty list", status, got)
		}
		if got := loaded(t, values); got == nil || len(got) != 0 {
			t.Errorf("%d: values: loaded %#v, want an empty list", status, got)
		}
	}
}

func loaded[V any](t *testing.T, from rest.Source[V]) V {
	t.Helper()
	reg := prometheus.NewRegistry()
	c, err := entitycache.New(entitycache.Config{TTL: time.Minute, MemoryMB: 1}, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	v, err := rest.Loader(c, batch.NewMetrics(reg), "things", from).Load(batch.WithScope(t.Context()), "p")
	if err != nil {
		t.Error(err)
	}
	return v
}

func TestMany_NoEndpoint(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want fault.Kind
	}{
		"JSON":   {`{"code":"NOT_FOUND"}`, fault.Rejected},
		"a page": {`404 page not found`, fault.InvalidResponse},
		"HTML":   {`<html></html>`, fault.InvalidResponse},
	} {
		t.Run(name, func(t *testing.T) {
			up := clienttest.NewClient(t, "things", clienttest.Answer(404, c.body))
			_, err := rest.Many(rest.Batch{Endpoint: rest.Endpoint{Up: up, Call: "POST /things/batch"}, Max: 9}, decodeThing, idOf).Load(t.Context(), []string{"a"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "a"), "things", c.want)
			if errors.Is(err, fault.ErrNotFoundPage) {
				t.Error("the error may be taken for unknown keys")
			}
		})
	}
}

// A list may have any number of elements.
func TestList_Long(t *testing.T) {
	for _, n := range []int{1, 2, 31, 63, 64, 2047, 2100, 5000} {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(`{"id":"t%d","name":"n","price":%d,"tags":["x"%s]}`, i, i, strings.Repeat(`,"x"`, (n-1)/(i*i+1)))
		}
		up := clienttest.NewClient(t, "things", clienttest.Answer(200, "["+strings.Join(items, ",")+"]"))
		got, err := rest.List(rest.Endpoint{Up: up, Call: "GET /parents/{id}/things"}, decodeThing, nil, idOf).Load(t.Context(), []string{"p"})
		clienttest.AssertKind(t, err, "things", 0)
		if list := got["p"]; len(list) != n || list[n-1].ID != fmt.Sprintf("t%d", n-1) || len(list[0].Tags) != n {
			t.Errorf("of %d there are %d", n, len(list))
		}
	}
}

func TestMany_BrokenItems(t *testing.T) {
	const good = `{"id":"a","name":"n","price":1}`
	for name, c := range map[string]struct {
		body   string
		found  []string
		failed []string
	}{
		"any order, and others":    {`[{"id":"x"},{"id":"b","name":"n","price":1},` + good + `]`, []string{"a", "b"}, nil},
		"one is left out":          {`[` + good + `]`, []string{"a"}, nil},
		"one lacks a member":       {`[{"id":"b","name":"n"},` + good + `]`, []string{"a"}, []string{"b"}},
		"one has the wrong type":   {`[{"price":"1","id":"b","name":"n"},` + good + `]`, []string{"a"}, []string{"b"}},
		"one is not UTF-8":         {"[{\"id\":\"b\",\"name\":\"\xff\",\"price\":1}," + good + "]", []string{"a"}, []string{"b"}},
		"one has no id":            {`[{"name":"n","price":1},` + good + `]`, []string{"a"}, []string{"b", "c"}},
		"one is null":              {`[null,` + good + `]`, []string{"a"}, []string{"b", "c"}},
		"one is a string":          {`["b",` + good + `]`, []string{"a"}, []string{"b", "c"}},
		"one is there twice":       {`[` + good + `,{"id":"a"}]`, []string{"a"}, nil},
		"broken first, then whole": {`[{"id":"a"},` + good + `]`, []string{"a"}, nil},
		"no list":                  {`{"error":"x"}`, nil, []string{"a", "b", "c"}},
		"it ends too early":        {`[` + good, nil, []string{"a", "b", "c"}},
		"it is there twice":        {`[` + good + `][` + good + `]`, nil, []string{"a", "b", "c"}},
		"it ends within an item":   {`[` + good + `,{"id":"b","na`, nil, []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			up := clienttest.NewClient(t, "things", clienttest.Answer(200, c.body))
			s := rest.Many(rest.Batch{Endpoint: rest.Endpoint{Up: up, Call: "POST /things/batch"}, Keys: "ids", Max: 100}, decodeThing, idOf)
			got, err := s.Load(t.Context(), []string{"a", "b", "c"})
			if found := slices.Sorted(maps.Keys(got)); !slices.Equal(found, c.found) {
				t.Errorf("found %v, want %v", found, c.found)
			}
			for _, key := range []string{"a", "b", "c"} {
				want := fault.Internal
				if slices.Contains(c.failed, key) {
					want = fault.InvalidResponse
				}
				if got[key] == nil {
					clienttest.AssertKind(t, batch.ErrorOf(err, key), "things", want)
				}
			}
		})
	}
}

func TestLists_ByParent(t *testing.T) {
	const body = `{"data":[{"id":"1","name":"n","price":1,"parent_id":"a"},{"id":"2","name":"n","price":1,"parent_id":"b"},{"id":"3","name":"n","price":1,"parent_id":"a"},{"id":"1","name":"n","price":1,"parent_id":"a"},{"id":"4","parent_id":"b"}]}`
	up := clienttest.NewClient(t, "things", clienttest.Answer(200, body))
	s := rest.Lists(rest.Batch{Endpoint: rest.Endpoint{Up: up, Call: "POST /things", At: "data"}, Max: 9}, decodeThing, func(v *thing) string { return rest.OptionalText(v.Parent) }, idOf)
	got, err := s.Load(t.Context(), []string{"a", "b", "c"})
	if len(got["a"]) != 2 || got["c"] == nil || len(got["c"]) != 0 {
		t.Errorf("got %v", got)
	}
	if _, ok := got["b"]; ok {
		t.Error("a list with a broken item is there")
	}
	clienttest.AssertKind(t, batch.ErrorOf(err, "b"), "things", fault.InvalidResponse)
}
