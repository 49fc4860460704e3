// Package upstreamtest runs fakes of the three services for tests. They serve data that the test
// sets, count calls, and fail on demand.
package upstreamtest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/scalar"
	"tributary/gateway/upstream"
	"tributary/internal/testkit"
	"tributary/services"
)

// The services.
const (
	Users    = "users"
	Orders   = "orders"
	Products = "products"
)

// Data has the entities that the services serve.
type Data struct {
	Users    map[string]*services.User
	Orders   map[string][]*services.Order // by user
	Products map[string]*services.Product
}

// Call is one call that a service has got.
type Call struct {
	Service   string
	Path      string   // unescaped
	IDs       []string // of the requested user or products
	RequestID string   // of the request that the gateway answers by it, if it was sent on
	At        time.Time
}

// Upstreams are three running services. The data are read on each call:
// change them through [Upstreams.Set].
type Upstreams struct {
	servers map[string]*httptest.Server

	mu     sync.Mutex
	data   Data
	delay  func(Call) time.Duration
	handle map[string]http.HandlerFunc // replaces a service
	calls  []Call
}

// New starts the services; they stop with the test.
func New(t testing.TB, data Data) *Upstreams {
	t.Helper()
	u := &Upstreams{data: data, servers: map[string]*httptest.Server{}, handle: map[string]http.HandlerFunc{}}
	for name, h := range map[string]http.HandlerFunc{
		Users: u.users, Orders: u.orders, Products: u.products,
	} {
		s := httptest.NewUnstartedServer(u.service(name, h))
		_ = s.Listener.Close()
		s.Listener = listen(t, testkit.KeepAddr(t))
		s.Start()
		t.Cleanup(func() {
			s.CloseClientConnections() // hanging handlers see their clients leave
			s.Close()
		})
		u.servers[name] = s
	}
	return u
}

func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// Config has the base URLs of the services.
type Config struct{ UsersURL, OrdersURL, ProductsURL string }

// Clients returns a client for each service of the schema. Those that are not of the three
// have the address that the schema gives them.
func (c Config) Clients(calls upstream.Config, m *upstream.Metrics) (map[string]*upstream.Client, error) {
	clients, urls := map[string]*upstream.Client{}, map[string]string{Users: c.UsersURL, Orders: c.OrdersURL, Products: c.ProductsURL}
	for _, s := range services.Services() {
		url, ok := urls[s.Name]
		if !ok {
			url = s.URL
		}
		var err error
		if clients[s.Name], err = upstream.NewClient(s.Name, url, calls, m); err != nil {
			return nil, err
		}
	}
	return clients, nil
}

// Config returns the URLs of the services.
func (u *Upstreams) Config() Config {
	return Config{
		UsersURL:    u.servers[Users].URL,
		OrdersURL:   u.servers[Orders].URL,
		ProductsURL: u.servers[Products].URL,
	}
}

// Delay makes every call wait as long as by says before it is answered.
func (u *Upstreams) Delay(by func(Call) time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.delay = by
}

// Replace lets h answer all calls to a service; nil puts the service back.
func (u *Upstreams) Replace(service string, h http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.handle[service] = h
}

// Stop closes a service. The system refuses further connections and does not assign the port to
// another process.
func (u *Upstreams) Stop(service string) { u.servers[service].Close() }

// CloseConnections closes all connections, as the end of a process does to its servers.
func (u *Upstreams) CloseConnections() {
	for _, s := range u.servers {
		s.CloseClientConnections()
	}
}

// Set changes the data.
func (u *Upstreams) Set(change func(*Data)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.data)
}

// Calls gives the calls so far, in the order of their arrival.
func (u *Upstreams) Calls() []Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.calls)
}

// Count gives the number of calls so far by service.
func (u *Upstreams) Count() map[string]int {
	count := map[string]int{}
	for _, c := range u.Calls() {
		count[c.Service]++
	}
	return count
}

