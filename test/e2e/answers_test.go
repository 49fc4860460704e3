//go:build !race

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// Bounds of a gateway that is started as compose starts it: of the memory of its container,
// and of what one request may add.
const (
	containerMB     = 256
	requestMB       = 160
	requestsAtATime = 32
	requestRoutines = 2500
	bystanderWaits  = 250 * time.Millisecond // at the 99th percentile, for what is in the cache
)

// composed are the settings of the gateway in compose that are numbers.
func composed(t *testing.T) (env []string) {
	t.Helper()
	text, err := os.ReadFile("compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services struct {
			Gateway struct {
				Environment map[string]string `yaml:"environment"`
			} `yaml:"gateway"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for name, value := range file.Services.Gateway.Environment {
		if strings.Trim(value, "0123456789MiB") == "" {
			env = append(env, name+"="+value)
		}
	}
	if !slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, "GOMEMLIMIT=") }) {
		t.Fatalf("compose bounds no memory: %v", env)
	}
	return append(env, "GOMAXPROCS=2", "BFF_LOG_LEVEL=error")
}

// memory returns a field of the status of the process, in MB. The test is skipped where the
// system has none.
func (p *program) memory(name string) int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Cmd.Process.Pid))
	if err != nil {
		p.t.Skip(err)
	}
	_, line, _ := strings.Cut(string(text), name+":")
	kilobytes, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kilobytes >> 10
}

// forgetPeak makes VmHWM start from the memory that is used now.
func (p *program) forgetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.Cmd.Process.Pid), []byte("5"), 0)
}

func names(n, length int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%0*d:%s ", length-1, i, field)
	}
	return b.String()
}

func userIDs(n, different int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"u%d"`, i%different+1)
	}
	return "[" + strings.Join(ids, ",") + "]"
}

// Whatever the limits admit, alone and 32 at a time, a gateway stays within its memory, one
// request adds a bounded part of it and of goroutines, and others are answered from the
// cache meanwhile.
func TestHostile_AnswersFitTheContainer(t *testing.T) {
	data := upstreamtest.NewData(1000, 10, 10, 500)
	data.Users["big"] = upstreamtest.User("big")
	for i := range 2000 {
		data.Orders["big"] = append(data.Orders["big"], upstreamtest.Order(fmt.Sprint("big-", i), "big", "p1", "p2"))
	}
	var fat []string
	for i := range 64 {
		id := fmt.Sprintf("fat%d", i)
		fat = append(fat, strconv.Quote(id))
		data.Users[id] = upstreamtest.User(id)
		data.Users[id].FullName = strings.Repeat("a", 1<<20)
		for k := range 2000 {
			data.Orders[id] = append(data.Orders[id], upstreamtest.Order(fmt.Sprint(id, "-", k), id, "p1", "p2", "p3"))
		}
	}
	addr := testkit.KeepAddr(t)
	p := startGatewayIn(t, composed(t), addr, append(over(upstreamtest.New(t, data)), "--cache-ttl=10m")...)
	attacks := map[string]string{ // # is a number of the request, so that no answer is that to another
		"values that are at hand":      `{n#:users(ids:` + userIDs(2000, 1) + `){` + names(490, 128, "username") + `}}`,
		"objects of objects":           `{n#:user(id:"big"){` + names(200, 4, "orders{id user{id}}") + `}}`,
		"lists of lists":               `{n#:user(id:"big"){orders{user{orders{items{product{id}}}}}}}`,
		"unknown entities":             `{n#:users(ids:` + userIDs(1000, 1000) + `){username orders{id items{quantity}}}}`,
		"answers that are just served": `{n#:user(id:"big"){` + names(200, 4, "orders{id}") + `}}`,
		"lists that are not shown":     `{n#:users(ids:[` + strings.Join(fat, " ") + `]){orders{__typename}}}`,
		"strings that are not shown":   `{n#:users(ids:[` + strings.Join(fat, " ") + `]){isActive}}`,
		"a document of many fields":    `{n#:user(id:"u1"){` + names(490, 20, "id") + `}}`,
	}
	var waits []time.Duration
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		for _, width := range []int{1, requestsAtATime} {
			t.Run(fmt.Sprintf("%s/%d", name, width), func(t *testing.T) {
				queries := make([]string, width)
				for i := range queries {
					queries[i] = strings.ReplaceAll(attacks[name], "#", fmt.Sprintf("%d_%d", width, i))
				}
				waits = append(waits, p.withstands(t, queries)...)
			})
		}
	}
	t.Run("all of them, with bodies that are not finished", func(t *testing.T) {
		for range 12 {
			unfinished(t, addr, 1<<20)
		}
		var queries []string
		for i := range requestsAtATime {
			queries = append(queries, strings.ReplaceAll(attacks[slices.Sorted(maps.Keys(attacks))[i%len(attacks)]], "#", fmt.Sprint("all_", i)))
		}
		waits = append(waits, p.withstands(t, queries)...)
	})
	slices.Sort(waits)
	if p99 := waits[len(waits)*99/100]; p99 > bystanderWaits {
		t.Errorf("a cached profile took %v (p99 of %d), want at most %v", p99, len(waits), bystanderWaits)
	}
	if ready := p.ready(); ready != http.StatusOK {
		t.Errorf("the gateway is not ready afterwards: %d", ready)
	}
}

