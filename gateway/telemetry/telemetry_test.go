package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"tributary/gateway/telemetry"
)

func TestWhatTheContextCarriesIsInEveryRecordOfIt(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "info", Format: "json"}).With("service", "users")
	outer := telemetry.WithLogAttrs(t.Context(), slog.String("request_id", "me"))
	inner := telemetry.WithLogAttrs(outer, slog.String("operation", "Profile"))
	log.InfoContext(inner, "one")
	log.InfoContext(outer, "two")
	log.DebugContext(outer, "three")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("want two lines, got %s", &b)
	}
	for _, part := range []string{`"service":"users"`, `"request_id":"me"`, `"operation":"Profile"`} {
		if !strings.Contains(lines[0], part) {
			t.Errorf("no %s in %s", part, lines[0])
		}
	}
	if strings.Contains(lines[1], "operation") {
		t.Errorf("an attribute of an inner context got out: %s", lines[1])
	}
}

func TestARegistryTellsTheVersion(t *testing.T) {
	families, err := telemetry.NewRegistry("v1.2.3").Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "tributary_build_info" && f.GetMetric()[0].GetLabel()[0].GetValue() == "v1.2.3" {
			return
		}
	}
	t.Error("no tributary_build_info")
}

func ExampleNewLogger() {
	var b strings.Builder
	log := telemetry.NewLogger(&b, telemetry.LogConfig{Level: "warn", Format: "text"})
	ctx := telemetry.WithLogAttrs(context.Background(), slog.String("request_id", "abc"))
	log.InfoContext(ctx, "not told")
	log.WarnContext(ctx, "told", "n", 1)

	_, withoutTime, _ := strings.Cut(b.String(), " ")
	fmt.Print(withoutTime)
	// Output: level=WARN msg=told n=1 request_id=abc
}
