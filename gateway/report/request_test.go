package report_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tributary/gateway/report"
)

func line(r *report.Request) string {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).LogAttrs(nil, slog.LevelInfo, "request", r.Attrs(nil)...) //nolint:staticcheck // no context is looked into
	_, rest, _ := strings.Cut(strings.TrimSpace(b.String()), `"msg":"request"`)
	return strings.TrimPrefix(strings.TrimSuffix(rest, "}"), ",")
}

// summary is what a report says once it was told.
func summary(t *testing.T, tell func(*report.Stats)) report.Summary {
	t.Helper()
	_, r := report.With(t.Context())
	tell(r)
	return r.Summary()
}

func TestRequestLine_Source(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		tell func(*report.Stats)
		want string
	}{
		"all was there": {func(r *report.Stats) { r.Used(report.Dependency{Answered: now}) }, `"operation":"Catalog","cache":"hit"`},
		"nothing was":   {func(r *report.Stats) { r.Calling("poets")(); r.Used(report.Dependency{Answered: now, Asked: true}) }, `"operation":"Catalog","cache":"miss","upstream_calls":{"poets":1}`},
		"some of it was": {func(r *report.Stats) {
			r.Used(report.Dependency{Answered: now})
			r.Calling("poets")()
			r.Calling("poets")()
			r.Calling("drafts")()
		}, `"operation":"Catalog","cache":"partial","upstream_calls":{"poets":2,"drafts":1}`},
		"some was old": {func(r *report.Stats) { r.Used(report.Dependency{Answered: now}); r.AddStale("poets", time.Minute) }, `"operation":"Catalog","cache":"stale","degraded":["poets:stale"]`},
		"some is missing": {func(r *report.Stats) {
			r.UpstreamCalled()
			r.AddMissing("poets", "timeout")
			r.AddMissing("drafts", "unavailable")
		}, `"operation":"Catalog","cache":"miss","degraded":["drafts:unavailable","poets:timeout"]`},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report.Request{}
			r.AddOperation(report.Operation{Name: "Catalog"}, summary(t, tt.tell))
			if got := line(r); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRequestLine_Batch(t *testing.T) {
	r := &report.Request{}
	r.AddOperation(report.Operation{Name: "Catalog"}, summary(t, func(r *report.Stats) { r.Calling("poets")() }))
	r.AddOperation(report.Operation{Name: "Other"}, summary(t, func(r *report.Stats) {
		r.Used(report.Dependency{Answered: time.Now()})
		r.Calling("poets")()
		r.Calling("drafts")()
		r.AddMissing("drafts", "timeout")
	}))
	if got, want := line(r), `"operations":2,"operation":"several","cache":"partial","upstream_calls":{"poets":2,"drafts":1},"degraded":["drafts:timeout"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRequestLine_NoOperation(t *testing.T) {
	var none *report.Request
	none.AddOperation(report.Operation{Name: "Catalog"}, report.Summary{})
	if got := line(none) + line(&report.Request{}); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestRequest_LineOfOperations(t *testing.T) {
	named := report.Operation{Name: "Catalog", Document: "0123456789ab"}
	failed, refused := named, report.Operation{Errors: 1, Code: "GRAPHQL_PARSE_FAILED", Document: "ba9876543210"}
	failed.Errors, failed.Code = 3, "UPSTREAM_TIMEOUT"
	for name, tt := range map[string]struct {
		ran  []report.Operation
		want string
	}{
		"complete":     {[]report.Operation{named}, `"operation":"Catalog","document":"0123456789ab","cache":"hit"`},
		"failed":       {[]report.Operation{failed}, `"operation":"Catalog","document":"0123456789ab","errors":3,"code":"UPSTREAM_TIMEOUT","cache":"hit"`},
		"without name": {[]report.Operation{{}}, `"operation":"","cache":"hit"`},
		"twice":        {[]report.Operation{named, failed}, `"operations":2,"operation":"Catalog","document":"0123456789ab","errors":3,"code":"UPSTREAM_TIMEOUT","cache":"hit"`},
		"different":    {[]report.Operation{failed, refused}, `"operations":2,"operation":"several","errors":4,"code":"UPSTREAM_TIMEOUT","cache":"hit"`},
	} {
		t.Run(name, func(t *testing.T) {
			whole := &report.Request{}
			for i, o := range tt.ran {
				r := whole
				if i > 0 {
					r = whole.Part() // is told of by the line of the whole
				}
				r.AddOperation(o, report.Summary{})
			}
			if got := line(whole); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A stream runs any number of operations, and has one line.
func TestRequest_DegradedOnce(t *testing.T) {
	r := &report.Request{}
	degraded := summary(t, func(r *report.Stats) { r.AddMissing("drafts", "timeout"); r.AddMissing("poets", "timeout") })
	for range 1000 {
		r.Part().AddOperation(report.Operation{}, degraded)
	}
	if got, want := line(r), `"operations":1000,"operation":"","cache":"hit","degraded":["drafts:timeout","poets:timeout"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := testing.AllocsPerRun(10, func() { r.AddOperation(report.Operation{}, degraded) }); n > 10 {
		t.Errorf("%v allocations for one more operation", n)
	}
}
