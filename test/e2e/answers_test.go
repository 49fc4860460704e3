//go:build !race

// The race detector takes several times the memory.

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

// memory returns a figure of the program's memory, in MB. It is skipped where the system
// does not tell.
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

// Whatever the limits admit, alone and 32 at a time, a gateway stays within its memory, and
// one request adds a bounded part of it and of goroutines.
func TestAnswers_FitTheContainer(t *testing.T) {
	data := upstreamtest.Shop(1000, 10, 10, 500)
	data.Users["big"] = upstreamtest.User("big")
	for i := range 2000 {
		data.Orders["big"] = append(data.Orders["big"], upstreamtest.Order(fmt.Sprint("big-", i), "big", "p1", "p2"))
	}
	p := startGatewayIn(t, composed(t), testkit.KeepAddr(t), over(upstreamtest.New(t, data))...)
	observer := &http.Client{Transport: &http.Transport{}}
	defer observer.CloseIdleConnections()
	attacks := map[string]string{ // # is a number of the request, so that no answer is that to another
		"values that are at hand":      `{n#:users(ids:` + userIDs(2000, 1) + `){` + names(490, 128, "username") + `}}`,
		"objects of objects":           `{n#:user(id:"big"){` + names(200, 4, "orders{id user{id}}") + `}}`,
		"lists of lists":               `{n#:user(id:"big"){orders{user{orders{items{product{id}}}}}}}`,
		"entities that nobody has":     `{n#:users(ids:` + userIDs(1000, 1000) + `){username orders{id items{quantity}}}}`,
		"answers that are just served": `{n#:user(id:"big"){` + names(200, 4, "orders{id}") + `}}`,
	}
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		for _, width := range []int{1, requestsAtATime} {
			t.Run(fmt.Sprintf("%s/%d", name, width), func(t *testing.T) {
				p.forgetPeak()
				before, goroutines := p.memory("VmRSS"), int(p.figure(observer, "go_goroutines"))
				statuses, most := p.attack(observer, attacks[name], width)
				peak := p.memory("VmHWM")
				t.Logf("%v: memory from %d to %d MB, %d goroutines", statuses, before, peak, most)
				if peak > containerMB || width == 1 && peak-before > requestMB {
					t.Errorf("memory from %d to %d MB, want at most %d, and %d more for one request", before, peak, containerMB, requestMB)
				}
				if width == 1 && most-goroutines > requestRoutines {
					t.Errorf("%d goroutines more, want at most %d for one request", most-goroutines, requestRoutines)
				}
				for status := range statuses {
					if !slices.Contains([]int{200, 294, 422, 503}, status) {
						t.Errorf("statuses %v", statuses)
					}
				}
			})
		}
	}
	if ready := p.ready(); ready != http.StatusOK {
		t.Errorf("the gateway is not ready afterwards: %d", ready)
	}
}

// attack sends a query several times at once. It returns the statuses and the highest
// number of goroutines that was seen meanwhile.
func (p *program) attack(observer *http.Client, query string, width int) (statuses map[int]int, goroutines int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses = map[int]int{}
	for i := range width {
		all.Go(func() {
			status := p.send(strings.ReplaceAll(query, "#", fmt.Sprintf("%d_%d", width, i)))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); all.Wait() }()
	for {
		goroutines = max(goroutines, int(p.figure(observer, "go_goroutines")))
		select {
		case <-done:
			return statuses, goroutines
		default:
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
