package rest_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/internal/testkit/clienttest"
)

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
