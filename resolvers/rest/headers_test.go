package rest_test

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tributary/gateway/engine"
	"tributary/internal/testkit"
	"tributary/internal/testkit/graphtest"
	"tributary/internal/testkit/upstreamtest"
)

func TestHeaders_ColdThenCached(t *testing.T) {
	g, up := usual(t)
	first := g.get("/api/profile/u1")
	if d := first.document(t); d.Metadata.Cached || d.Metadata.AgeSeconds > 20 {
		t.Errorf("metadata: %+v", d.Metadata)
	}
	first.expectHeader(t, "Cache-Control", `private, max-age=(29|30)`)
	first.expectHeader(t, "Age", `\d`)
	first.expectHeader(t, "Cache-Status", `tributary; fwd=miss; stored`)
	first.expectHeader(t, "ETag", `W/"[\w-]+"`)
	first.expectHeader(t, "X-Content-Type-Options", "nosniff")
	for _, service := range []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products} {
		if timing := first.header.Get("Server-Timing"); !regexp.MustCompile(`(^|, )` + service + `;dur=\d+\.\d;desc="1 calls"`).MatchString(timing) {
			t.Errorf("Server-Timing: %s, want one call to %s", timing, service)
		}
	}

	up.Reset()
	second := g.get("/api/profile/u1")
	if d := second.document(t); !d.Metadata.Cached || d.Metadata.AggregatedAt != first.document(t).Metadata.AggregatedAt {
		t.Errorf("metadata: %+v, of an answer that was put together at %s", d.Metadata, first.document(t).Metadata.AggregatedAt)
	}
	second.expectHeader(t, "Cache-Control", `private, max-age=\d+`)
	second.expectHeader(t, "Cache-Status", `tributary; hit; ttl=\d+`)
	second.expectHeader(t, "Server-Timing", `total;dur=\d+\.\d`)
	if len(up.Calls()) > 0 {
		t.Errorf("calls: %s", up.Summary())
	}
}

func TestHeaders_SharedWithGraphQL(t *testing.T) {
	g, up := usual(t)
	g.graph.Execute(context.Background(), engine.Request{Query: `{ user(id: "u1") { orders { items { product { id } } } } }`})
	g.graph.Execute(context.Background(), engine.Request{Query: `{ user(id: "u1") { id } }`})
	up.Reset()
	if d := g.get("/api/profile/u1").document(t); !d.Metadata.Cached || len(up.Calls()) > 0 {
		t.Errorf("cached: %v, calls: %s", d.Metadata.Cached, up.Summary())
	}
}

// One part that is asked for makes the answer one that is not cached; its age
// is still that of the oldest part.
func TestAge_OldestPart(t *testing.T) {
	g, up := usual(t)
	g.graph.Execute(context.Background(), engine.Request{Query: `{ user(id: "u1") { id } }`})
	var got reply
	var d document
	up.Set(func(data *upstreamtest.Data) {
		data.Users["u2"] = upstreamtest.User("u2")
	})
	waitFor(t, func() bool {
		got = g.get("/api/profile/u1")
		d = got.document(t)
		return d.Metadata.AgeSeconds >= 1
	})
	age, err := strconv.Atoi(got.header.Get("Age"))
	if err != nil || age != int(d.Metadata.AgeSeconds) {
		t.Errorf("Age: %s, age_seconds: %v", got.header.Get("Age"), d.Metadata.AgeSeconds)
	}
	left, err := strconv.Atoi(strings.TrimPrefix(got.header.Get("Cache-Control"), "private, max-age="))
	if err != nil || left+age > 30 || left+age < 29 {
		t.Errorf("Cache-Control: %s at an age of %d", got.header.Get("Cache-Control"), age)
	}
	got.expectHeader(t, "Cache-Status", `tributary; hit; ttl=`+strconv.Itoa(left))
}

func TestETag_DataAndDegraded(t *testing.T) {
	g, _ := usual(t)
	first := g.get("/api/profile/u1")
	if again := g.get("/api/profile/u1"); again.header.Get("ETag") != first.header.Get("ETag") || again.text == first.text {
		t.Errorf("ETag %s, then %s for\n%s\n%s", first.header.Get("ETag"), again.header.Get("ETag"), first.text, again.text)
	}

	tags := map[string]string{first.header.Get("ETag"): "first"}
	for name, change := range map[string]func(*upstreamtest.Upstreams){
		"another name": func(up *upstreamtest.Upstreams) {
			up.Set(func(d *upstreamtest.Data) { d.Users["u1"].FullName = "Anna" })
		},
		"another price": func(up *upstreamtest.Upstreams) {
			up.Set(func(d *upstreamtest.Data) { d.Products["p1"].Price = "0.1" })
		},
		"an order less":     func(up *upstreamtest.Upstreams) { up.Set(func(d *upstreamtest.Data) { d.Orders = nil }) },
		"no products":       func(up *upstreamtest.Upstreams) { up.Set(func(d *upstreamtest.Data) { d.Products = nil }) },
		"products are down": func(up *upstreamtest.Upstreams) { up.Stop(upstreamtest.Products) },
	} {
		up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 2, 2))
		change(up)
		tag := serve(t, up, graphtest.DefaultSetup()).get("/api/profile/u1").header.Get("ETag")
		if other, same := tags[tag]; same {
			t.Errorf("%s: the same ETag as %s", name, other)
		}
		tags[tag] = name
	}
}

