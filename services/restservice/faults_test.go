package restservice_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/services/restservice"
	"tributary/services/restservice/restservicetest"
)

// broken is a service with rules in force.
func broken(t testing.TB, o restservice.Options, rules string) *restservice.Service {
	t.Helper()
	o.Faults = true
	s := newThings(o)
	if w := serve(s, http.MethodPut, "/_faults", rules); w.Code != http.StatusOK {
		t.Fatalf("PUT /_faults: %d %s", w.Code, w.Body)
	}
	return s
}

func serve(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
	return w
}

func TestFaults_PutAndDelete(t *testing.T) {
	srv := restservicetest.Start(t, newThings(restservice.Options{Faults: true}))
	for _, step := range []struct {
		method, body string
		status       int
		want         string
	}{
		{http.MethodGet, "", 200, "[]\n"},
		{http.MethodPut, `[{"route":"GET /things/{id}","latency":"200ms","error_rate":0.5,"status":500,"hang":true,"garbage":true},{"route":"*"}]`, 200,
			`[{"route":"GET /things/{id}","latency":"200ms","error_rate":0.5,"status":500,"hang":true,"garbage":true},{"route":"*","status":503}]` + "\n"},
		{http.MethodGet, "", 200,
			`[{"route":"GET /things/{id}","latency":"200ms","error_rate":0.5,"status":500,"hang":true,"garbage":true},{"route":"*","status":503}]` + "\n"},
		{http.MethodPut, `[{"route":"POST /things","garbage":true}]`, 200, `[{"route":"POST /things","status":503,"garbage":true}]` + "\n"},
		{http.MethodDelete, "", 204, ""},
		{http.MethodGet, "", 200, "[]\n"},
	} {
		got := restservicetest.Send(t, srv, step.method, "/_faults", step.body)
		if got.StatusCode != step.status || got.Body != step.want {
			t.Errorf("%s %s answers %d with %s, want %d with %s", step.method, step.body, got.StatusCode, got.Body, step.status, step.want)
		}
	}
}

// A page of another site that reaches the service under its own name, by DNS rebinding,
// breaks nothing.
func TestFaults_HostMayNotBeRebound(t *testing.T) {
	s := newThings(restservice.Options{Faults: true})
	for host, want := range map[string]int{
		"localhost:8001": 200, "LOCALHOST": 200, "a.localhost": 200, "127.0.0.1:8001": 200, "[::1]:8001": 200,
		"192.168.0.7:8001": 200, "users:8001": 200,
		"evil.example.com": 403, "evil.example.com:8001": 403, "localhost.example.com": 403, "127.0.0.1.example.com": 403,
		"users.": 403, "localhost.": 200,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			r := httptest.NewRequest(method, "/_faults", strings.NewReader("[]"))
			r.Host = host
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if refused := w.Code == http.StatusForbidden; refused != (want == http.StatusForbidden) {
				t.Errorf("%s under %s: %d", method, host, w.Code)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/health", http.NoBody)
		r.Host = host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("health under %s: %d", host, w.Code)
		}
	}
}

