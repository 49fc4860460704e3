package app

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/gateway/entitycache/redistest"
	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
)

const writesPage = "../../docs/writes.md"

var updateWrites = flag.Bool("update-writes", false, "write the table of "+writesPage)

// writeFault is a way in which a write can fail. What a service does depends on whether it
// executes the write, as execute does, and on the number of the attempt.
type writeFault struct {
	name   string
	behave func(execute func(*faultyupstream.Exchange), n int) faultyupstream.Behaviour
	slow   bool
	open   bool // the circuit
	refuse bool // connections
}

// after executes the write and then behaves in another way.
func after(execute func(*faultyupstream.Exchange), then faultyupstream.Behaviour) faultyupstream.Behaviour {
	return func(e *faultyupstream.Exchange) bool {
		execute(e)
		return then(e)
	}
}

func writeFaults() []writeFault {
	always := func(b faultyupstream.Behaviour) func(func(*faultyupstream.Exchange), int) faultyupstream.Behaviour {
		return func(func(*faultyupstream.Exchange), int) faultyupstream.Behaviour { return b }
	}
	executed := func(b faultyupstream.Behaviour) func(func(*faultyupstream.Exchange), int) faultyupstream.Behaviour {
		return func(execute func(*faultyupstream.Exchange), _ int) faultyupstream.Behaviour { return after(execute, b) }
	}
	problem := func(status int) faultyupstream.Behaviour {
		return faultyupstream.Answer(status, `{"title":"No"}`, "Content-Type: application/problem+json")
	}
	return []writeFault{
		{name: "executes it and answers", behave: func(func(*faultyupstream.Exchange), int) faultyupstream.Behaviour { return nil }},
		{name: "cannot be reached", refuse: true},
		{name: "is not called: its circuit is open", open: true},
		{name: "executes it, and closes the connection once", behave: func(execute func(*faultyupstream.Exchange), n int) faultyupstream.Behaviour {
			if n > 0 {
				return nil
			}
			return after(execute, faultyupstream.CloseWithoutResponse())
		}},
		{name: "executes it, and always closes the connection", behave: executed(faultyupstream.CloseWithoutResponse())},
		{name: "resets the connection before it executes it, once", behave: func(_ func(*faultyupstream.Exchange), n int) faultyupstream.Behaviour {
			if n > 0 {
				return nil
			}
			return faultyupstream.Reset()
		}},
		{name: "always resets the connection before it executes it", behave: always(faultyupstream.Reset())},
		{name: "executes it, and breaks off within the headers", behave: executed(faultyupstream.Raw("HTTP/1.1 200 O"))},
		{name: "executes it, and breaks off within the body", behave: executed(faultyupstream.Truncated(`{"id":`))},
		{name: "executes it, and hangs", behave: executed(faultyupstream.Stall("")), slow: true},
		{name: "executes it, and answers what is no JSON", behave: executed(faultyupstream.HTML())},
		{name: "answers 500", behave: always(problem(500))},
		{name: "answers 503 once", behave: func(_ func(*faultyupstream.Exchange), n int) faultyupstream.Behaviour {
			if n > 0 {
				return nil
			}
			return problem(503)
		}},
		{name: "closes the connection once, and then answers 422", behave: func(_ func(*faultyupstream.Exchange), n int) faultyupstream.Behaviour {
			if n > 0 {
				return problem(422)
			}
			return faultyupstream.CloseWithoutResponse()
		}},
		{name: "answers 408", behave: always(problem(408))},
		{name: "answers 429", behave: always(problem(429))},
		{name: "answers 400, 404, 409, 412 or 422", behave: always(problem(422))},
		{name: "answers 401 or 403", behave: always(problem(403))},
	}
}

// writeKinds are those that differ in when they may be sent again.
var writeKinds = []struct{ name, query string }{
	{"`POST`, `PATCH`", `mutation { write: withdrawBook(id: "b1-1") { id } }`},
	{"with `Idempotency-Key`", `mutation { write: publishBook(input: {authorId: "a1", title: "T"}) { id } }`},
	{"`PUT`, `DELETE`", `mutation { write: replaceBook(id: "b1-1", title: "T") { id } }`},
}

