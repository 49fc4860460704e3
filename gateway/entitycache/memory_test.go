package entitycache_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/entitycache"
)

func newMemory(t testing.TB, maxBytes uint64) *entitycache.Memory {
	t.Helper()
	m, err := entitycache.NewMemory(maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func memoryEntry(age, usable time.Duration, body string) *entitycache.Entry {
	return &entitycache.Entry{Record: *record(age, usable, body)}
}

func TestMemory_DropsWhatHasNoTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, 1<<20)
		for name, e := range map[string]*entitycache.Entry{
			"author:over":  memoryEntry(time.Minute, time.Minute, "{}"),
			"author:never": memoryEntry(0, 0, "{}"),
			"author:soon":  memoryEntry(time.Minute, time.Minute+time.Second, "{}"),
		} {
			m.Set(name, e)
		}
		if m.Get("author:over") != nil || m.Get("author:never") != nil {
			t.Error("it has what is over")
		}
		if e := m.Get("author:soon"); e == nil || e.Age(time.Now()) != time.Minute {
			t.Errorf("got %+v, want what is a minute old", e)
		}
		time.Sleep(time.Second)
		if m.Get("author:soon") != nil {
			t.Error("it has what is over by now")
		}
	})
}

func TestMemory_KeepsWhatWasFetchedLater(t *testing.T) {
	m := newMemory(t, 1<<20)
	m.Set("author:1", memoryEntry(0, time.Minute, "new"))
	m.Set("author:1", memoryEntry(time.Second, time.Minute, "old"))
	if e := m.Get("author:1"); string(e.Body) != "new" {
		t.Errorf("got the %s one", e.Body)
	}
}

func TestMemory_IsBoundedInBytes(t *testing.T) {
	const limit = 1 << 20
	m := newMemory(t, limit)
	body := string(make([]byte, 10<<10))
	const entries = 1000
	for i := range entries {
		m.Set(fmt.Sprint("book:", i), memoryEntry(0, time.Minute, body))
	}
	found := func() (n int) {
		for i := range entries {
			if m.Get(fmt.Sprint("book:", i)) != nil {
				n++
			}
		}
		return n
	}
	eventually(t, "it holds no more than it may", func() bool { return found()*len(body) <= limit })
	if found() == 0 {
		t.Error("it holds nothing")
	}
}
