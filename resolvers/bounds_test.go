package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tributary/gateway/engine/limits"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

// bigShop has 300 users with a few orders each, the first with as many as are assumed, and
// one with 2,000.
func bigShop() upstreamtest.Data {
	data := upstreamtest.NewData(300, 3, 3, 50)
	data.Orders["u1"] = upstreamtest.NewData(1, 10, 10, 50).Orders["u1"]
	data.Users["big"] = upstreamtest.User("big")
	for i := range 2000 {
		data.Orders["big"] = append(data.Orders["big"], upstreamtest.Order(fmt.Sprint("big-", i), "big", "p1", "p2"))
	}
	return data
}

// bounded serves the big shop within limits.
func bounded(t testing.TB, bounds limits.Config, with graphtest.Setup) http.Handler {
	t.Helper()
	with.GraphQL.Limits = bounds
	return serving(t, graphQL, bigShop(), with)
}

// reply is the answer to a query.
type reply struct {
	status int
	header http.Header
	text   string
	data   json.RawMessage
	errors []map[string]any // their extensions
	rest   map[string]any   // the extensions of the answer
}

func request(t testing.TB, h http.Handler, query string) reply {
	t.Helper()
	text, err := json.Marshal(map[string]string{"query": query})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // as a server does when it has answered
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(text))).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Extensions map[string]any
		}
		Extensions map[string]any
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &answer))
	a := reply{status: w.Code, header: w.Header(), text: w.Body.String(), data: answer.Data, rest: answer.Extensions}
	for _, e := range answer.Errors {
		a.errors = append(a.errors, e.Extensions)
	}
	return a
}

// limit is that for which the operation was refused, or "".
func (r reply) limit() string {
	if len(r.errors) == 0 || r.data != nil {
		return ""
	}
	limit, _ := r.errors[0]["limit"].(string)
	return limit
}

// fields counts the fields of the data.
func (r reply) fields(t testing.TB) int {
	t.Helper()
	var data any
	if r.data != nil {
		must(t, json.Unmarshal(r.data, &data))
	}
	return fieldsIn(data)
}

func fieldsIn(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, of := range v {
			n += fieldsIn(of)
		}
	case []any:
		for _, e := range v {
			n += fieldsIn(e)
		}
	}
	return n
}

// aliased selects a field n times under names of a length.
func aliased(n, length int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%0*d:%s ", length-1, i, field)
	}
	return b.String()
}

// idList is a list of n ids, the same ones again after some.
func idList(n, different int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"u%d"`, i%different+1)
	}
	return strings.Join(all, ",")
}

// Lists count by the length that they have, not by the one that was assumed, wherever they
// are written and resolved, and the limit is what it says.
func TestBounds_FieldsOfTheDataCount(t *testing.T) {
	for name, tt := range map[string]struct {
		query  string
		fields int
	}{
		"a list":                        {`{orders(userId:"big"){id}}`, 1 + 2000},
		"a list under several names":    {`{user(id:"big"){` + aliased(5, 4, "orders{id status}") + `}}`, 1 + 5*(1+2*2000)},
		"a list in a list":              {`{orders(userId:"big"){items{quantity price}}}`, 1 + 2000*(1+2*2)},
		"objects that are loaded":       {`{orders(userId:"big"){user{id}}}`, 1 + 2*2000},
		"lists in objects in lists":     {`{orders(userId:"big"){id items{product{id name}}}}`, 1 + 2000*(2+2*3)},
		"a list of the profile":         {`{profile(userId:"big"){orders{id} products{name}}}`, 1 + 2 + 2000 + 2},
		"elements of which some are no": {`{users(ids:["u1","nobody","big"]){orders{id}}}`, 1 + 2 + 10 + 2000},
	} {
		t.Run(name, func(t *testing.T) {
			bounds := limits.Default()
			bounds.Fields = tt.fields
			at := request(t, bounded(t, bounds, graphtest.DefaultSetup()), tt.query)
			if n := at.fields(t); at.status != http.StatusOK || n != tt.fields {
				t.Fatalf("status %d, and %d fields, want %d: %.300s", at.status, n, tt.fields, at.text)
			}
			bounds.Fields--
			if over := request(t, bounded(t, bounds, graphtest.DefaultSetup()), tt.query); over.limit() != "fields" || over.errors[0]["allowed"] != float64(bounds.Fields) {
				t.Errorf("one field more than is allowed: %.300s", over.text)
			}
		})
	}
}

func TestBounds_ResponseIsExact(t *testing.T) {
	for name, query := range map[string]string{
		"small":           `{user(id:"u1"){id}}`,
		"without objects": `{orders(userId:"big"){id status items{quantity}}}`,
		"with objects":    `{users(ids:[` + idList(50, 50) + `]){id orders{user{orders{id}}}}}`,
		"flattened":       `{users(ids:[` + idList(90, 90) + `]){id orders{user{id} items{product{name}}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			bounds := limits.Default()
			bounds.Response = 1 << 30
			whole := request(t, bounded(t, bounds, graphtest.DefaultSetup()), query).text
			for _, with := range []graphtest.Setup{graphtest.DefaultSetup(), entitiesAlone()} {
				bounds.Response = len(whole)
				h := bounded(t, bounds, with)
				for range 2 { // the second may be that of the first
					if at := request(t, h, query); at.text != whole {
						t.Errorf("with %d bytes, which are allowed: %.300s", len(whole), at.text)
					}
				}
				bounds.Response--
				if over := request(t, bounded(t, bounds, with), query); over.limit() != "response" || over.errors[0]["allowed"] != float64(bounds.Response) {
					t.Errorf("with a byte more than is allowed: %.300s", over.text)
				}
			}
		})
	}
}