// Reset forgets the calls so far.
func (u *Upstreams) Reset() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls = nil
}

// Summary returns the calls so far, as in "users=1 orders=1 products=1".
func (u *Upstreams) Summary() string {
	c := u.Count()
	return fmt.Sprintf("users=%d orders=%d products=%d", c[Users], c[Orders], c[Products])
}

func (u *Upstreams) service(name string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			u.mu.Lock()
			replaced := u.handle[name]
			u.mu.Unlock()
			if replaced != nil {
				replaced(w, r)
				return
			}
			writeJSON(w, map[string]string{"status": "healthy", "service": strings.TrimSuffix(name, "s") + "-service"})
			return
		}
		call := Call{Service: name, Path: r.URL.Path, RequestID: r.Header.Get("X-Request-Id"), At: time.Now()}
		call.IDs = idsOf(r)
		u.mu.Lock()
		u.calls = append(u.calls, call)
		delay, replaced := u.delay, u.handle[name]
		u.mu.Unlock()
		if delay != nil {
			select {
			case <-time.After(delay(call)):
			case <-r.Context().Done():
				return
			}
		}
		if replaced != nil {
			replaced(w, r)
			return
		}
		h(w, r.WithContext(withIDs(r.Context(), call.IDs)))
	})
}

func (u *Upstreams) users(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	user, ok := u.data.Users[idsFrom(r.Context())[0]]
	if !ok {
		notFound(w)
		return
	}
	writeJSON(w, user)
}

func (u *Upstreams) orders(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := u.data.Orders[idsFrom(r.Context())[0]]
	if list == nil {
		list = []*services.Order{}
	}
	writeJSON(w, list)
}

func (u *Upstreams) products(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := []*services.Product{}
	for _, id := range slices.Backward(idsFrom(r.Context())) { // in any order
		if p, ok := u.data.Products[id]; ok {
			found = append(found, p)
		}
	}
	writeJSON(w, found)
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"status":404}`))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// User makes a user of an id.
func User(id string) *services.User {
	return &services.User{
		ID: id, Username: "name-" + id, Email: id + "@example.com", FullName: "Full " + id,
		IsActive: true, CreatedAt: "2024-05-17T09:30:00Z",
	}
}

// Order makes an order of a user with one piece of each product.
func Order(id, userID string, productIDs ...string) *services.Order {
	o := &services.Order{
		ID: id, UserID: userID, Status: "paid", TotalAmount: "10.50",
		CreatedAt: "2024-06-01T12:00:00Z", Items: []*services.OrderItem{},
	}
	for _, p := range productIDs {
		o.Items = append(o.Items, &services.OrderItem{ProductID: p, Quantity: 1, Price: "10.50"})
	}
	return o
}

// Product makes a product of an id.
func Product(id string) *services.Product {
	return &services.Product{
		ID: id, Name: "Product " + id, Description: "What " + id + " is", Price: scalar.Decimal("0.10"),
		Category: "things", StockQuantity: 7,
	}
}

// NewData returns data with users "u1"… who each have orders ("u1-o1"…) of items that refer to
// products "p1"… in rotation.
func NewData(userCount, ordersEach, itemsEach, productCount int) Data {
	d := Data{Users: map[string]*services.User{}, Orders: map[string][]*services.Order{}, Products: map[string]*services.Product{}}
	next := 0
	for i := range userCount {
		id := fmt.Sprintf("u%d", i+1)
		d.Users[id] = User(id)
		for o := range ordersEach {
			ids := make([]string, itemsEach)
			for i := range ids {
				ids[i] = fmt.Sprintf("p%d", next%productCount+1)
				next++
			}
			d.Orders[id] = append(d.Orders[id], Order(fmt.Sprintf("%s-o%d", id, o+1), id, ids...))
		}
	}
	for i := range productCount {
		id := fmt.Sprintf("p%d", i+1)
		d.Products[id] = Product(id)
	}
	return d
}
