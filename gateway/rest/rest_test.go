package rest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/batch"
	"tributary/gateway/cache"
	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/gateway/scalar"
	"tributary/internal/testkit/clienttest"
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

func TestOne_Answers(t *testing.T) {
	want := &thing{ID: "t1", Name: `Ваза "1"`, Price: "10.50", Count: ptr(int32(3)), Tags: []string{"a", "б"}, Parts: []*part{{9007199254740993}}, Parent: ptr("7")}
	replace := func(old, with string) string {
		if !strings.Contains(full, old) {
			t.Fatalf("%s is not in the answer", old)
		}
		return strings.Replace(full, old, with, 1)
	}
	without := func(f func(*thing)) *thing { v := *want; f(&v); return &v }
	for name, c := range map[string]struct {
		status int
		body   string
		want   *thing
		fail   fault.Kind // Internal for none
	}{
		"as documented":                        {200, full, want, 0},
		"unknown members":                      {200, replace(`{`, `{"x":{"y":["z",{}]},`), want, 0},
		"names that differ by case":            {200, replace(`{`, `{"ID":1,"Name":null,"PRICE":"x",`), want, 0},
		"escaped member name":                  {200, replace(`"id"`, `"\u0069d"`), want, 0},
		"white space":                          {200, " \r\n\t" + full + "\n", want, 0},
		"an optional member is null":           {200, replace(`3`, `null`), without(func(v *thing) { v.Count = nil }), 0},
		"an integer with a point":              {200, replace(`:3`, `:3.0`), want, 0},
		"lists that are empty":                 {200, replace(`["a","б"]`, `[]`), without(func(v *thing) { v.Tags = []string{} }), 0},
		"404":                                  {404, `{}`, nil, 0},
		"410":                                  {410, ``, nil, 0},
		"200 with an error":                    {200, `{"error":"not found"}`, nil, 0},
		"an empty object":                      {200, `{}`, nil, 0},
		"another id":                           {200, replace(`"t1"`, `"t2"`), nil, 0},
		"another id, and broken":               {200, strings.NewReplacer(`"t1"`, `"t2"`, `10.50`, `"x"`).Replace(full), nil, 0},
		"an id that is null":                   {200, replace(`"t1"`, `null`), nil, 0},
		"an id that is empty":                  {200, replace(`"t1"`, `""`), nil, 0},
		"an id of the wrong type":              {200, replace(`"t1"`, `1`), nil, fault.InvalidResponse},
		"a required member is missing":         {200, replace(`"price":10.50,`, ``), nil, fault.InvalidResponse},
		"a required member is null":            {200, replace(`10.50`, `null`), nil, fault.InvalidResponse},
		"a number in quotes":                   {200, replace(`10.50`, `"10.50"`), nil, fault.InvalidResponse},
		"an optional member is wrong":          {200, replace(`:3`, `:"3"`), nil, fault.InvalidResponse},
		"too large for an Int":                 {200, replace(`:3`, `:2147483648`), nil, fault.InvalidResponse},
		"too large for an Int64":               {200, replace(`9007199254740993`, `9223372036854775808`), nil, fault.InvalidResponse},
		"a null in a list":                     {200, replace(`"a"`, `null`), nil, fault.InvalidResponse},
		"an object that is a string in a list": {200, replace(`{"size":9007199254740993}`, `"x"`), nil, fault.InvalidResponse},
		"a nested required member is missing":  {200, replace(`"size"`, `"weight"`), nil, fault.InvalidResponse},
		"half a surrogate pair":                {200, replace(`Ваза`, `\ud800`), nil, fault.InvalidResponse},
		"bytes that are not UTF-8":             {200, replace(`Ваза`, "\xff"), nil, fault.InvalidResponse},
		"not UTF-8 where nothing is decoded":   {200, replace(`{`, "{\"x\":\"\xff\\ud800\","), want, 0},
		"a key that is an object":              {200, replace(`:7`, `:{}`), without(func(v *thing) { v.Parent = nil }), 0},
		"null":                                 {200, `null`, nil, fault.InvalidResponse},
		"a list":                               {200, `[` + full + `]`, nil, fault.InvalidResponse},
		"a string":                             {200, `"t1"`, nil, fault.InvalidResponse},
		"half":                                 {200, full[:60], nil, fault.InvalidResponse},
		"two values":                           {200, full + full, nil, fault.InvalidResponse},
		"a page":                               {200, `<html>`, nil, fault.InvalidResponse},
		"nothing":                              {200, ``, nil, fault.InvalidResponse},
		"a failure":                            {500, full, nil, fault.Unavailable},
		"a refusal":                            {403, `{}`, nil, fault.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			up := clienttest.NewClient(t, "things", clienttest.Answer(c.status, c.body))
			got, err := rest.One(rest.Endpoint{Up: up, Call: "GET /things/{id}", Key: []string{"id"}}, decodeThing, is).Load(t.Context(), []string{"t1"})
			clienttest.AssertKind(t, batch.ErrorOf(err, "t1"), "things", c.fail)
			if !reflect.DeepEqual(got["t1"], c.want) {
				t.Errorf("got %+v, want %+v", got["t1"], c.want)
			}
			if v, ok := got["t1"]; ok {
				stored, _ := json.Marshal(v)
				again := &thing{}
				if err := json.Unmarshal(stored, again); err != nil || !reflect.DeepEqual(again, v) {
					t.Errorf("it is %+v after a stay in the cache, %v", again, err)
				}
			}
		})
	}
}

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
	c, err := cache.New(cache.Config{TTL: time.Minute, MemoryMB: 1}, slog.New(slog.DiscardHandler), reg)
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