// A query of this kind selects the same things many times, under names of any length, in
// lists of any length, through fragments or not.
type hostileQuery struct {
	t         *rapid.T
	aliases   int // that may still be drawn
	fragments []string
}

func (q *hostileQuery) set(typeName string, depth int) string {
	var b strings.Builder
	for range rapid.IntRange(1, 4).Draw(q.t, "fields") {
		field := rapid.SampledFrom(names(typeName)).Draw(q.t, "field")
		of := fieldsOf[typeName][field]
		if of != "" && depth == 0 {
			field, of = "__typename", ""
		}
		times := min(q.aliases, rapid.SampledFrom([]int{0, 1, 2, 5, 20, 100}).Draw(q.t, "times"))
		q.aliases -= times
		below := ""
		if of != "" {
			below = "{" + q.set(of, depth-1) + "}"
		}
		length := rapid.SampledFrom([]int{8, 30, 127, 128, 128, 128, 129}).Draw(q.t, "length")
		if times == 0 {
			fmt.Fprintf(&b, "%s%s ", field, below)
		}
		for range times {
			fmt.Fprintf(&b, "n%0*d:%s%s ", length-1, q.aliases*1000+times+b.Len()*7, field, below)
		}
	}
	if rapid.Bool().Draw(q.t, "fragment") {
		q.fragments = append(q.fragments, fmt.Sprintf("fragment f%d on %s {%s}", len(q.fragments), typeName, b.String()))
		return fmt.Sprintf("...f%d ...f%d", len(q.fragments)-1, len(q.fragments)-1)
	}
	return b.String()
}

func (q *hostileQuery) draw() string {
	root := rapid.SampledFrom([]string{
		`users(ids:[` + idList(2000, 1) + `])/User`, `users(ids:[` + idList(400, 400) + `])/User`, `user(id:"big")/User`,
		`orders(userId:"big")/Order`, `profile(userId:"big")/Profile`, `users(ids:["",` + idList(100, 100) + `,"big"])/User`,
	}).Draw(q.t, "root")
	field, typeName, _ := strings.Cut(root, "/")
	text := "{" + field + "{" + q.set(typeName, rapid.IntRange(0, 4).Draw(q.t, "depth")) + "}}"
	return text + strings.Join(q.fragments, " ")
}

func TestBounds_HoldForRandomHostileQueries(t *testing.T) {
	bounds := limits.Default()
	bounds.Response, bounds.Fields = 1<<20, 60_000
	h := bounded(t, bounds, graphtest.DefaultSetup())
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		query := (&hostileQuery{t: rt, aliases: 490}).draw()
		got := request(t, h, query)
		n := got.fields(t)
		if len(got.text) > bounds.Response || n > bounds.Fields || len(got.errors) > 100 {
			rt.Errorf("%d bytes, %d fields and %d errors came of %s", len(got.text), n, len(got.errors), query)
		}
		outcome := got.limit()
		switch {
		case got.data != nil && len(got.errors) == 0:
			outcome = "complete"
		case got.data != nil:
			outcome = "partial"
		case outcome == "" && got.status != http.StatusRequestEntityTooLarge && got.errors[0]["code"] != "GRAPHQL_VALIDATION_FAILED":
			rt.Errorf("refused without a limit: %.300s", got.text)
		}
		outcomes[outcome]++
	})
	t.Log(outcomes)
}

// What answers in flight take together is bounded: some are refused, to be asked for
// again, and none of it is lost.
func TestBounds_AnswersInFlightShareTheirMemory(t *testing.T) {
	with := entitiesAlone()
	with.GraphQL.Admission.ResponsesMB = 1 // but at least three of the longest answers
	bounds := limits.Default()
	bounds.Response = 1 << 20
	h := bounded(t, bounds, with)
	query := `{user(id:"big"){` + aliased(20, 4, "orders{id}") + `}}`
	var all sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		all.Go(func() {
			got := request(t, h, query)
			if statuses[i] = got.status; got.status == http.StatusServiceUnavailable && (got.header.Get("Retry-After") == "" || got.errors[0]["code"] != "OVERLOADED") {
				t.Errorf("refused with %v: %.300s", got.header, got.text)
			}
		})
	}
	all.Wait()
	slices.Sort(statuses)
	t.Log(statuses)
	if slices.ContainsFunc(statuses, func(s int) bool { return s != http.StatusOK && s != http.StatusServiceUnavailable }) {
		t.Errorf("statuses %v", statuses)
	}
	for range 5 { // more than fit at once
		if got := request(t, h, query); got.status != http.StatusOK {
			t.Fatalf("one at a time: %d %.300s", got.status, got.text)
		}
	}
}
