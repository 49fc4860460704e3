package resolvers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/internal/testkit"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
	"tributary/resolvers/rest"
	"tributary/services"
)

// statusBodies are the bodies that a service sends with a status.
var statusBodies = []struct{ name, contentType, text string }{
	{"JSON", "application/json", `{"error":"no"}`},
	{"a page", "text/html", "<!doctype html><title>Sorry</title>"},
	{"a problem", "application/problem+json", `{"title":"no"}`},
	{"no body", "", ""},
}

// statusCase is an entity of a service that answers with a status when it does not
// answer well. Its id says which case it is.
type statusCase struct {
	service string
	status  int
	body    int // index of statusBodies
	known   bool
	door    string // by which it is requested: graphql or rest
}

func (c statusCase) id() string {
	return fmt.Sprintf("%s.%d.%d.%t.%s", c.service, c.status, c.body, c.known, c.door)
}

func statusCaseOf(id string) (c statusCase) {
	parts := strings.Split(id, ".")
	c.service, c.door = parts[0], parts[4]
	c.status, _ = strconv.Atoi(parts[1])
	c.body, _ = strconv.Atoi(parts[2])
	c.known = parts[3] == "true"
	return c
}

// statusServices are the three services. An entity that is known is answered well at
// first, then each is answered with its status once, and fails with 500 from then on.
// The other services know everything.
type statusServices struct {
	where upstreamtest.Config

	mu    sync.Mutex
	calls map[string]int // by service and id
}

func newStatusServices(t *testing.T) *statusServices {
	t.Helper()
	s := &statusServices{calls: map[string]int{}}
	well := map[string]func(id string) any{
		upstreamtest.Users:    func(id string) any { return upstreamtest.User(id) },
		upstreamtest.Orders:   func(id string) any { return []*services.Order{upstreamtest.Order("o1", id, id)} },
		upstreamtest.Products: func(id string) any { return []*services.Product{upstreamtest.Product(id)} },
	}
	for name, url := range map[string]*string{upstreamtest.Users: &s.where.UsersURL, upstreamtest.Orders: &s.where.OrdersURL, upstreamtest.Products: &s.where.ProductsURL} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			if r.Method == http.MethodPost {
				var question struct {
					ProductIDs []string `json:"product_ids"`
				}
				_ = json.NewDecoder(r.Body).Decode(&question)
				id = question.ProductIDs[0]
			}
			c, n := statusCaseOf(id), s.count(name, id)
			if c.known {
				n--
			}
			switch {
			case c.service != name || n < 0:
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(well[name](id))
			case n > 0:
				w.WriteHeader(http.StatusInternalServerError)
			default:
				body := statusBodies[c.body]
				w.Header()["Content-Type"] = nil
				if body.contentType != "" {
					w.Header().Set("Content-Type", body.contentType)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(body.text))
			}
		}))
		t.Cleanup(server.Close)
		*url = server.URL
	}
	return s
}

// count counts a call, and returns how many were made before.
func (s *statusServices) count(service, id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[service+" "+id]++
	return s.calls[service+" "+id] - 1
}

func (s *statusServices) called(c statusCase) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[c.service+" "+c.id()]
}

// statusDoor is a gateway, and how a client sees an entity through it.
type statusDoor struct {
	t       *testing.T
	graphql *client
	profile *rest.Profile
}

func newStatusDoor(t *testing.T, s *statusServices, ttl time.Duration) *statusDoor {
	t.Helper()
	with := graphtest.DefaultSetup()
	with.TTL = ttl
	server, stop, err := graphtest.NewWithServices(s.where, with)
	must(t, err)
	graphql := httptest.NewServer(server)
	t.Cleanup(func() { graphql.Close(); must(t, stop()) })
	return &statusDoor{t, &client{t, graphql.URL}, newRESTProfile(server)}
}

func newRESTProfile(server *graphtest.Server) *rest.Profile {
	return rest.NewProfile(server.Engine, func(r *http.Request) string { return r.URL.Path[len("/api/profile/"):] }, time.Minute, prometheus.NewRegistry())
}

// ask requests the entity of a case, and says what the client sees of it: complete,
// stale, not found, or a reason.
func (d *statusDoor) ask(c statusCase) string {
	if c.door == "rest" {
		return d.askREST(c)
	}
	query := map[string]string{
		upstreamtest.Users:    `{ it: user(id: %q) { username } }`,
		upstreamtest.Orders:   `{ it: orders(userId: %q) { id } }`,
		upstreamtest.Products: `{ it: product(id: %q) { name } }`,
	}[c.service]
	r := parse(d.t, d.graphql.ask(fmt.Sprintf(query, c.id())))
	var data struct{ It json.RawMessage }
	must(d.t, json.Unmarshal(r.Data, &data))
	missing := string(data.It) == "null"
	switch {
	case len(r.Errors) == 1 && missing:
		expectBlame(d.t, r, c.service, r.Errors[0].Extensions["code"], reasonOf(d.t, r.Errors[0].Extensions["code"]))
		return r.Errors[0].Extensions["code"]
	case len(r.Errors) > 0:
		return fmt.Sprint(r.Errors)
	case len(r.degraded()) > 0:
		return strings.Join(r.degraded(), ", ")
	case missing && c.service != upstreamtest.Orders, string(data.It) == "[]":
		return "not found"
	}
	return "complete"
}

