//go:build !race

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pipe returns a pipe of the usual size; both ends are closed with the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	return r, w
}

// filled returns the end for writing of a pipe that takes nothing more.
func filled(t *testing.T) *os.File {
	t.Helper()
	_, w := pipe(t)
	_ = w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	_, _ = w.Write(make([]byte, 1<<20))
	return w
}

func openFull(t *testing.T) *os.File {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = full.Close() })
	return full
}

// Whatever becomes of stderr and stdout: requests are answered, and the process stops in
// order.
func TestHostile_AnySinkOfTheLog(t *testing.T) {
	t.Parallel()
	const enough = 400 // for more than the 64 KiB of a pipe
	sinks := map[string]func(*served){
		"stderr unread": func(s *served) {
			_, s.stderr = pipe(s.t)
			s.start()
			s.load(enough)
		},
		"stderr full from the start": func(s *served) {
			s.stderr = filled(s.t)
			s.start()
			s.load(enough)
		},
		"reader of stderr gone": func(s *served) {
			r, w := pipe(s.t)
			s.stderr = w
			s.start()
			_ = r.Close()
			s.load(40)
			waitFor(s.t, func() bool { return s.dropped() >= 40 })
		},
		"stderr on a full disk": func(s *served) {
			s.stderr = openFull(s.t)
			s.start()
			s.load(40)
			waitFor(s.t, func() bool { return s.dropped() >= 40 })
		},
		"stderr closed before the start": func(s *served) {
			s.cmd.Args = append([]string{"sh", "-c", `exec "$@" 2>&-`, "sh", s.cmd.Path}, s.cmd.Args[1:]...)
			s.cmd.Path = "/bin/sh"
			s.start()
			s.load(40)
		},
		"reader of stdout gone": func(s *served) {
			r, w := pipe(s.t)
			_ = r.Close()
			s.stdout = w
			s.start()
			s.load(40)
		},
		"stdout full": func(s *served) {
			s.stdout = filled(s.t)
			s.start()
			s.load(40)
		},
		"reader of both gone": func(s *served) {
			r, w := pipe(s.t)
			s.stdout, s.stderr = w, w
			s.start()
			_ = r.Close()
			s.load(40)
		},
		"both unread": func(s *served) {
			_, w := pipe(s.t)
			s.stdout, s.stderr = w, w
			s.start()
			s.load(enough)
		},
	}
	for _, command := range []string{"gateway", "users", "dev"} {
		for sink, use := range sinks {
			t.Run(command+"/"+sink, func(t *testing.T) {
				t.Parallel()
				s := serving(t, command)
				use(s)
				s.stop()
			})
		}
	}
}

// A reader that has not read for so long that lines were dropped learns how many.
func TestHostile_ReaderOfTheLogComesBack(t *testing.T) {
	s := serving(t, "gateway")
	r, w := pipe(t)
	s.stderr = w
	s.start()
	_ = w.Close() // the process has its own
	const requests = 4800
	s.load(requests)
	if n := s.dropped(); n == 0 {
		t.Fatalf("no line was dropped of %d requests", requests)
	}
	var log strings.Builder
	read := make(chan error, 1)
	go func() { _, err := io.Copy(&log, r); read <- err }()
	waitFor(t, func() bool { return s.get("back") == nil })
	s.stop()
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	lines, missing, notices := 0, 0, 0
	for line := range strings.Lines(log.String()) {
		var record struct {
			Msg   string
			ID    string `json:"request_id"`
			Lines int
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case record.Msg == "log lines are missing":
			missing, notices = missing+record.Lines, notices+1
		case strings.HasPrefix(record.ID, "load-"):
			lines++
		}
	}
	if lines+missing < requests || lines+missing > requests+10 || notices != 1 { // a few lines are not of the load
		t.Errorf("of %d lines %d were read, and %d notices told of %d", requests, lines, notices, missing)
	}
	if !strings.Contains(log.String(), "gateway has stopped") {
		t.Error("the last lines are missing")
	}
}

