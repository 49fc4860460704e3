package watched

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Load sends requests like those of clients to the gateway, at a rate per second, until stop is
// called. It ignores the responses.
func (s *Stack) Load(perSecond int) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-tick.C:
				asking.Go(func() { s.request(n) })
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		asking.Wait()
	}
}

// request sends the nth request. A few users are requested often, most of them seldom.
func (s *Stack) request(n int) {
	user := rand.IntN(20) //nolint:gosec // not a secret
	if n%3 == 0 {
		user = rand.IntN(1000) //nolint:gosec // the same
	}
	id := fmt.Sprintf("u%d", user+1)
	if n%2 == 0 {
		_, _ = s.send(http.MethodGet, s.Gateway+"/api/profile/"+id, "")
		return
	}
	n /= 2
	all := validRequest()
	if n%10 == 9 {
		n, all = n/10, invalidRequest()
	}
	q := all[n%len(all)]
	sent := map[string]any{"query": q, "variables": map[string]any{"id": id}}
	if n%2 == 0 { // a client that sends a persisted query
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(q)))
		sent["extensions"] = map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
	}
	body, _ := json.Marshal(sent)
	_, _ = s.send(http.MethodPost, s.Gateway+"/graphql", string(body))
}

// validRequest are queries that pages have.
func validRequest() []string {
	return []string{
		`query Page($id: ID!) { profile(userId: $id) { user { fullName } orders { id totalAmount items { quantity product { name price } } } } }`,
		`query List($id: ID!) { user(id: $id) { username orders { status } } users(ids: ["u1", "u2", "u3", "u4"]) { fullName orders { id } } }`,
		`mutation Place($id: ID!) { placeOrder(input: {userId: $id, items: [{productId: "p1", quantity: 1}]}) { id } }`,
		`query Products($id: ID!) { user(id: $id) { id } products(ids: ["p1", "p2", "p3", "p4", "p5"]) { name price stockQuantity } }`,
	}
}

// invalidRequest are queries that do not parse, do not validate, have a bad id, or are more
// than a client may ask.
func invalidRequest() []string {
	return []string{`{ user(id: `, `{ user(id: "u1") { shoeSize } }`, `{ user(id: "") { id } }`, deepRequest()}
}

// deepRequest goes round and round, far deeper than a page would.
func deepRequest() string {
	const levels = 40
	return `{ user(id: "u1") ` + strings.Repeat(`{ orders { user `, levels) + `{ id }` + strings.Repeat(` } }`, levels) + ` }`
}

// InjectFaults lets a service fail as a list of fault rules says; [] heals it.
func (s *Stack) InjectFaults(service, rules string) {
	s.t.Helper()
	if status, err := s.send(http.MethodPut, s.Services[service]+"/_faults", rules); status != http.StatusOK {
		s.t.Fatalf("breaking %s: %d, %v", service, status, err)
	}
}

// send gives the status of what is answered, and reads the rest.
func (s *Stack) send(method, url, body string) (int, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body)) // its client has a limit
	if err != nil {
		return 0, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	s.mu.Lock()
	seen := s.seen
	s.mu.Unlock()
	if seen != "" {
		req.Header.Set("Tributary-Seen", seen)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if seen := resp.Header.Get("Tributary-Seen"); seen != "" {
		s.mu.Lock()
		s.seen = seen
		s.mu.Unlock()
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