func (d *statusDoor) askREST(c statusCase) string {
	w := httptest.NewRecorder()
	d.profile.ServeHTTP(w, httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, "/api/profile/"+c.id(), http.NoBody))
	var body struct {
		User     *json.RawMessage
		Orders   []json.RawMessage
		Products map[string]json.RawMessage
		Metadata struct {
			Degraded []struct{ Service, Reason string }
		}
	}
	must(d.t, json.Unmarshal(w.Body.Bytes(), &body))
	there := map[string]bool{upstreamtest.Users: body.User != nil, upstreamtest.Orders: len(body.Orders) > 0, upstreamtest.Products: len(body.Products) > 0}[c.service]
	stale := 0
	for _, part := range body.Metadata.Degraded {
		switch {
		case part.Service != c.service:
			return fmt.Sprint(body.Metadata.Degraded)
		case part.Reason == "stale":
			stale++
		case there:
			return fmt.Sprint("there, and ", part.Reason)
		default:
			return codeOf(d.t, part.Reason)
		}
	}
	switch {
	case w.Code == http.StatusNotFound, w.Code == http.StatusOK && !there && stale == 0:
		return "not found"
	case w.Code != http.StatusOK || !there:
		return fmt.Sprint(w.Code, " ", w.Body.String())
	case stale == 1:
		return c.service + ": stale"
	}
	return "complete"
}

func codeOf(t *testing.T, reason string) string {
	t.Helper()
	for _, k := range fault.Kinds() {
		if k.Reason() == reason {
			return k.Code()
		}
	}
	t.Fatalf("there is no reason %q", reason)
	return ""
}

// What clients see of each status, by GraphQL and by REST, when nothing is known of an
// entity, when something fresh is, and when something stale is; and when the service
// fails after that.
func TestStatuses_AreAnsweredAsThePageSays(t *testing.T) {
	s := newStatusServices(t)
	fresh, stale := newStatusDoor(t, s, time.Hour), newStatusDoor(t, s, time.Nanosecond)
	table := statusTable{}
	for _, service := range allServices {
		for _, c := range testkit.Sample(t, statusCases(service), 11) {
			want := wantedOf(c)
			c.known = false
			expectSeen(t, fresh, s, c, "nothing known", want.cold, 1)
			c.known = true
			expectSeen(t, stale, s, c, "well", "complete", 1)
			expectSeen(t, stale, s, c, "stale", want.stale, 2)
			expectSeen(t, stale, s, c, "stale, and then it fails", want.after, 3)
			if c.door == "graphql" {
				table.add(c, want)
			}
			c.status += 1000 // another id; it is never answered with
			expectSeen(t, fresh, s, c, "well", "complete", 1)
			expectSeen(t, fresh, s, c, "fresh", "complete", 1)
		}
	}
	if !t.Failed() && !testkit.Sampled() {
		expectTable(t, "Statuses", table.String())
	}
}

func expectSeen(t *testing.T, d *statusDoor, s *statusServices, c statusCase, when, want string, calls int) {
	t.Helper()
	if got := strings.TrimPrefix(d.ask(c), c.service+": "); got != want {
		t.Errorf("%s: %d with %s, %s, by %s: %s, want %s", c.service, c.status, statusBodies[c.body].name, when, c.door, got, want)
	}
	if n := s.called(c); n != calls {
		t.Errorf("%s: %d with %s, %s, by %s: %d calls, want %d", c.service, c.status, statusBodies[c.body].name, when, c.door, n, calls)
	}
}

// otherStatuses are some of those that are not 4xx, of which gateway/upstream tests all.
var otherStatuses = []int{
	204, 205, 206, 208, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399,
	500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 599,
}

// namedStatuses are the 4xx that mean something of their own, here or to those who write
// services.
var namedStatuses = []int{400, 401, 403, 404, 405, 408, 409, 410, 412, 422, 425, 429, 451, 499}

// statusCases are the named 4xx with each body, by GraphQL and by REST; all 4xx, and other
// statuses, with JSON and with a page, by GraphQL.
func statusCases(service string) (cases []statusCase) {
	for status := 400; status < 500; status++ {
		bodies, doors := 2, []string{"graphql"}
		if slices.Contains(namedStatuses, status) {
			bodies, doors = len(statusBodies), []string{"graphql", "rest"}
		}
		for body := range bodies {
			for _, door := range doors {
				cases = append(cases, statusCase{service: service, status: status, body: body, door: door})
			}
		}
	}
	for _, status := range otherStatuses {
		for body := range 2 {
			cases = append(cases, statusCase{service: service, status: status, body: body, door: "graphql"})
		}
	}
	return cases
}

// seenOf is what clients see of a case.
type seenOf struct{ cold, stale, after string }

// wantedOf is the contract: what is a failure, what a refusal, and what means "not found".
func wantedOf(c statusCase) seenOf {
	const invalid, down = "UPSTREAM_INVALID_RESPONSE", "UPSTREAM_UNAVAILABLE"
	failure := func(code string) seenOf { return seenOf{code, "stale", "stale"} }
	switch {
	case c.status < 300 && c.body == 0 && c.service == upstreamtest.Users && c.status != 204:
		return seenOf{"not found", "not found", down} // an object that is not the user
	case c.status < 400:
		return failure(invalid)
	case c.status == 404, c.status == 410:
		page, batch := c.body == 1, c.service == upstreamtest.Products
		switch {
		case page && batch:
			return failure(invalid)
		case page:
			return seenOf{"not found", "stale", "stale"}
		case batch:
			return seenOf{"UPSTREAM_REJECTED", "UPSTREAM_REJECTED", "stale"}
		}
		return seenOf{"not found", "not found", down}
	case c.status == 408, c.status == 504:
		return failure("UPSTREAM_TIMEOUT")
	case c.status == 429, c.status >= 500:
		return failure(down)
	case c.status == 401, c.status == 403, c.status == 451:
		return seenOf{"UPSTREAM_REJECTED", "UPSTREAM_REJECTED", down}
	}
	return seenOf{"UPSTREAM_REJECTED", "UPSTREAM_REJECTED", "stale"}
}
