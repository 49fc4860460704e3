package heap_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"tributary/gateway/heap"
)

// setLimit sets GOMEMLIMIT for the test; 0 is none.
func setLimit(t *testing.T, limit int64) {
	t.Helper()
	if limit == 0 {
		limit = math.MaxInt64
	}
	before := debug.SetMemoryLimit(limit)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
}

func TestLimit_IsThatOfTheNarrowestControlGroup(t *testing.T) {
	const mib = 1 << 20
	type files = map[string]string
	for name, c := range map[string]struct {
		gomemlimit int64
		files      files
		want       int64
		by         string
	}{
		"GOMEMLIMIT": {300 * mib, files{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1048576\n"},
			300 * mib, "GOMEMLIMIT"},
		"a container": {0, files{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "268435456\n"},
			256 * mib, "memory.max"},
		"a service of systemd": {0, files{"proc/self/cgroup": "0::/system.slice/bff.service\n",
			"sys/fs/cgroup/system.slice/bff.service/memory.max": "268435456\n"}, 256 * mib, "memory.max"},
		"the group above": {0, files{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
			"sys/fs/cgroup/a/memory.max": "268435456\n"}, 256 * mib, "memory.max"},
		"the lower of two": {0, files{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "536870912\n",
			"sys/fs/cgroup/a/memory.max": "268435456\n"}, 256 * mib, "memory.max"},
		"no limit":     {0, files{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, heap.Unlimited, ""},
		"no such file": {0, files{"proc/self/cgroup": "0::/a\n"}, heap.Unlimited, ""},
		"version 1, beside": {0, files{"proc/self/cgroup": "4:memory:/a\n0::/b\n",
			"sys/fs/cgroup/b/memory.max": "268435456\n", "sys/fs/cgroup/a/memory.max": "1\n"}, 256 * mib, "memory.max"},
		"a path out of the mount": {0, files{"proc/self/cgroup": "0::/../../a\n", "sys/fs/cgroup/memory.max": "268435456\n"},
			256 * mib, "memory.max"},
		"garbage": {0, files{"proc/self/cgroup": "\x00\n0:\n0::/\n", "sys/fs/cgroup/memory.max": "much\n"},
			heap.Unlimited, ""},
		"no control groups": {0, nil, heap.Unlimited, ""},
	} {
		t.Run(name, func(t *testing.T) {
			setLimit(t, c.gomemlimit)
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got, by := heap.Limit(root); got != c.want || !strings.HasPrefix(by, c.by) || (by == "") != (c.by == "") {
				t.Errorf("got %d by %q, want %d by %q", got, by, c.want, c.by)
			}
		})
	}
}

func TestCheck_WarnsOnceAndNamesTheRemedy(t *testing.T) {
	const mib = 1 << 20
	container := fstest.MapFS{
		"proc/self/cgroup":         &fstest.MapFile{Data: []byte("0::/\n")},
		"sys/fs/cgroup/memory.max": &fstest.MapFile{Data: []byte("268435456\n")},
	}
	small, large := heap.InMiB("SMALL_MB", 10, 1), heap.InMiB("LARGE_MB", 150, 2)
	fits := heap.Budget{Settings: "REST", Bytes: 256*mib - heap.Sum(nil) - small.Bytes}
	for name, c := range map[string]struct {
		gomemlimit int64
		root       fstest.MapFS
		budgets    []heap.Budget
		want       []string // parts of the warning; nil: there is none
	}{
		"GOMEMLIMIT is exceeded": {256 * mib, nil, []heap.Budget{small, large},
			[]string{"SMALL_MB: 10 MiB, LARGE_MB: 300 MiB", `"permitted":"342 MiB"`, `"limit":"256 MiB"`,
				`"limit_by":"GOMEMLIMIT"`, "raise GOMEMLIMIT", "342 MiB or more"}},
		"the container is exceeded": {0, container, []heap.Budget{small, large},
			[]string{"LARGE_MB: 300 MiB", `"limit":"256 MiB"`, "memory.max", "set GOMEMLIMIT"}},
		"a budget has no limit": {256 * mib, nil, []heap.Budget{small, {Settings: "MAX_THINGS", Bytes: heap.Unlimited}},
			[]string{"MAX_THINGS: no limit", `"permitted":"no limit"`, "limit the settings that have no limit"}},
		"a budget is beyond numbers": {256 * mib, nil,
			[]heap.Budget{heap.InMiB("HUGE_MB", math.MaxInt, 2), heap.InMiB("HUGE_TOO", math.MaxInt>>20, 2),
				heap.Each("MANY", math.MaxInt>>9, 1024)},
			[]string{"HUGE_MB: no limit, HUGE_TOO: no limit, MANY: no limit"}},
		"things have no limit": {256 * mib, nil, []heap.Budget{small, heap.Each("MAX_THINGS", 0, 1024)},
			[]string{"SMALL_MB: 10 MiB, MAX_THINGS: no limit"}},
		"things have a limit": {256 * mib, nil, []heap.Budget{heap.Each("MAX_THINGS", 1<<20, 1024)},
			[]string{"MAX_THINGS: 1024 MiB"}},
		"the sum is the limit":       {256 * mib, nil, []heap.Budget{small, fits}, nil},
		"a byte more than the limit": {256*mib - 1, nil, []heap.Budget{small, fits}, []string{`"permitted":"256 MiB"`}},
		"there is no limit":          {0, fstest.MapFS{}, []heap.Budget{small, large}, nil},
		"nor any of the settings":    {0, fstest.MapFS{}, []heap.Budget{{Settings: "MAX_THINGS", Bytes: heap.Unlimited}}, nil},
		"the container is enough":    {0, container, []heap.Budget{small}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			setLimit(t, c.gomemlimit)
			var log bytes.Buffer
			heap.Check(slog.New(slog.NewJSONHandler(&log, nil)), c.root, c.budgets...)
			if lines := strings.Count(log.String(), "\n"); (c.want != nil) != (lines == 1) || lines > 1 {
				t.Errorf("%d lines: %s", lines, log.String())
			}
			if c.want != nil && !json.Valid(log.Bytes()) {
				t.Errorf("no JSON: %s", log.String())
			}
			for _, part := range c.want {
				if !strings.Contains(log.String(), part) {
					t.Errorf("no %s in %s", part, log.String())
				}
			}
		})
	}
}
