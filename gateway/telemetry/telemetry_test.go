package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/report"
	"tributary/gateway/telemetry"
)

// of is a context that belongs to a request.
func of(ctx context.Context, id, trace string) context.Context {
	return report.WithRequest(ctx, &report.Request{ID: id, Trace: trace})
}

func lines(b *bytes.Buffer) []string {
	return strings.Split(strings.TrimSpace(b.String()), "\n")
}

func TestLog_RequestID(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "info", Format: "json"}).With("service", "poets")
	log.InfoContext(of(t.Context(), "me", "abc"), "one")
	log.InfoContext(of(t.Context(), "you", ""), "two")
	log.InfoContext(t.Context(), "three")
	log.DebugContext(t.Context(), "four")
	got := lines(&b)
	if len(got) != 3 {
		t.Fatalf("want three lines, got %s", &b)
	}
	for i, want := range []string{
		`"msg":"one","service":"poets","request_id":"me","trace_id":"abc"}`,
		`"msg":"two","service":"poets","request_id":"you"}`,
		`"msg":"three","service":"poets"}`,
	} {
		if !strings.HasSuffix(got[i], want) {
			t.Errorf("%s does not end with %s", got[i], want)
		}
	}
}

func TestLog_ControlCharacters(t *testing.T) {
	const nasty = "a\n{\"msg\":\"forged\"}\r\x1b[31m\u2028\u2029\u009b31m\x7f\u202eИван"
	for _, format := range []string{"json", "text"} {
		var b bytes.Buffer
		log := telemetry.NewLogger(&b, telemetry.LogConfig{Format: format})
		log.InfoContext(of(t.Context(), nasty, nasty), "once", "value", nasty, "list", []string{nasty}, slog.Group("g", "inner", nasty))
		telemetry.NewStdLogger(log).Print(nasty)
		got := lines(&b)
		if len(got) != 2 {
			t.Errorf("%s: %q", format, got)
		}
		for _, line := range got {
			if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%s: %q from %q on", format, line, line[i:])
			}
		}
		var line struct{ Value string }
		if err := json.Unmarshal([]byte(got[0]), &line); format == "json" && (err != nil || line.Value != nasty) {
			t.Errorf("%v: %q says %q", err, got[0], line.Value)
		}
		if !strings.Contains(got[0], "Иван") {
			t.Errorf("%s: harmless letters are escaped in %s", format, got[0])
		}
	}
}

func TestLog_LevelChanges(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "warn"})
	part := log.With("part", "cache").WithGroup("g")
	part.Info("not told")
	if err := telemetry.SetLevel(log, slog.LevelDebug); err != nil {
		t.Fatal(err)
	}
	part.Debug("told")
	if telemetry.Level(part) != slog.LevelDebug || strings.Contains(b.String(), "not told") || !strings.Contains(b.String(), `"told"`) {
		t.Errorf("level %v: %s", telemetry.Level(part), &b)
	}
	if telemetry.SetLevel(slog.New(slog.DiscardHandler), slog.LevelInfo) == nil {
		t.Error("the level of another's log was changed")
	}
}

func TestLog_Sampling(t *testing.T) {
	const message = telemetry.RequestMessage
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log := telemetry.NewLogger(&b, telemetry.LogConfig{Requests: 2})
		for range 5 {
			log.Info(message, "status", 200)
			log.Warn(message, "status", 500)
		}
		log.Info("something else")
		time.Sleep(time.Second)
		log.Info(message, "status", 200)
		text := b.String()
		if good, bad := strings.Count(text, `"status":200`), strings.Count(text, `"status":500`); good != 3 || bad != 5 ||
			!strings.Contains(text, "something else") {
			t.Errorf("%d that ended well, %d that failed: %s", good, bad, text)
		}
		if !strings.Contains(text, `"status":200,"skipped":3`) {
			t.Errorf("it is not told how many were skipped: %s", text)
		}
	})
}

func TestLogger_LinesOfARequest(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "debug"}).With("part", "cache")
	one, two := of(t.Context(), "one", ""), of(t.Context(), "two", "")
	for i := range 100 {
		log.Log(one, slog.Level(4*(i%4)-4), "of one")
		log.InfoContext(report.WithRequest(one, report.RequestFrom(one).Part()), "of a part")
	}
	log.InfoContext(two, "of two")
	for range 30 {
		log.Info("of none")
	}
	for _, ctx := range []context.Context{one, two} {
		log.LogAttrs(ctx, slog.LevelInfo, "request", report.RequestFrom(ctx).Attrs(nil)...)
	}
	for text, want := range map[string]int{
		`"msg":"of one"`: 19, `"msg":"of a part"`: 100, `"msg":"of two"`: 1, `"msg":"of none"`: 30,
		`"msg":"request","part":"cache","lines_suppressed":81,"request_id":"one"`: 1,
		`"msg":"request","part":"cache","request_id":"two"`:                       1,
	} {
		if got := strings.Count(b.String(), text); got != want {
			t.Errorf("%d lines %s, want %d", got, text, want)
		}
	}
}

func TestForLibraries_LinesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		library := telemetry.NewStdLogger(telemetry.NewLogger(&b, telemetry.LogConfig{}))
		for i := range 100 {
			library.Print("complaint ", i)
		}
		time.Sleep(time.Second)
		library.Print("the last")
		got := lines(&b)
		if len(got) != 6 || !strings.HasSuffix(got[4], `"text":"complaint 4"}`) ||
			!strings.HasSuffix(got[5], `"text":"the last","skipped":95}`) {
			t.Errorf("got %s", &b)
		}
	})
}

func TestRegistry_BuildInfo(t *testing.T) {
	families, err := telemetry.NewRegistry("v1.2.3").Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "tributary_build_info" {
			labels := fmt.Sprint(f.GetMetric()[0].GetLabel())
			for _, want := range []string{"v1.2.3", runtime.Version(), "revision"} {
				if !strings.Contains(labels, want) {
					t.Errorf("no %s in %s", want, labels)
				}
			}
			return
		}
	}
	t.Error("no tributary_build_info")
}

func TestSeriesCache_CreatesOnce(t *testing.T) {
	made := 0
	m := telemetry.NewSeriesCache(func(k string) *string { made++; return &k })
	a, b := m.Get("a"), m.Get("b")
	if m.Get("a") != a || m.Get("b") != b || *a != "a" || made != 2 {
		t.Errorf("made %d", made)
	}
	if n := testing.AllocsPerRun(100, func() { m.Get("a") }); n != 0 {
		t.Errorf("%v allocations to find it again", n)
	}
}

func TestHistogram_NativeAndClassic(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(telemetry.Durations("d", "D."))
	reg.MustRegister(h)
	telemetry.Observe(t.Context(), h, 3*time.Millisecond)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := families[0].GetMetric()[0].GetHistogram()
	if len(got.GetBucket()) == 0 || len(got.GetPositiveSpan()) == 0 || got.GetSampleSum() != .003 {
		t.Errorf("got %v", got)
	}
}

func ExampleNewLogger() {
	var b strings.Builder
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "warn", Format: "text"})
	ctx := report.WithRequest(context.Background(), &report.Request{ID: "abc"})
	log.InfoContext(ctx, "not told")
	log.WarnContext(ctx, "told", "n", 1)

	_, withoutTime, _ := strings.Cut(b.String(), " ")
	fmt.Print(withoutTime)
	// Output: WRN told n=1 request_id=abc
}