func TestETag_NotModified(t *testing.T) {
	g, _ := usual(t)
	tag := g.get("/api/profile/u1").header.Get("ETag")
	for name, tt := range map[string]struct {
		ifNoneMatch []string
		status      int
	}{
		"the tag":                 {[]string{tag}, 304},
		"the tag as a strong one": {[]string{strings.TrimPrefix(tag, "W/")}, 304},
		"one of a list":           {[]string{`"a", ` + tag + `, W/"b"`}, 304},
		"one of two headers":      {[]string{`"a"`, tag}, 304},
		"any":                     {[]string{"*"}, 304},
		"another":                 {[]string{`W/"another"`}, 200},
		"without quotes":          {[]string{strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)}, 200},
		"nothing":                 {[]string{""}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			for _, v := range tt.ifNoneMatch {
				header = append(header, "If-None-Match", v)
			}
			got := g.get("/api/profile/u1", header...)
			if got.status != tt.status || (got.text == "") != (tt.status == 304) {
				t.Errorf("status %d, want %d: %s", got.status, tt.status, got.text)
			}
			got.expectHeader(t, "ETag", regexp.QuoteMeta(tag))
			got.expectHeader(t, "Cache-Control", `private, max-age=\d+`)
			got.expectHeader(t, "Age", `\d+`)
		})
	}
}

func TestStale_IsMarked(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 2, 2))
	g := serve(t, up, everyEntryOld())
	fresh := g.get("/api/profile/u1")
	if d := fresh.document(t); len(d.Metadata.Degraded) > 0 {
		t.Fatalf("degraded: %+v", d.Metadata.Degraded)
	}
	stopAll(up, upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products)
	got := g.get("/api/profile/u1")
	d := got.document(t)
	if d.User["id"] != "u1" || len(d.Orders) != 1 || len(d.Products) != 2 || d.Metadata.Cached {
		t.Errorf("got %s", got.text)
	}
	named := map[string]bool{}
	for _, p := range d.Metadata.Degraded {
		named[p.Service+" "+p.Reason] = true
		if p.Age == nil || *p.Age < 0 || *p.Age > d.Metadata.AgeSeconds+.002 {
			t.Errorf("%s: age %v in an answer of %v", p.Service, p.Age, d.Metadata.AgeSeconds)
		}
	}
	if len(named) != 3 || !named["users stale"] || !named["orders stale"] || !named["products stale"] {
		t.Errorf("degraded: %+v", d.Metadata.Degraded)
	}
	got.expectHeader(t, "Cache-Control", "no-store")
	got.expectHeader(t, "Cache-Status", `tributary; fwd=stale; ttl=(0|-\d+); detail=stale-if-error`)
	if got.header.Get("ETag") == fresh.header.Get("ETag") {
		t.Error("what is too old has the ETag of what is not")
	}
	if again := g.get("/api/profile/u1"); again.header.Get("ETag") != got.header.Get("ETag") {
		t.Error("the ETag changes with the age")
	}
}

// Services that are given up are not asked, and so the answer came from what was there.
func TestStale_CircuitOpen(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 2, 2))
	with := everyEntryOld()
	with.Calls.BreakerRate, with.Calls.BreakerCalls, with.Calls.BreakerWindow, with.Calls.BreakerDelay = .5, 1, time.Minute, time.Hour
	g := serve(t, up, with)
	g.get("/api/profile/u1")
	var calls atomic.Int64
	for _, s := range []string{upstreamtest.Users, upstreamtest.Orders, upstreamtest.Products} {
		up.Replace(s, func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		})
	}
	for range 4 { // half of the calls to each must have failed
		g.get("/api/profile/u1")
	}
	before := calls.Load()
	got := g.get("/api/profile/u1")
	if d := got.document(t); !d.Metadata.Cached || len(d.Metadata.Degraded) != 3 || calls.Load() != before {
		t.Errorf("%d calls more, %s", calls.Load()-before, got.text)
	}
	got.expectHeader(t, "Cache-Status", `tributary; hit; ttl=(0|-\d+); detail=stale-if-error`)
	got.expectHeader(t, "Cache-Control", "no-store")
}

func TestHeaders_RequestID(t *testing.T) {
	g, _ := usual(t)
	g.get("/api/profile/u1", "X-Request-Id", "mine-1").expectHeader(t, "X-Request-Id", "mine-1")
	g.get("/api/profile/u1", "X-Request-Id", "not\tsane").expectHeader(t, "X-Request-Id", `\w{20,}`)
	g.get("/api/profile/nobody", "X-Request-Id", "mine-2").problem(t, http.StatusNotFound, "NOT_FOUND")
}

func TestMethods_HEAD(t *testing.T) {
	g, _ := usual(t)
	head := g.do(http.MethodHead, "/api/profile/u1")
	if head.status != http.StatusOK || head.text != "" || head.header.Get("ETag") != g.get("/api/profile/u1").header.Get("ETag") {
		t.Errorf("HEAD: status %d, %v, %q", head.status, head.header, head.text)
	}
	post := g.do(http.MethodPost, "/api/profile/u1")
	post.problem(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	post.expectHeader(t, "Allow", "GET, HEAD")
}

func TestMetrics_AggregationDuration(t *testing.T) {
	g, _ := usual(t)
	g.get("/api/profile/u1")
	g.get("/api/profile/nobody")
	if n, _ := testkit.Metric(t, g.metrics, "aggregation_duration_seconds"); n != 2 {
		t.Errorf("%v profiles were timed, want 2", n)
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	testkit.WaitFor(t, "the condition", what)
}
