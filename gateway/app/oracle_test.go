package app

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"tributary/gateway/internal/testgraph"
	"tributary/internal/testkit/faultyupstream"
)

// oracle writes and reads at random, and knows from a model of the services what may be read.
// All names and titles are versions, which grow.
type oracle struct {
	*replicas

	t       *testing.T
	random  *rand.Rand
	version int
	held    map[string]int // the version of each entity that the service holds, as in "a1" and "b1-1"
	clients []*oracleClient
	cut     []bool // which gateways are cut off from Redis
	stats   map[string]int
}

// oracleClient is a client with the least versions that it may be shown: those that the
// services held when its last write of each entity was answered.
type oracleClient struct {
	*reader

	least map[string]int
}

func newOracle(t *testing.T, seed uint64) *oracle {
	t.Helper()
	o := &oracle{replicas: newReplicas(t, 2), t: t, random: rand.New(rand.NewPCG(seed, 19)), held: map[string]int{}, cut: make([]bool, 2), stats: map[string]int{}}
	for range 2 {
		o.clients = append(o.clients, &oracleClient{newReader(t), map[string]int{}})
	}
	for _, id := range []string{"a1", "a2", "b1-1", "b1-2", "b1-3", "b2-1", "b2-2", "b2-3"} {
		o.write(o.clients[0], 0, "POST", id)
	}
	return o
}

// pick returns one of the values.
func pick[V any](random *rand.Rand, values ...V) V { return values[random.IntN(len(values))] }

func (o *oracle) transport() string {
	return pick(o.random, slices.Sorted(maps.Keys(readerTransports))...)
}

// write gives an entity a new version. The service may execute it and say nothing.
func (o *oracle) write(c *oracleClient, gateway int, transport, id string) {
	o.version++
	field := fmt.Sprintf(`replaceBook(id: %q, title: "v%d") { title }`, id, o.version)
	service := o.books
	if id[0] == 'a' {
		field = fmt.Sprintf(`updateAuthor(id: %q, input: {name: "v%d"}) { name }`, id, o.version)
		service = o.authors
	}
	execute := o.execute[testgraph.Books]
	if id[0] == 'a' {
		execute = o.execute[testgraph.Authors]
	}
	lost := o.random.IntN(4) == 0
	if lost {
		unheard := func(e *faultyupstream.Exchange) {
			execute(&faultyupstream.Exchange{Conn: discard{}, Request: e.Request, Body: e.Body})
		}
		service.Follow(faultyupstream.First(1, after(unheard, faultyupstream.Hangup()), execute))
	}
	answer := readerTransports[transport](c.reader, o.urls[gateway], "mutation { "+field+" }")
	service.Follow(faultyupstream.Always(execute))
	o.held[id], c.least[id] = o.version, o.version
	if versions := versionsIn(answer); len(versions) == 1 && versions[0] != o.version {
		o.t.Errorf("the write of version %d of %s by %s is answered %s", o.version, id, transport, answer)
	}
	o.stats[fmt.Sprint("write lost ", lost)]++
}

// discard is a connection that loses what is written.
type discard struct{ net.Conn }

func (discard) Write(b []byte) (int, error) { return len(b), nil }

var versionPattern = regexp.MustCompile(`"v(\d+)"`)

// versionsIn returns the versions in an answer, in order.
func versionsIn(answer string) (versions []int) {
	for _, found := range versionPattern.FindAllStringSubmatch(answer, -1) {
		n, _ := strconv.Atoi(found[1])
		versions = append(versions, n)
	}
	return versions
}

// read reads an author with books, whose versions must be neither older than those that the
// client has written nor others than the services have held.
func (o *oracle) read(c *oracleClient, gateway int, transport string) {
	author := pick(o.random, "1", "2")
	var answer string
	if transport == "REST" {
		_, answer = c.do(http.MethodGet, o.urls[gateway]+"/api/authors/a"+author, "")
	} else {
		answer = readerTransports[transport](c.reader, o.urls[gateway], fmt.Sprintf(`{ author(id: "a%s") { name books { title } } }`, author))
	}
	versions := versionsIn(answer)
	if len(versions) != 4 {
		o.t.Fatalf("by %s: %s", transport, answer)
	}
	for i, id := range []string{"a" + author, "b" + author + "-1", "b" + author + "-2", "b" + author + "-3"} {
		if got := versions[i]; got < c.least[id] || got > o.held[id] {
			o.t.Fatalf("by %s at gateway %d (cut off: %v): %s has version %d; the client wrote %d, the service holds %d",
				transport, gateway, o.cut, id, got, c.least[id], o.held[id])
		}
		if versions[i] < o.held[id] {
			o.stats["read older than held"]++
		}
	}
	o.stats["read"]++
}

// step does something at random.
func (o *oracle) step() {
	c, gateway := pick(o.random, o.clients...), o.random.IntN(len(o.urls))
	switch n := o.random.IntN(20); {
	case n < 12:
		o.read(c, gateway, pick(o.random, o.transport(), "REST"))
	case n < 18:
		transport := o.transport()
		if transport == "GET" {
			transport = "POST"
		}
		o.write(c, gateway, transport, pick(o.random, slices.Sorted(maps.Keys(o.held))...))
	case n == 18:
		o.proxies[gateway].Hold("subscribe")
	case o.cut[gateway]:
		o.proxies[gateway].Release()
		o.proxies[gateway].Restore()
		o.cut[gateway] = false
	default:
		o.proxies[gateway].Cut()
		o.cut[gateway] = true
	}
}

// Whatever clients do at two gateways that lose sight of Redis and of each other, they are
// shown nothing older than what they wrote.
func TestOracle_OwnWrites(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			o := newOracle(t, seed)
			for range 250 {
				o.step()
			}
			t.Log(o.stats)
			for _, must := range []string{"read", "write lost true", "write lost false"} {
				if o.stats[must] == 0 {
					t.Errorf("%s never occurred: %v", must, o.stats)
				}
			}
		})
	}
}
