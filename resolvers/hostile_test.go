//go:build !race

// The race detector allocates, too, and takes minutes for these.

package resolvers_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"tributary/gateway/engine/limits"
	"tributary/internal/testkit/graphtest"
)

// hostile are queries whose answers would have between 11 MB and 20 GB, and the limits for
// which they are refused.
var hostile = map[string]struct{ query, limit string }{
	"one user 2000 times, 490 names":            {`{users(ids:[` + idList(2000, 1) + `]){` + aliased(490, 4, "username") + `}}`, "response"},
	"the same beside a field that is loaded":    {`{users(ids:[` + idList(2000, 1) + `]){orders{id} ` + aliased(450, 4, "username") + `}}`, "response"},
	"300 users, 490 names of 128 bytes":         {`{users(ids:[` + idList(300, 300) + `]){` + aliased(490, 128, "username") + `}}`, "response"},
	"300 users, 490 names of 1000 bytes":        {`{users(ids:[` + idList(300, 300) + `]){` + aliased(490, 1000, "username") + `}}`, "alias_length"},
	"all orders 400 times":                      {`{user(id:"big"){` + aliased(400, 4, "orders{id}") + `}}`, "response"},
	"all orders of all orders":                  {`{user(id:"big"){orders{user{orders{id}}}}}`, "response"},
	"all orders and their users, 200 times":     {`{user(id:"big"){` + aliased(200, 4, "orders{id user{id}}") + `}}`, "response"},
	"items of orders of one user 1150 times":    {`{users(ids:[` + idList(1150, 1) + `]){orders{items{` + aliased(5, 128, "quantity") + `}}}}`, "response"},
	"orders of users of orders of users":        {`{users(ids:[` + idList(2000, 1) + `]){` + aliased(15, 4, "orders{user{id username}}") + `}}`, "response"},
	"what all types are called":                 {`{users(ids:[` + idList(2000, 1) + `]){` + aliased(490, 128, "__typename") + `}}`, "response"},
	"lists whose length the query tells":        {`{users(ids:[` + idList(2000, 1) + `]){` + aliased(400, 4, "orders{items{product{name}}}") + `}}`, "fields"},
	"fragments in fragments, with names":        {`{users(ids:[` + idList(2000, 1) + `]){...a}} fragment a on User{` + aliased(200, 100, "email") + ` ...b} fragment b on User{` + strings.ReplaceAll(aliased(200, 100, "email"), "a0", "b0") + `}`, "response"},
	"all orders, of which each is a new object": {`{orders(userId:"big"){` + aliased(100, 60, "user{id}") + `}}`, "response"},
}

func TestBounds_HostileQueriesAreRefused(t *testing.T) {
	h := bounded(t, limits.Config{}, graphtest.DefaultSetup())
	for name, tt := range hostile {
		t.Run(name, func(t *testing.T) {
			got := request(t, h, tt.query)
			if got.limit() != tt.limit || got.status != http.StatusUnprocessableEntity || len(got.text) > 1000 {
				t.Errorf("status %d, limit %q, want %q: %.300s", got.status, got.limit(), tt.limit, got.text)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			request(t, h, tt.query)
			runtime.ReadMemStats(&after)
			const most = 512 << 20 // nearly all of it is garbage soon
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d MB allocated", took>>20)
			if took > most {
				t.Errorf("%d bytes were allocated, want at most %d", took, most)
			}
		})
	}
}
