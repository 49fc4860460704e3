//go:build !race

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// One request adds a bounded number of goroutines, and gets a bounded number of parts,
// whether services answer or not.
func TestHostile_GoroutinesOfOneRequest(t *testing.T) {
	const goroutines, parts = 2500, 1000
	each := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	users := func(n int, selected string) string {
		return "{ users(ids: [" + each(n, `"u%d" `) + "]) {" + selected + "} }"
	}
	for name, query := range map[string]string{
		"loads of each element":      users(1000, " id orders { id user { id } } "),
		"a fragment of each element": users(1000, " ... @defer { orders { id } } "),
		"many fragments of each":     users(200, each(200, ` ...@defer(label:"%[1]d"){a%[1]d:orders{id}}`)),
		"fragments in one another":   users(100, ` ... @defer { orders { id `+each(100, ` ...@defer{a%d:user{id}}`)+` } } `),
		"lists in fragments":         `{ profile(userId: "u1") { ... @defer { orders { items { product { id } } ... @defer { user { orders { ... @defer { user { id } } } } } } } } }`,
	} {
		for _, answers := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, answered: %v", name, answers), func(t *testing.T) {
				up := upstreamtest.New(t, upstreamtest.NewData(1000, 5, 2, 20))
				up.Delay(func(upstreamtest.Call) time.Duration {
					if answers {
						return 5 * time.Millisecond
					}
					return never
				})
				p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--request-timeout=10s", "--upstream-timeout=1s")...)
				before := p.figure(http.DefaultClient, "go_goroutines")
				type reply struct {
					body []byte
					err  error
				}
				done := make(chan reply, 1)
				go func() {
					body, err := postParts(p.url, query)
					done <- reply{body, err}
				}()
				most := before
				for {
					select {
					case r := <-done:
						if r.err != nil {
							t.Fatal(r.err)
						}
						if n := bytes.Count(r.body, []byte("Content-Type: ")); n > parts {
							t.Errorf("%d parts", n)
						}
						if n := bytes.Count(r.body, []byte(`"path":`)); answers && n > parts {
							t.Errorf("%d deferred fragments", n)
						}
						if most-before > goroutines {
							t.Errorf("%v goroutines more", most-before)
						}
						t.Logf("%v goroutines more, %d bytes", most-before, len(r.body))
						return
					default:
						most = max(most, p.figure(http.DefaultClient, "go_goroutines"))
					}
				}
			})
		}
	}
}

// postParts sends a query and reads its incremental response.
func postParts(gateway, query string) ([]byte, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, gateway+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "multipart/mixed, application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
