package waterfall_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/gateway/tracing"
	"tributary/gateway/waterfall"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// attributes of a step under test.
type attributes = map[tracing.Key]any

// step is one that lasts from a millisecond to another.
func step(id, parent string, s tracing.Step, from, to int, a attributes) tracing.Record {
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	if a == nil {
		a = attributes{}
	}
	return tracing.Record{ID: id, Parent: parent, Step: s, Name: id, Start: at(from), End: at(to), Attributes: a}
}

// catalog is a request in two hops: poets and drafts at once, then editions.
func catalog() []tracing.Record {
	attempt := func(id, call, path string, from, to, bytes int) tracing.Record {
		return step(id, call, tracing.Attempt, from, to, attributes{
			tracing.AttemptKind: "first", tracing.Method: "GET", tracing.Path: path, tracing.Status: int64(200), tracing.Bytes: int64(bytes)})
	}
	call := func(id, parent string, from, to int) tracing.Record {
		return step(id, parent, tracing.Call, from, to, attributes{tracing.Service: id, tracing.Outcome: "ok"})
	}
	batch := step("batch editions", "execute", tracing.Batch, 20, 40,
		attributes{tracing.Keys: int64(2), tracing.KeyList: []string{"p1", "p2"}})
	batch.Links = []string{"edition"}
	return []tracing.Record{
		step("query", "", tracing.Operation, 0, 42, nil),
		step("execute", "query", tracing.Execute, 1, 42, nil),
		call("poets", "execute", 1, 10), attempt("GET poets", "poets", "/poets/u1", 1, 10, 100),
		call("drafts", "execute", 1, 20), attempt("GET drafts", "drafts", "/drafts/poet/u1", 1, 20, 1000),
		step("edition", "execute", tracing.Resolve, 20, 41, attributes{tracing.Field: "DraftItem.edition", tracing.Count: int64(2)}),
		batch,
		step("cache", "batch editions", tracing.Cache, 20, 40, attributes{tracing.FromMemory: int64(1), tracing.Missed: int64(1)}),
		call("editions", "cache", 21, 39), attempt("POST editions", "editions", "/editions/batch", 21, 39, 500),
	}
}

func TestWaterfall_CriticalPath(t *testing.T) {
	var critical []string
	for _, row := range waterfall.New(catalog(), 0).Rows {
		if row.Critical {
			critical = append(critical, row.Name)
		}
	}
	if want := []string{"query", "execute", "GET drafts", "DraftItem.edition", "batch editions", "cache",
		"POST editions"}; !slices.Equal(critical, want) {
		t.Errorf("critical: %q, want %q", critical, want)
	}
}

func TestWaterfall_Totals(t *testing.T) {
	got := waterfall.New(catalog(), 0)
	if text := fmt.Sprint(got.Totals); text != "{map[drafts:1 editions:1 poets:1] 3 1600 1 1}" {
		t.Errorf("totals %s", text)
	}
	if got.SecondRun != (waterfall.SecondRun{SavedCalls: 1, SavedBytes: 500, Saved: 18}) { // only editions are kept by a cache
		t.Errorf("second run %+v", got.SecondRun)
	}
}

func TestWaterfall_Retries(t *testing.T) {
	attempt := func(id, kind string, from, to int) tracing.Record {
		r := step(id, "call", tracing.Attempt, from, to,
			attributes{tracing.AttemptKind: kind, tracing.Method: "GET", tracing.Path: "/", tracing.Status: int64(503)})
		r.Error = "unavailable"
		return r
	}
	got := waterfall.New([]tracing.Record{
		step("query", "", tracing.Operation, 0, 30, nil),
		step("call", "query", tracing.Call, 0, 30, attributes{tracing.Service: "drafts", tracing.Outcome: "unavailable"}),
		attempt("GET", "first", 0, 10), attempt("GET again", "retry", 15, 30),
		step("refused", "query", tracing.Call, 30, 30, attributes{tracing.Service: "poets", tracing.Outcome: "circuit_open"}),
	}, 0)
	if text := fmt.Sprint(got.Totals, got.SecondRun); text != "{map[drafts:1] 2 0 0 0} {0 0 0}" {
		t.Errorf("totals and second run %s", text)
	}
	var rows []string
	for _, row := range got.Rows {
		rows = append(rows, row.Name+" "+row.Error)
	}
	if want := []string{"query ", "call unavailable", "GET unavailable", "GET again unavailable",
		"refused circuit_open"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q", rows)
	}
}