// requests records what a service is asked.
type requests struct {
	mu  sync.Mutex
	all []string
}

func (r *requests) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, strings.TrimSpace(req.Method+" "+req.RequestURI+" "+string(body)))
	_, _ = io.WriteString(w, `[]`)
}

func TestKeys_BecomeCalls(t *testing.T) {
	type status string
	for name, c := range map[string]struct {
		call string
		key  string
		want string
	}{
		"an id":              {"GET /things/{id}", "", "GET /things/a%2Fb"},
		"optional arguments": {"GET /things?q={q}&s={s}&l={l}", rest.Key(rest.Arg("q", "x y&z"), rest.OptionalArg("s", (*status)(nil)), rest.OptionalArg("l", ptr(int32(5)))), "GET /things?q=x+y%26z&l=5"},
		"an empty argument":  {"GET /things?q={q}", rest.Key(rest.Arg("q", "")), "GET /things?q="},
		"nothing given":      {"GET /things?q={q}", rest.Key(rest.OptionalArg("q", (*string)(nil))), "GET /things"},
		"repeated":           {"GET /things?s={s}", rest.Key(rest.ListArg("s", []status{"a", "b,c"})), "GET /things?s=a&s=b%2Cc"},
		"joined":             {"GET /things?s={s,}&t={t|}", rest.Key(rest.ListArg("s", []string{"a", "b,c"}), rest.ListArg("t", []int32{1, 2})), "GET /things?s=a,b%2Cc&t=1|2"},
		"constant":           {"GET /things?kind=new&q={q}", rest.Key(rest.Arg("q", true)), "GET /things?kind=new&q=true"},
		"several in a path":  {"GET /t/{a}/x/{b}", rest.Key(rest.Arg("a", ".."), rest.Arg("b", "1/2")), "GET /t/%2E%2E/x/1%2F2"},
	} {
		t.Run(name, func(t *testing.T) {
			service := &requests{}
			up := clienttest.NewClient(t, "things", service.ServeHTTP)
			key := c.key
			if key == "" {
				key = "a/b"
			}
			s := rest.List(rest.Endpoint{Up: up, Call: c.call, Named: c.key != ""}, decodeThing, nil, nil)
			if err := s.Check(key); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Load(t.Context(), []string{key}); err != nil {
				t.Error(err)
			}
			if !slices.Equal(service.all, []string{c.want}) {
				t.Errorf("asked %q, want %q", service.all, c.want)
			}
		})
	}
}