func TestFaults_InvalidRule(t *testing.T) {
	srv := restservicetest.Start(t, broken(t, restservice.Options{}, `[{"route":"*"}]`))
	for rules, want := range map[string]string{
		`[{"route":"GET /users/{id}"}]`: "body[0].route: must be * or one of: GET /things/{id}, POST /things",
		`[{"route":"GET /health"}]`:     "body[0].route: must be * or one of: GET /things/{id}, POST /things",
		`[{}]`:                          "body[0]: expected required property route to be present",
		`[{"route":"*"},{"route":"*","latency":"2"}]`:                  "body[1].latency: must be a duration from 0s to 10m0s, such as 200ms",
		`[{"route":"*","latency":"-1s"}]`:                              "body[0].latency: must be a duration from 0s to 10m0s, such as 200ms",
		`[{"route":"*","latency":"11m"}]`:                              "body[0].latency: must be a duration from 0s to 10m0s, such as 200ms",
		`[{"route":"*","latency":200}]`:                                "body[0].latency: expected string",
		`[{"route":"*","error_rate":1.1}]`:                             "body[0].error_rate: expected number <= 1",
		`[{"route":"*","error_rate":-0.1}]`:                            "body[0].error_rate: expected number >= 0",
		`[{"route":"*","error_rate":"half"}]`:                          "body[0].error_rate: expected number",
		`[{"route":"*","status":200}]`:                                 "body[0].status: expected number >= 400",
		`[{"route":"*","status":600}]`:                                 "body[0].status: expected number <= 599",
		`[{"route":"*","hang":1}]`:                                     "body[0].hang: expected boolean",
		`[{"route":"*","lattency":"1s"}]`:                              "body[0].lattency: unexpected property",
		`{"route":"*"}`:                                                "body: expected array",
		`null`:                                                         "body: expected array",
		`[` + strings.Repeat(`{"route":"*"},`, 100) + `{"route":"*"}]`: "body: expected array length <= 100",
	} {
		got := restservicetest.Send(t, srv, http.MethodPut, "/_faults", rules)
		if p := got.WantProblem(t, http.StatusBadRequest, "BAD_USER_INPUT"); p.Detail != want {
			t.Errorf("%.80s is refused with %q, want %q", rules, p.Detail, want)
		}
	}
	if got := restservicetest.Send(t, srv, http.MethodGet, "/_faults", ""); got.Body != `[{"route":"*","status":503}]`+"\n" {
		t.Errorf("refused rules changed the rules to %s", got.Body)
	}
}

func TestFaults_ErrorRate(t *testing.T) {
	for _, c := range []struct{ does, rule, want string }{
		{"every second one", `{"route":"*","error_rate":0.5}`, "200 503 200 503 200 503 200 503 200 503"},
		{"three of ten, spread evenly", `{"route":"*","error_rate":0.3,"status":429}`, "200 200 200 429 200 200 429 200 200 429"},
		{"one of ten, whatever floats make of that", `{"route":"*","error_rate":0.1,"status":500}`,
			"200 200 200 200 200 200 200 200 200 500"},
		{"all", `{"route":"*","error_rate":1}`, "503 503 503 503 503 503 503 503 503 503"},
		{"none", `{"route":"*","error_rate":0}`, "200 200 200 200 200 200 200 200 200 200"},
	} {
		t.Run(c.does, func(t *testing.T) {
			s := broken(t, restservice.Options{}, "["+c.rule+"]")
			got := make([]string, 10)
			for i := range got {
				got[i] = strings.Fields(serve(s, http.MethodGet, "/things/t1", "").Result().Status)[0]
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("answers %s, want %s", strings.Join(got, " "), c.want)
			}
		})
	}
}

func TestFaults_ErrorRateConcurrent(t *testing.T) {
	s := broken(t, restservice.Options{}, `[{"route":"*","error_rate":0.25}]`)
	codes := make(chan int, 200)
	var group sync.WaitGroup
	for range cap(codes) {
		group.Go(func() { codes <- serve(s, http.MethodGet, "/things/t1", "").Code })
	}
	group.Wait()
	close(codes)
	failed := 0
	for code := range codes {
		if code == http.StatusServiceUnavailable {
			failed++
		}
	}
	if failed != 50 {
		t.Errorf("%d of 200 failed", failed)
	}
}

func TestFaults_Problem(t *testing.T) {
	srv := restservicetest.Start(t, broken(t, restservice.Options{}, `[{"route":"*","error_rate":1}]`))
	restservicetest.Send(t, srv, http.MethodGet, "/things/t1", "").WantProblem(t, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE")
}

func TestFaults_Garbage(t *testing.T) {
	srv := restservicetest.Start(t, broken(t, restservice.Options{}, `[{"route":"*","garbage":true}]`))
	got := restservicetest.Send(t, srv, http.MethodGet, "/things/t1", "")
	if got.StatusCode != http.StatusOK || json.Valid([]byte(got.Body)) || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answers %d %s with %s", got.StatusCode, got.Header.Get("Content-Type"), got.Body)
	}
}