// A failure at the start has its exit code, even if stderr is not read.
func TestHostile_ExitCodeAnySink(t *testing.T) {
	r, gone := pipe(t)
	_ = r.Close()
	for sink, w := range map[string]*os.File{"reader gone": gone, "full disk": openFull(t), "full pipe": filled(t)} {
		t.Run(sink, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), builder.Binary(t), "gateway", "--cache-ttl=soon")
			cmd.Stderr = w
			start := time.Now()
			_ = cmd.Start()
			end := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
			defer end.Stop()
			if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 2 {
				t.Errorf("ended with %v after %v", cmd.ProcessState, time.Since(start))
			}
		})
	}
}

// One request has at most 20 lines, whatever fails of it, and they count all that failed.
func TestHostile_LinesOfFailures(t *testing.T) {
	t.Parallel()
	aliases := func(n int, field string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a%d: %s ", i, field)
		}
		return b.String()
	}
	ids := func(n int, id func(int) string) string {
		list := make([]string, n)
		for i := range list {
			list[i] = strconv.Quote(id(i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	query := func(text string) string {
		body, err := json.Marshal(map[string]string{"query": text})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	one := func(int) string { return "u1" }
	each := func(i int) string { return fmt.Sprint("u", i+1) }
	for name, tt := range map[string]struct {
		body   string
		failed int
	}{
		"one user many times":  {query(`{ users(ids: ` + ids(1000, one) + `) { ` + aliases(100, "orders { id }") + `} }`), 100_000},
		"many users":           {query(`{ users(ids: ` + ids(60, each) + `) { ` + aliases(100, "orders { id }") + `} }`), 6_000},
		"many profiles":        {query(`{ ` + aliases(50, `profile(userId: "u1") { orders { id } products { id } }`) + `}`), 100},
		"different fields":     {query(`{ ` + aliases(50, `orders(userId: "u1") { id }`) + ` user(id: "u1") { orders { id } } }`), 51},
		"a list of operations": {"[" + strings.Join(slices.Repeat([]string{query(`{ ` + aliases(10, `orders(userId: "u1") { id }`) + `}`)}, 10), ",") + "]", 100},
		"ids that are none":    {query(`{ ` + aliases(50, `orders(userId: "") { id }`) + `}`), 50},
	} {
		for _, level := range []string{"info", "debug"} {
			t.Run(name+"/"+level, func(t *testing.T) {
				s := dev(t, "--upstream-retries=0", "--graphql-batching=10", "--graphql-max-fields=10000000", "--log-level="+level)
				s.call(http.MethodPut, s.orders+"/_faults", `[{"route":"*","error_rate":1}]`)
				resp := s.send(http.MethodPost, s.gateway+"/graphql", tt.body, "Content-Type", "application/json", "X-Request-Id", "failing")
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					t.Fatal(resp.StatusCode, err)
				}
				s.wantLogged(`"request_id":"failing"`, `"route":"/graphql"`)
				lines, failed, inLine := 0, 0, 0
				for line := range strings.Lines(s.logged()) {
					var record struct {
						ID            string `json:"request_id"`
						Msg           string
						Service       string
						Route         string
						Count, Errors int
					}
					if err := json.Unmarshal([]byte(line), &record); err != nil {
						t.Fatal(err)
					}
					switch {
					case record.ID != "failing" || strings.HasSuffix(record.Service, "-service"): // the line of a service
					case record.Msg == "request":
						lines, inLine = lines+1, record.Errors
					default:
						lines, failed = lines+1, failed+record.Count
					}
				}
				if lines > 20 {
					t.Errorf("%d lines", lines)
				}
				want := tt.failed
				if name == "ids that are none" && level == "info" {
					want = 0 // what clients do wrong is logged at debug
				}
				if failed != want || inLine != tt.failed {
					t.Errorf("%d failures are in the log, want %d; %d in the request's line, want %d", failed, want, inLine, tt.failed)
				}
			})
		}
	}
}