func TestWaterfall_OpenSpans(t *testing.T) {
	refresh := step("refresh", "query", tracing.Refresh, 5, 0, nil)
	refresh.End = time.Time{}
	got := waterfall.New([]tracing.Record{step("query", "", tracing.Operation, 0, 10, nil), refresh}, 0)
	if row := got.Rows[1]; !row.Open || row.Critical || row.Duration != 5 {
		t.Errorf("%+v", row)
	}
}

func TestWaterfall_Bounded(t *testing.T) {
	keys := slices.Repeat([]string{strings.Repeat("ключ", 64)}, 100)
	records := []tracing.Record{step("query", "", tracing.Operation, 0, 10, nil)}
	for i := range 2_000 {
		records = append(records, step(fmt.Sprint(i), "query", tracing.Batch, 0, 1,
			attributes{tracing.Keys: int64(100), tracing.KeyList: keys}))
	}
	got := waterfall.New(records, 7)
	text, err := json.Marshal(got)
	if err != nil || len(text) > 512<<10 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if got.Dropped != 2_001-len(got.Rows)+7 {
		t.Errorf("%d rows, %d dropped", len(got.Rows), got.Dropped)
	}
	if row := got.Rows[1]; row.KeyCount != 100 || len(row.Keys) != 10 || !strings.HasSuffix(row.Keys[0], "…") {
		t.Errorf("keys of a row: %d, %q", row.KeyCount, row.Keys)
	}
}

func TestWaterfall_Empty(t *testing.T) {
	text, err := json.Marshal(waterfall.New(nil, 0))
	if want := `{"duration_ms":0,"rows":[],"totals":{"calls":{},"attempts":0,"bytes":0,"found":0,"missed":0},"second_run":{"saved_calls":0,"saved_bytes":0,"saved_ms":0}}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWaterfall_Drawing(t *testing.T) {
	var b strings.Builder
	if err := waterfall.New(catalog(), 3).Draw(&b); err != nil {
		t.Fatal(err)
	}
	want := `42.00 ms, 3 calls (drafts 1, editions 1, poets 1), 1.6 kB; a second run would save 1 call, 500 B and about 18.00 ms

query                                        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━    42.00 ms
  execute                                    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━    41.00 ms
    GET poets                                ─────────                                    9.00 ms  /poets/u1, 200, 100 B
    GET drafts                               ━━━━━━━━━━━━━━━━━━━                         19.00 ms  /drafts/poet/u1, 200, 1.0 kB
    DraftItem.edition                                           ━━━━━━━━━━━━━━━━━━━━     21.00 ms  ×2
      batch editions                                            ━━━━━━━━━━━━━━━━━━━      20.00 ms  p1 p2
        cache                                                   ━━━━━━━━━━━━━━━━━━━      20.00 ms  1 in memory, 1 missed
          POST editions                                          ━━━━━━━━━━━━━━━━━       18.00 ms  /editions/batch, 200, 500 B
and 3 steps more
`
	if got := b.String(); got != want {
		t.Errorf("drew\n%s\nwant\n%s", got, want)
	}
}

// A write is marked, and a second run would make it again.
func TestNew_Writes(t *testing.T) {
	records := catalog()
	for i, r := range records {
		if r.Name == "editions" || r.Name == "POST editions" {
			records[i].Attributes[tracing.Write] = "true"
		}
	}
	trace := waterfall.New(records, 0)
	var marked []string
	for _, row := range trace.Rows {
		if row.Attempt != nil && row.Attempt.Write {
			marked = append(marked, row.Name)
		}
	}
	var drawn strings.Builder
	if err := trace.Draw(&drawn); err != nil || strings.Count(drawn.String(), "write, /editions/batch") != 1 {
		t.Errorf("drawn (%v):\n%s", err, drawn.String())
	}
	if !slices.Equal(marked, []string{"POST editions"}) || trace.SecondRun.SavedCalls != 0 {
		t.Errorf("marked %q, a second run saves %d calls", marked, trace.SecondRun.SavedCalls)
	}
}
