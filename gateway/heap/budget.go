package heap

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// Budget is the memory in bytes that settings permit to something, such as a cache.
type Budget struct {
	Settings string // their names, for a message
	Bytes    int64
}

// Each returns a budget of n times bytes; n of 0 means no limit.
func Each(settings string, n int, bytes int64) Budget {
	if n == 0 || int64(n) > Unlimited/bytes {
		return Budget{settings, Unlimited}
	}
	return Budget{settings, int64(n) * bytes}
}

// InMiB returns a budget that is a setting in MiB, times factor.
func InMiB(setting string, mebibytes, factor int) Budget {
	if mebibytes > Unlimited/factor>>20 {
		return Budget{setting, Unlimited}
	}
	return Budget{setting, int64(mebibytes) * int64(factor) << 20}
}

// Unlimited is the Bytes of a budget without a limit.
const Unlimited = math.MaxInt64

// base is the memory of the program itself, with garbage that waits to be collected, as
// [StartPacing] has it.
const base = MinGarbage

// Sum returns the bytes of all budgets and of the program itself, or [Unlimited].
func Sum(budgets []Budget) int64 {
	sum := int64(base)
	for _, b := range budgets {
		if b.Bytes > Unlimited-sum {
			return Unlimited
		}
		sum += b.Bytes
	}
	return sum
}

// Limit returns the memory limit of the process in bytes and what has set it: GOMEMLIMIT,
// or else the control group (cgroup v2) that the process is in. It returns [Unlimited]
// and "" if there is none. root is the root of the file system.
func Limit(root fs.FS) (bytes int64, by string) {
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		return limit, "GOMEMLIMIT"
	}
	if limit := groupLimit(root); limit < Unlimited {
		return limit, "memory.max of the control group"
	}
	return Unlimited, ""
}

// groupLimit returns the least memory.max of the process's control group and of those
// above it. In a container, the file system usually has that of the container alone.
func groupLimit(root fs.FS) int64 {
	limit := int64(Unlimited)
	groups, _ := fs.ReadFile(root, "proc/self/cgroup") // absent where there are no control groups
	for line := range strings.Lines(string(groups)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !ok {
			continue
		}
		for dir := path.Clean("/" + group); ; dir = path.Dir(dir) {
			text, _ := fs.ReadFile(root, path.Join("sys/fs/cgroup", dir, "memory.max"))
			if most, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil { // "max" is no limit
				limit = min(limit, most)
			}
			if dir == "/" {
				break
			}
		}
	}
	return limit
}

// Check logs a warning if the budgets exceed the memory limit of the process: then it may
// be killed, or spend its time collecting garbage, although each budget is kept.
func Check(log *slog.Logger, root fs.FS, budgets ...Budget) {
	limit, by := Limit(root)
	sum := Sum(budgets)
	if sum <= limit {
		return
	}
	parts := make([]string, 0, len(budgets))
	for _, b := range budgets {
		parts = append(parts, b.Settings+": "+mebibytes(b.Bytes))
	}
	remedy := "lower the settings, or raise GOMEMLIMIT and the memory of the machine or container to " + mebibytes(sum) + " or more"
	switch {
	case sum == Unlimited:
		remedy = "limit the settings that have no limit"
	case by != "GOMEMLIMIT":
		remedy = "lower the settings, or raise the memory of the container above " + mebibytes(sum) +
			"; and set GOMEMLIMIT to nine tenths of it"
	}
	log.Warn("the settings permit more memory than the process has", "permitted", mebibytes(sum), "limit", mebibytes(limit), "limit_by", by,
		"settings", strings.Join(parts, ", "), "remedy", remedy)
}

func mebibytes(bytes int64) string {
	if bytes == Unlimited {
		return "no limit"
	}
	return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20)
}
