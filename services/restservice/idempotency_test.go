package restservice_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

// counter is a service that counts executions. Its answer is their number.
type counter struct {
	*httptest.Server
	executed atomic.Int64
}

func newCounter(t *testing.T, rules string) *counter {
	t.Helper()
	c := &counter{}
	s := restservice.New(restservice.Info{Name: "count-service", Title: "Count", Version: "1.0.0"}, restservice.Options{Faults: true})
	type input struct {
		restservice.Keyed
		Body struct {
			Name  string  `json:"name"`
			Price float64 `json:"price,omitempty"`
		}
	}
	type output struct{ Body int64 }
	restservice.Write(s, huma.Operation{OperationID: "count", Method: http.MethodPost, Path: "/count"},
		restservice.ResponseDocs{http.StatusOK: "The number."},
		func(_ context.Context, in *input) (*output, error) {
			n := c.executed.Add(1)
			switch in.Body.Name {
			case "refused":
				return nil, huma.Error409Conflict("refused")
			case "broken":
				return nil, huma.Error500InternalServerError("broken")
			}
			return &output{n}, nil
		}, "price")
	c.Server = restservicetest.Start(t, s)
	c.rules(t, rules)
	return c
}

func (c *counter) rules(t *testing.T, rules string) {
	t.Helper()
	if got := restservicetest.Send(t, c.Server, http.MethodPut, "/_faults", rules); got.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", got.StatusCode, got.Body)
	}
}

// post returns the status and the body of an answer; status 0 stands for a lost one.
func (c *counter) post(t *testing.T, key, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/count", struct{ io.Reader }{strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	resp, err := c.Client().Do(r)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, strings.TrimSpace(string(got))
}

func TestIdempotencyKey_Repeated(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second string // bodies
		status        int    // of the second answer
		executed      int64
	}{
		{"the same body", `{"name":"a"}`, `{"name":"a"}`, 200, 1},
		{"the same members in another order", `{"name":"a","x":1.0}`, "{ \"x\": 1.0,\n\"name\":\"a\"}", 200, 1},
		{"another price", `{"name":"a","price":1}`, `{"name":"a","price":2}`, 200, 1},
		{"another name", `{"name":"a"}`, `{"name":"b"}`, 422, 1},
		{"another spelling of a number", `{"name":"a","x":1}`, `{"name":"a","x":1.0}`, 422, 1},
		{"a large number with another last digit", `{"name":"a","x":9007199254740993}`, `{"name":"a","x":9007199254740992}`, 422, 1},
		{"a refusal", `{"name":"refused"}`, `{"name":"refused"}`, 409, 1},
		{"a failure of the service, which may be tried again", `{"name":"broken"}`, `{"name":"broken"}`, 500, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCounter(t, `[]`)
			firstStatus, first := s.post(t, "k", c.first)
			status, second := s.post(t, "k", c.second)
			if status != c.status || s.executed.Load() != c.executed {
				t.Errorf("%d %s after %d %s, executed %d times", status, second, firstStatus, first, s.executed.Load())
			}
			if status == firstStatus && c.executed == 1 && first != second {
				t.Errorf("answers %s, and then %s", first, second)
			}
		})
	}
	t.Run("another key, and none", func(t *testing.T) {
		s := newCounter(t, `[]`)
		for _, key := range []string{"a", "b", "", ""} {
			s.post(t, key, `{"name":"a"}`)
		}
		if n := s.executed.Load(); n != 4 {
			t.Errorf("executed %d times", n)
		}
	})
	t.Run("an impossible key", func(t *testing.T) {
		s := newCounter(t, `[]`)
		for _, key := range []string{"a b", strings.Repeat("k", 256)} {
			if status, answer := s.post(t, key, `{"name":"a"}`); status != 422 || s.executed.Load() != 0 {
				t.Errorf("%.10q: %d %s", key, status, answer)
			}
		}
	})
}

// A service remembers 10,000 keys, and forgets the oldest first. An answer that it remembers says
// that it was given before.
func TestIdempotencyKey_Bounded(t *testing.T) {
	s := newCounter(t, `[]`)
	send := func(key string) (replayed bool) {
		r := httptest.NewRequest(http.MethodPost, "/count", strings.NewReader(`{"name":"a"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", key, w.Code, w.Body)
		}
		return w.Header().Get("Idempotent-Replayed") == "true"
	}
	const most = 10_000
	for i := range most {
		send(fmt.Sprint("k", i))
	}
	if !send("k0") || !send(fmt.Sprint("k", most-1)) || s.executed.Load() != most {
		t.Errorf("of %d keys some were forgotten: %d executions", most, s.executed.Load())
	}
	send("another")
	if send("k0") || !send("k2") || s.executed.Load() != most+2 {
		t.Errorf("%d executions after a further key, want %d", s.executed.Load(), most+2)
	}
}

func TestIdempotencyKey_LostAnswer(t *testing.T) {
	s := newCounter(t, `[{"route":"*","lost":true}]`)
	if status, answer := s.post(t, "k", `{"name":"a"}`); status != 0 || s.executed.Load() != 1 {
		t.Fatalf("%d %s, executed %d times", status, answer, s.executed.Load())
	}
	if status, answer := s.post(t, "", `{"name":"a"}`); status != 0 || s.executed.Load() != 2 {
		t.Fatalf("without a key: %d %s, executed %d times", status, answer, s.executed.Load())
	}
	s.rules(t, `[]`)
	if status, answer := s.post(t, "k", `{"name":"a"}`); status != 200 || answer != "1" || s.executed.Load() != 2 {
		t.Errorf("repeated: %d %s, executed %d times", status, answer, s.executed.Load())
	}
}

// Of two requests with one key, the one that comes first holds it for as long as it takes.
func TestIdempotencyKey_UnderWay(t *testing.T) {
	s := newCounter(t, `[{"route":"*","hang":true}]`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	statuses := make(chan int, 2)
	for range 2 {
		go func() {
			r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/count", strings.NewReader(`{"name":"a"}`))
			r.Header.Set("Idempotency-Key", "k")
			resp, err := s.Client().Do(r)
			if err != nil {
				statuses <- 0
				return
			}
			_ = resp.Body.Close()
			statuses <- resp.StatusCode
		}()
	}
	if status := <-statuses; status != http.StatusConflict {
		t.Errorf("the second is answered %d", status)
	}
	if status, answer := s.post(t, "k", `{"name":"b"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("another body: %d %s", status, answer)
	}
	cancel()
	<-statuses
	s.rules(t, `[]`)
	for status := http.StatusConflict; status != http.StatusOK; { // until the service has noticed that the first client disconnected
		if status, _ = s.post(t, "k", `{"name":"a"}`); status != http.StatusConflict && status != http.StatusOK {
			t.Fatalf("%d", status)
		}
	}
	if n := s.executed.Load(); n != 1 {
		t.Errorf("executed %d times", n)
	}
}

func TestIdempotencyKey_Concurrent(t *testing.T) {
	s := newCounter(t, `[{"route":"*","latency":"20ms"}]`)
	answers := sync.Map{}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			status, answer := s.post(t, "k", `{"name":"a"}`)
			answers.Store(fmt.Sprint(status, " ", strings.HasPrefix(answer, "{")), true)
		})
	}
	all.Wait()
	answers.Range(func(answer, _ any) bool {
		if answer != "200 false" && answer != "409 true" {
			t.Errorf("answers %v", answer)
		}
		return true
	})
	if n := s.executed.Load(); n != 1 {
		t.Errorf("executed %d times", n)
	}
}
