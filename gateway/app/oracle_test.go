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
	"strings"
	"sync"
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
	created []createdBook
	clients []*oracleClient
	cut     []bool // which gateways are cut off from Redis
	stats   map[string]int
}

// oracleClient is a client with the least versions that it may be shown: those that the
// services held when its last write of each entity was answered.
type oracleClient struct {
	*reader

	least map[string]int
	added int // how many of the created books it must be shown
}

// createdBook is a book that was added.
type createdBook struct {
	id      string
	version int
}

func newOracle(t *testing.T, seed uint64) *oracle {
	t.Helper()
	o := &oracle{replicas: newReplicas(t, 2), t: t, random: rand.New(rand.NewPCG(seed, 19)), held: map[string]int{}, cut: make([]bool, 2), stats: map[string]int{}}
	for range 2 {
		o.clients = append(o.clients, &oracleClient{newReader(t), map[string]int{}, 0})
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

// writing returns a transport of mutations.
func (o *oracle) writing() string {
	if transport := o.transport(); transport != "GET" {
		return transport
	}
	return "POST"
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
		service.SetScript(faultyupstream.First(1, after(unheard, faultyupstream.CloseWithoutResponse()), execute))
	}
	answer := readerTransports[transport](c.reader, o.urls[gateway], "mutation { "+field+" }")
	service.SetScript(faultyupstream.Always(execute))
	o.held[id], c.least[id] = o.version, o.version
	if versions := versionsIn(answer); len(versions) == 1 && versions[0] != o.version {
		o.t.Errorf("the write of version %d of %s by %s is answered %s", o.version, id, transport, answer)
	}
	o.stats[fmt.Sprint("write lost ", lost)]++
}

// create adds a book, whose id was read before. The service may do so and say nothing: it
// is asked again with the same key then.
func (o *oracle) create(c *oracleClient, gateway int, transport string) {
	o.version++
	next := fmt.Sprint("b1-p", len(o.created)+1)
	for _, url := range o.urls { // so that both have what there was before
		readerTransports["POST"](c.reader, url, fmt.Sprintf(`{ book(id: %q) { title } }`, next))
	}
	execute := o.execute[testgraph.Books]
	lost := o.random.IntN(4) == 0
	if lost {
		unheard := func(e *faultyupstream.Exchange) {
			execute(&faultyupstream.Exchange{Conn: discard{}, Request: e.Request, Body: e.Body})
		}
		o.books.SetScript(faultyupstream.First(1, after(unheard, faultyupstream.CloseWithoutResponse()), execute))
	}
	answer := readerTransports[transport](c.reader, o.urls[gateway],
		fmt.Sprintf(`mutation { publishBook(input: {authorId: "a1", title: "v%d"}) { id title } }`, o.version))
	o.books.SetScript(faultyupstream.Always(execute))
	if versions := versionsIn(answer); len(versions) != 1 || versions[0] != o.version || !strings.Contains(answer, `"`+next+`"`) {
		o.t.Fatalf("the book of version %d by %s is answered %s", o.version, transport, answer)
	}
	o.created = append(o.created, createdBook{next, o.version})
	c.added = len(o.created)
	o.stats[fmt.Sprint("create lost ", lost)]++
}

// readCreated reads a book that was added. A client that knows it is shown it.
func (o *oracle) readCreated(c *oracleClient, gateway int, transport string) {
	if len(o.created) == 0 {
		return
	}
	i := o.random.IntN(len(o.created))
	answer := readerTransports[transport](c.reader, o.urls[gateway], fmt.Sprintf(`{ book(id: %q) { title } }`, o.created[i].id))
	switch versions := versionsIn(answer); {
	case len(versions) == 0 && i >= c.added: // what the service said before it was added
		o.stats["read from before"]++
	case len(versions) != 1 || versions[0] != o.created[i].version:
		o.t.Fatalf("by %s at gateway %d (cut off: %v): of %d books the client knows %d; of number %d it is shown %s",
			transport, gateway, o.cut, len(o.created), c.added, i+1, answer)
	}
	o.stats["read created"]++
}

// writeBoth gives two entities new versions, by two clients and gateways at the same time.
func (o *oracle) writeBoth() {
	var both sync.WaitGroup
	for i, c := range o.clients {
		o.version++
		version, id := o.version, []string{"a1", "b1-1"}[i]
		field := fmt.Sprintf(`updateAuthor(id: %q, input: {name: "v%d"}) { name }`, id, version)
		if i == 1 {
			field = fmt.Sprintf(`replaceBook(id: %q, title: "v%d") { title }`, id, version)
		}
		both.Go(func() {
			answer := readerTransports["POST"](c.reader, o.urls[i], "mutation { "+field+" }")
			if versions := versionsIn(answer); len(versions) != 1 || versions[0] != version {
				o.t.Errorf("the write of version %d of %s is answered %s", version, id, answer)
			}
		})
		o.held[id], c.least[id] = version, version
	}
	both.Wait()
	o.stats["write both"]++
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
	switch n := o.random.IntN(24); {
	case n < 12:
		o.read(c, gateway, pick(o.random, o.transport(), "REST"))
	case n < 18:
		o.write(c, gateway, o.writing(), pick(o.random, slices.Sorted(maps.Keys(o.held))...))
	case n == 20:
		o.create(c, gateway, o.writing())
	case n == 21, n == 22:
		o.readCreated(c, gateway, o.transport())
	case n == 23:
		o.writeBoth()
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
			for _, must := range []string{"read", "write lost true", "write lost false", "create lost false", "read created", "write both"} {
				if o.stats[must] == 0 {
					t.Errorf("%s never occurred: %v", must, o.stats)
				}
			}
		})
	}
}