func TestMany_Calls(t *testing.T) {
	for name, c := range map[string]struct {
		batch rest.Batch
		want  []string
	}{
		"a member of the body": {rest.Batch{Endpoint: rest.Endpoint{Call: "POST /b"}, Keys: "filter.ids", Max: 2}, []string{`POST /b {"filter":{"ids":["1","2"]}}`, `POST /b {"filter":{"ids":["3"]}}`}},
		"the body":             {rest.Batch{Endpoint: rest.Endpoint{Call: "POST /b"}, Max: 9}, []string{`POST /b ["1","2","3"]`}},
		"numbers":              {rest.Batch{Endpoint: rest.Endpoint{Call: "POST /b"}, Integer: true, Max: 9}, []string{`POST /b [1,2,3]`}},
		"joined in the query":  {rest.Batch{Endpoint: rest.Endpoint{Call: "GET /b?ids={keys,}"}, Max: 9}, []string{`GET /b?ids=1,2,3`}},
		"repeated":             {rest.Batch{Endpoint: rest.Endpoint{Call: "GET /b?id={keys}"}, Max: 2}, []string{`GET /b?id=1&id=2`, `GET /b?id=3`}},
	} {
		t.Run(name, func(t *testing.T) {
			service := &requests{}
			c.batch.Up = clienttest.NewClient(t, "things", service.ServeHTTP)
			if _, err := rest.Many(c.batch, decodeThing, idOf).Load(t.Context(), []string{"1", "2", "3"}); err != nil {
				t.Error(err)
			}
			slices.Sort(service.all)
			if !slices.Equal(service.all, c.want) {
				t.Errorf("asked %q, want %q", service.all, c.want)
			}
		})
	}
}

func TestKey_Unknown(t *testing.T) {
	if k := rest.Key(rest.Of("a", ""), rest.Arg("b", 1)); k != "" {
		t.Errorf("a key of an unknown part is %q", k)
	}
	if k := rest.Key(rest.OptionalOf[string]("a", nil)); k != "" {
		t.Errorf("a key of an absent part is %q", k)
	}
	if k := rest.Key(); k == "" {
		t.Error("a call without values has no key")
	}
}

func TestCheck_RefusesIDs(t *testing.T) {
	one := rest.One(rest.Endpoint{Up: clienttest.NewClient(t, "things", nil), Call: "GET /things/{id}"}, decodeThing, is)
	named := rest.List(rest.Endpoint{Up: clienttest.NewClient(t, "things", nil), Call: "GET /things?of={of}&q={q}", Named: true, IDs: []string{"of"}}, decodeThing, nil, nil)
	numbers := rest.Many(rest.Batch{Endpoint: rest.Endpoint{Up: clienttest.NewClient(t, "things", nil), Call: "POST /b"}, Integer: true, Max: 1}, decodeThing, idOf)
	for name, c := range map[string]struct {
		check func(string) error
		key   string
		ok    bool
	}{
		"an id":                    {one.Check, "a", true},
		"an empty id":              {one.Check, "", false},
		"a control character":      {one.Check, "a\n", false},
		"a long id":                {one.Check, strings.Repeat("a", 257), false},
		"an id among others":       {named.Check, rest.Key(rest.Arg("of", "a"), rest.Arg("q", "line\nline")), true},
		"an empty id among others": {named.Check, rest.Key(rest.Arg("of", ""), rest.Arg("q", "x")), false},
		"an integer":               {numbers.Check, "-17", true},
		"no integer":               {numbers.Check, "1e3", false},
		"a padded integer":         {numbers.Check, "017", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.check(c.key)
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
			if f, ok := errors.AsType[*fault.Error](err); err != nil && (!ok || f.Kind != fault.BadUserInput) {
				t.Errorf("error %v is not about the input", err)
			}
		})
	}
}