// unfinished sends all of a long body but its end.
func unfinished(t *testing.T, addr string, length int) {
	t.Helper()
	conn := announce(t, addr, length)
	_, _ = conn.Write(bytes.Repeat([]byte(" "), length-2)) // it may be refused before
}

// withstands sends queries at once, and expects a gateway to keep to its bounds meanwhile. It
// returns how long a cached profile took.
func (p *program) withstands(t *testing.T, queries []string) (waits []time.Duration) {
	t.Helper()
	alone := len(queries) == 1
	observer := &http.Client{Transport: &http.Transport{}}
	defer observer.CloseIdleConnections()
	p.forgetPeak()
	before, goroutines := p.memory("VmRSS"), int(p.figure(observer, "go_goroutines"))
	get(t, observer, p.url+"/api/profile/u1") // is in the cache from now on
	statuses, most, waits := p.attack(t, observer, queries)
	peak := p.memory("VmHWM")
	p99 := waits[len(waits)*99/100]
	t.Logf("%v: memory from %d to %d MB, %d goroutines, a cached profile in %v (median), %v (p99) of %d", statuses, before, peak, most, waits[len(waits)/2], p99, len(waits))
	if peak > containerMB || alone && peak-before > requestMB {
		t.Errorf("memory from %d to %d MB, want at most %d, and %d more for one request", before, peak, containerMB, requestMB)
	}
	if alone && most-goroutines > requestRoutines {
		t.Errorf("%d goroutines more, want at most %d for one request", most-goroutines, requestRoutines)
	}
	for status := range statuses {
		if !slices.Contains([]int{200, 294, 422, 503}, status) {
			t.Errorf("statuses %v", statuses)
		}
	}
	return waits
}

// attack sends queries at once. It returns the statuses of their answers, the highest number
// of goroutines that was seen meanwhile, and how long a cached profile took, sorted.
func (p *program) attack(t *testing.T, observer *http.Client, queries []string) (statuses map[int]int, goroutines int, waits []time.Duration) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses = map[int]int{}
	for _, query := range queries {
		all.Go(func() {
			status := p.send(query)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); all.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		start := time.Now()
		if status, body := get(t, observer, p.url+"/api/profile/u1"); status != http.StatusOK {
			t.Errorf("a cached profile: %d %s", status, body)
		}
		waits = append(waits, time.Since(start))
		if n%8 == 0 {
			goroutines = max(goroutines, int(p.figure(observer, "go_goroutines")))
		}
		select {
		case <-done:
			slices.Sort(waits)
			return statuses, goroutines, waits
		case <-tick.C:
		}
	}
}

// send posts a query and returns the status of its answer, or 0.
func (p *program) send(query string) int {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return 0
	}
	r, err := http.NewRequest(http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}