func TestFaults_FirstMatch(t *testing.T) {
	s := broken(t, restservice.Options{}, `[
		{"route":"POST /things","error_rate":1,"status":500},
		{"route":"*","error_rate":1,"status":502},
		{"route":"GET /things/{id}","error_rate":1,"status":504}]`)
	if got := serve(s, http.MethodPost, "/things", `{"id":"t1"}`).Code; got != 500 {
		t.Errorf("POST /things answers %d", got)
	}
	if got := serve(s, http.MethodGet, "/things/t1", "").Code; got != 502 {
		t.Errorf("GET /things/t1 answers %d", got)
	}
}

func TestFaults_ProbesExempt(t *testing.T) {
	s := broken(t, restservice.Options{}, `[{"route":"*","error_rate":1}]`)
	for _, path := range []string{"/health", "/metrics", "/openapi.json", "/_faults"} {
		if got := serve(s, http.MethodGet, path, "").Code; got != http.StatusOK {
			t.Errorf("%s answers %d", path, got)
		}
	}
}

func TestFaults_Latency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := broken(t, restservice.Options{}, `[{"route":"GET /things/{id}","latency":"200ms"}]`)
		for path, want := range map[string]time.Duration{"/things/t1": 200 * time.Millisecond, "/health": 0} {
			start := time.Now()
			if w := serve(s, http.MethodGet, path, ""); w.Code != http.StatusOK {
				t.Errorf("%s answers %d", path, w.Code)
			}
			if took := time.Since(start); took != want {
				t.Errorf("%s took %s, want %s", path, took, want)
			}
		}
	})
}

func TestFaults_HangEnds(t *testing.T) {
	for _, rule := range []string{`{"route":"*","hang":true}`, `{"route":"*","latency":"10m"}`} {
		for _, cause := range []string{"the client leaves", "the service stops"} {
			t.Run(rule+" until "+cause, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stopping := make(chan struct{})
					ctx, leave := context.WithCancel(t.Context())
					defer leave()
					s := broken(t, restservice.Options{Stopping: stopping}, "["+rule+"]")
					done := make(chan struct{})
					go func() {
						defer close(done)
						s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/things/t1", http.NoBody))
					}()
					synctest.Wait()
					select {
					case <-done:
						t.Fatal("it was not held")
					default:
					}
					if cause == "the client leaves" {
						leave()
					} else {
						close(stopping)
					}
					synctest.Wait()
					select {
					case <-done:
					default:
						t.Error("it is still held")
					}
				})
			})
		}
	}
}

// A server sees its client leave only when it has read the whole request.
func TestFaults_HangClientGone(t *testing.T) {
	s := broken(t, restservice.Options{}, `[{"route":"*","hang":true}]`)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/things/t1", ""},
		{http.MethodPost, "/things", `{"id":"t1"}`},
	} {
		entered, left := make(chan struct{}), make(chan struct{})
		srv := restservicetest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			defer close(left)
			s.ServeHTTP(w, r)
		}))
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			<-entered
			leave()
		}()
		r, err := http.NewRequestWithContext(ctx, c.method, srv.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := srv.Client().Do(r); err == nil {
			resp.Body.Close()
			t.Errorf("%s %s was answered %d", c.method, c.path, resp.StatusCode)
		}
		<-left
	}
}

func FuzzFaultRules(f *testing.F) {
	for _, rules := range []string{
		`[{"route":"*","latency":"1ms","error_rate":0.5,"status":503,"hang":true,"garbage":true}]`,
		`[{"route":"GET /things/{id}"}]`, `[]`, `[null]`, `[[]]`, `{}`, `null`, ``, `[{"route":"*","error_rate":1e400}]`, "\xff",
	} {
		f.Add(rules)
	}
	s := newThings(restservice.Options{Faults: true})
	f.Fuzz(func(t *testing.T, rules string) {
		w := serve(s, http.MethodPut, "/_faults", rules)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%q is answered %d", rules, w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is answered with %s", rules, w.Body)
		}
	})
}