// TestWriteFaults_AsThePageSays injects each fault on a real socket, and counts how often
// the service gets and executes the write.
func TestWriteFaults_AsThePageSays(t *testing.T) {
	faults := writeFaults()
	cells := make([][]string, len(faults))
	t.Run("faults", func(t *testing.T) {
		for i, f := range faults {
			cells[i] = make([]string, len(writeKinds))
			for j, kind := range writeKinds {
				t.Run(f.name+" "+kind.name, func(t *testing.T) {
					t.Parallel()
					cells[i][j] = f.write(t, kind.query)
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	var table strings.Builder
	table.WriteString("| the service …")
	for _, kind := range writeKinds {
		table.WriteString(" | " + kind.name)
	}
	table.WriteString(" |\n|" + strings.Repeat(" --- |", 1+len(writeKinds)) + "\n")
	for i, f := range faults {
		table.WriteString("| " + f.name + " | " + strings.Join(cells[i], " | ") + " |\n")
	}
	expectWrites(t, table.String())
}

func expectWrites(t *testing.T, table string) {
	t.Helper()
	const from, to = "<!-- table: written by go test ./gateway/app -run WriteFaults -update-writes -->\n", "<!-- end of table -->\n"
	page, err := os.ReadFile(writesPage)
	if err != nil {
		t.Fatal(err)
	}
	above, rest, ok := strings.Cut(string(page), from)
	have, below, ok2 := strings.Cut(rest, to)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has no place for the table", writesPage)
	case *updateWrites:
		if err := os.WriteFile(writesPage, []byte(above+from+table+to+below), 0o600); err != nil {
			t.Fatal(err)
		}
	case have != table:
		t.Errorf("%s differs from what happens:\n%s", writesPage, table)
	}
}

// write makes a write under a fault, and returns what its client sees and what the service
// got. Unless the write was surely not executed, what is cached must be purged.
func (f writeFault) write(t *testing.T, query string) string {
	t.Helper()
	w := newWritable(t, func(cfg *gatewayConfig) {
		if f.slow {
			cfg.Upstream.Timeout = 500 * time.Millisecond
		}
		cfg.Upstream.BreakerRate = 0
		if f.open {
			cfg.Upstream.BreakerRate, cfg.Upstream.BreakerCalls, cfg.Upstream.BreakerDelay = .5, 1, time.Hour
		}
	})
	if f.refuse { // at once: the end of a kept connection may not be known yet when it is used
		w.books.Refuse()
	}
	const cached = `{ book(id: "b1-1") { title } author(id: "a1") { name } }`
	send(w, cached)
	var mu sync.Mutex
	executions, keys := 0, map[string]bool{}
	execute := func(e *faultyupstream.Exchange) {
		mu.Lock()
		defer mu.Unlock()
		if key := e.Request.Header.Get("Idempotency-Key"); key == "" || !keys[key] {
			executions++
			keys[key] = true
		}
	}
	if f.open {
		w.books.SetScript(faultyupstream.Always(faultyupstream.Answer(500, ``)))
		send(w, `{ book(id: "b9-9") { title } }`)
	}
	w.books.SetScript(func(n int) faultyupstream.Behaviour {
		if f.behave != nil {
			if b := f.behave(execute, n); b != nil {
				return b
			}
		}
		return after(execute, w.execute[testgraph.Books])
	})
	s := read(t, send(w, query))
	sent := len(w.books.Requests())
	if f.refuse {
		w.books.Accept(t)
	}
	w.fresh()
	mu.Lock()
	defer mu.Unlock()
	seen, outcome := "answered", ""
	if len(s.Errors) > 0 {
		outcome = s.Errors[0].Extensions.Outcome
		seen = "`" + s.Errors[0].Extensions.Code + "`, `" + outcome + "`"
	}
	if executions > 1 && !strings.Contains(query, "replaceBook") || seen == "answered" && executions == 0 || outcome == "not_executed" && executions > 0 {
		t.Errorf("executed %d times: %s", executions, seen)
	}
	send(w, cached)
	if purged := len(w.asked()) > 0; purged != (outcome != "not_executed") && !f.open && !f.refuse {
		t.Errorf("purged: %t", purged)
	}
	return fmt.Sprintf("%s; sent %d×, executed %d×", seen, sent, executions)
}

// What a write has changed is seen by every transport, and by conditional requests.
func TestMutation_SeenAtOnce(t *testing.T) {
	w := newWritable(t, nil)
	const target = `/graphql?query=%7B+author(id:+%22a1%22)+%7B+name+books+%7B+title+%7D+%7D+%7D`
	conditional := func(tag string) (status int, text, etag string) {
		answer := ask(w, "GET", target, "")
		if tag != "" && answer.Header().Get("Etag") == tag {
			return 304, "", tag
		}
		return answer.Code, answer.Body.String(), answer.Header().Get("Etag")
	}
	_, before, tag := conditional("")
	if status, _, _ := conditional(tag); status != 304 {
		t.Fatalf("unchanged: %d", status)
	}
	rest := ask(w, "GET", "/api/authors/a1", "").Body.String()
	for _, name := range []string{"One", "Two"} {
		send(w, fmt.Sprintf(`mutation { updateAuthor(id: "a1", input: {name: %q}) { id } withdrawBook(id: "b1-3") { id } }`, name))
		status, text, changed := conditional(tag)
		if status != 200 || text == before || changed == tag || !strings.Contains(text, name) || !strings.Contains(text, "withdrawn") {
			t.Errorf("%s: %d %s", name, status, text)
		}
		tag = changed
		if got := ask(w, "GET", "/api/authors/a1", "").Body.String(); got == rest || !strings.Contains(got, name) || !strings.Contains(got, "withdrawn") {
			t.Errorf("%s by REST: %s", name, got)
		}
	}
}

// A read that was under way when the write was made does not bring the old value back.
func TestMutation_ReadUnderWay(t *testing.T) {
	w := newWritable(t, nil)
	arrived, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.books.SetScript(func(int) faultyupstream.Behaviour {
		return func(e *faultyupstream.Exchange) bool {
			first := false
			if e.Request.URL.Path == "/books/batch" {
				once.Do(func() { first = true })
			}
			if first {
				close(arrived)
				<-proceed
				return faultyupstream.JSON(`[{"id":"b1-1","title":"Old","price":1,"author_id":"a1"}]`)(e)
			}
			return w.execute[testgraph.Books](e)
		}
	})
	const query = `{ book(id: "b1-1") { title } }`
	done := make(chan string)
	go func() { done <- send(w, query).Body.String() }()
	<-arrived
	if got := send(w, `mutation { replaceBook(id: "b1-1", title: "New") { title author { books { title } } } }`).Body.String(); strings.Contains(got, "Old") || strings.Contains(got, "Book 1") {
		t.Errorf("below the write: %s", got)
	}
	if got := send(w, query).Body.String(); !strings.Contains(got, "New") {
		t.Errorf("after the write: %s", got)
	}
	close(proceed)
	<-done
	if got := send(w, query).Body.String(); !strings.Contains(got, "New") {
		t.Errorf("after the read that was under way: %s", got)
	}
}

func TestMutation_SeenByOtherGateways(t *testing.T) {
	server := redistest.Start(t)
	shared := func(cfg *gatewayConfig) { cfg.Cache.RedisURL = "redis://" + server.Addr }
	w := newWritable(t, shared)
	other := w.gateway(shared)
	const query = `{ book(id: "b1-1") { title } author(id: "a1") { name } }`
	send(w, query)
	testkit.WaitFor(t, "the other gateway has it by Redis", func() bool {
		w.fresh()
		send(other, query)
		return len(w.asked()) == 0
	})
	send(w, `mutation { replaceBook(id: "b1-1", title: "New") { id } updateAuthor(id: "a1", input: {name: "N"}) { id } }`)
	if got := send(w, query).Body.String(); !strings.Contains(got, "New") || !strings.Contains(got, `"N"`) {
		t.Errorf("here: %s", got)
	}
	testkit.WaitFor(t, "the other gateway shows the write", func() bool {
		got := send(other, query).Body.String()
		return strings.Contains(got, "New") && strings.Contains(got, `"N"`)
	})
	// What was lost is purged everywhere too.
	w.books.SetScript(faultyupstream.First(1, faultyupstream.CloseWithoutResponse(), w.execute[testgraph.Books]))
	send(other, `mutation { withdrawBook(id: "b1-1") { id } }`)
	w.fresh()
	testkit.WaitFor(t, "the first gateway asks again", func() bool {
		send(w, query)
		return len(w.asked()) > 0
	})
}

// Without Redis, which is configured but gone, writes work and are seen here.
func TestMutation_WithoutRedis(t *testing.T) {
	gone := redistest.Absent(t)
	w := newWritable(t, func(cfg *gatewayConfig) { cfg.Cache.RedisURL = "redis://" + gone.Addr })
	const query = `{ book(id: "b1-1") { title } }`
	send(w, query)
	if got := send(w, `mutation { replaceBook(id: "b1-1", title: "New") { title } }`).Body.String(); !strings.Contains(got, "New") {
		t.Errorf("the write: %s", got)
	}
	if got := send(w, query).Body.String(); !strings.Contains(got, "New") {
		t.Errorf("after the write: %s", got)
	}
}
