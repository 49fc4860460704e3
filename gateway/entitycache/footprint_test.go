package entitycache

import (
	"encoding/json"
	"reflect"
	"runtime"
	"testing"
)

func TestSizeOf_MatchesHeap(t *testing.T) {
	type item struct {
		ID    string
		Count int32
	}
	type edition struct {
		ID    string
		Items []*item
		Raw   json.RawMessage
		Any   any
	}
	make1 := func(i int) []*edition {
		text := string(make([]byte, 100+i%2))
		return []*edition{{ID: text, Items: []*item{{ID: text + "a"}, {ID: text + "b"}}, Raw: make([]byte, 300), Any: text + "c"}, {}}
	}
	const n = 1000
	kept := make([][]*edition, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		kept[i] = make1(i)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	took, counted := int(after.HeapAlloc-before.HeapAlloc)/n, sizeOf(reflect.ValueOf(kept[0]))
	if counted < took*3/4 || counted > took*5/4 {
		t.Errorf("%d bytes counted, %d taken", counted, took)
	}
	if with := sizeOf(reflect.ValueOf(map[string]string{"key": "value"})); with < 40 {
		t.Errorf("%d bytes counted for a map", with)
	}
	if none := sizeOf(reflect.ValueOf(nil)); none != 0 {
		t.Errorf("%d bytes counted for nothing", none)
	}
	runtime.KeepAlive(kept)
	value := reflect.ValueOf(kept[0])
	if n := testing.AllocsPerRun(10, func() { sizeOf(value) }); n > 0 {
		t.Errorf("%v allocations to find out", n)
	}
}
