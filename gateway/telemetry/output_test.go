package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"tributary/gateway/telemetry"
	"tributary/internal/testkit"
)

// droppedBy is the number of lines that an output counts as dropped.
func droppedBy(t rapid.TB, o *telemetry.Output) int {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(o.Dropped())
	n, _ := testkit.Metric(t, reg, "log_lines_dropped_total")
	return int(n)
}

// received is what an output has written: the numbers of the lines in their order, with
// -n for a notice that n lines are missing.
type received struct {
	lines   []int
	missing int // by the notices
	torn    int // lines that are not whole
}

func parse(text string) (r received) {
	for line := range strings.Lines(text) {
		var record struct {
			Msg   string
			I     int
			Lines int
		}
		switch err := json.Unmarshal([]byte(line), &record); {
		case err != nil || !strings.HasSuffix(line, "\n"):
			r.torn++
		case record.Msg == "log lines are missing":
			r.missing += record.Lines
			r.lines = append(r.lines, -record.Lines)
		default:
			r.lines = append(r.lines, record.I)
		}
	}
	return r
}

// check checks that lines are in order, and that what was received and what is missing
// adds up to all that was logged.
func (r received) check(t rapid.TB, o *telemetry.Output, logged int) {
	t.Helper()
	last, delivered := -1, 0
	for _, i := range r.lines {
		if i < 0 {
			continue
		}
		if i <= last {
			t.Errorf("line %d after %d", i, last)
		}
		last, delivered = i, delivered+1
	}
	if dropped := droppedBy(t, o); delivered+dropped != logged || r.missing != dropped {
		t.Errorf("of %d lines %d were received, %d counted as dropped, %d reported as missing", logged, delivered, dropped, r.missing)
	}
}

const text100 = "a line of about a hundred bytes and more, with the usual attributes of its record"

func TestOutput_UnreadPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		o := telemetry.NewOutput(w)
		log := telemetry.NewLogger(o, telemetry.LogConfig{})
		logged := 0
		line := func(level slog.Level) { log.Log(t.Context(), level, text100, "i", logged); logged++ }
		for range 20_000 { // more than two MiB
			line(slog.LevelInfo)
		}
		before := droppedBy(t, o)
		firstWarning := logged
		for range 500 {
			line(slog.LevelWarn)
			line(slog.LevelError)
		}
		if now := droppedBy(t, o); before == 0 || now != before {
			t.Errorf("%d lines were dropped, %d after the warnings", before, now)
		}

		var text bytes.Buffer
		go func() { _, _ = io.Copy(&text, r) }()
		synctest.Wait()
		for range 10 {
			line(slog.LevelInfo)
		}
		o.Close()
		_ = w.Close()
		synctest.Wait()
		got := parse(text.String())
		got.check(t, o, logged)
		if size := text.Len(); size < 1<<20 || size > 1<<20+512<<10 {
			t.Errorf("%d bytes were kept", size)
		}
		if n := len(got.lines); n < 1012 || got.lines[n-1011] != -before || got.lines[n-1010] != firstWarning {
			t.Errorf("the notice does not stand where %d lines are missing: %d", before, got.lines[max(0, n-1013):])
		}
	})
}

// The notice does not wait for the next line.
func TestOutput_NoticeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		o := telemetry.NewOutput(w)
		log := telemetry.NewLogger(o, telemetry.LogConfig{})
		for i := range 20_000 {
			log.Info(text100, "i", i)
		}
		var text bytes.Buffer
		go func() { _, _ = io.Copy(&text, r) }()
		synctest.Wait()
		got := parse(text.String())
		got.check(t, o, 20_000)
		if last := got.lines[len(got.lines)-1]; last >= 0 {
			t.Errorf("the last line is line %d", last)
		}
		o.Close()
		_ = w.Close()
	})
}

func TestOutput_PromptReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		o := telemetry.NewOutput(w)
		log := telemetry.NewLogger(o, telemetry.LogConfig{})
		var text bytes.Buffer
		go func() { _, _ = io.Copy(&text, r) }()
		const logged = 40_000 // four times the queue
		for i := range logged {
			log.Info(text100, "i", i)
			if i%1000 == 0 {
				time.Sleep(time.Microsecond) // until everything is read
			}
		}
		o.Close()
		_ = w.Close()
		synctest.Wait()
		got := parse(text.String())
		got.check(t, o, logged)
		if got.missing > 0 {
			t.Errorf("%d lines are missing", got.missing)
		}
	})
}

// Each of these fails every write.
func TestOutput_FailingSinks(t *testing.T) {
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = pipeR.Close()
	defer func() { _ = pipeW.Close() }()
	closed, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	readOnly, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = readOnly.Close() }()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = full.Close() }()
	for name, w := range map[string]io.Writer{
		"reader gone": pipeW, "closed file": closed, "read-only file": readOnly, "full disk": full,
		"takes nothing": writer(func([]byte) (int, error) { return 0, nil }),
	} {
		t.Run(name, func(t *testing.T) {
			o := telemetry.NewOutput(w)
			log := telemetry.NewLogger(o, telemetry.LogConfig{Format: "text"})
			for range 1000 {
				log.Info("a line")
				log.Error("an error")
			}
			o.Close()
			if n := droppedBy(t, o); n != 2000 {
				t.Errorf("%d lines were dropped, want 2000", n)
			}
		})
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A sink that stalls, fails or takes a part of what it is given.
type fickle struct {
	mu      sync.Mutex
	random  *rand.Rand
	text    bytes.Buffer
	healthy bool
	gate    chan struct{} // closed when writes continue
}

func (f *fickle) Write(p []byte) (int, error) {
	f.mu.Lock()
	gate := f.gate
	f.mu.Unlock()
	<-gate
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(p)
	if !f.healthy {
		n = f.random.IntN(len(p) + 1)
	}
	f.text.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *fickle) set(healthy, stalled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.healthy = healthy
	select {
	case <-f.gate:
		if stalled {
			f.gate = make(chan struct{})
		}
	default:
		if !stalled {
			close(f.gate)
		}
	}
}

func TestOutput_AnySink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &fickle{random: rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))), healthy: true, gate: make(chan struct{})}
		o := telemetry.NewOutput(f)
		log := telemetry.NewLogger(o, telemetry.LogConfig{})
		logged := 0
		for range rapid.IntRange(1, 4).Draw(t, "phases") {
			stalled := rapid.Bool().Draw(t, "stalled")
			f.set(rapid.Bool().Draw(t, "healthy"), stalled)
			size, count := rapid.SampledFrom([]int{0, 100, 5000}).Draw(t, "size"), rapid.IntRange(0, 300).Draw(t, "lines")
			for range count {
				log.Log(t.Context(), slog.Level(4*(logged%3)), "line", "i", logged, "pad", strings.Repeat("x", size))
				logged++
			}
		}
		f.set(true, false)
		log.Info("the last", "i", logged)
		logged++
		o.Close()
		got := parse(f.text.String())
		if dropped := droppedBy(t, o); got.torn > dropped {
			t.Errorf("%d lines are not whole, %d dropped", got.torn, dropped)
		}
		got.check(t, o, logged)
	})
}

func TestOutput_Close(t *testing.T) {
	for name, tt := range map[string]struct {
		write time.Duration // how long a write takes
		want  time.Duration
	}{
		"prompt reader": {0, 0},
		"slow reader":   {100 * time.Millisecond, 500 * time.Millisecond},
		"no reader":     {time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				written := 0
				o := telemetry.NewOutput(writer(func(p []byte) (int, error) {
					time.Sleep(tt.write)
					written += bytes.Count(p, []byte("\n"))
					return len(p), nil
				}))
				start := time.Now()
				for i := range 4 { // one in each write
					_, _ = fmt.Fprintln(o, i, strings.Repeat("x", 4096))
				}
				_, _ = fmt.Fprintln(o, "the last")
				o.Close()
				if took := time.Since(start); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
				if tt.want < time.Second && written != 5 {
					t.Errorf("%d lines were written", written)
				}
				_, _ = fmt.Fprintln(o, "too late")
				if droppedBy(t, o) != 1 {
					t.Error("a line after the end is not counted")
				}
				time.Sleep(24 * time.Hour) // until the writer has ended
			})
		})
	}
}

// A line that was cut off when a disk was full is not continued by the next one.
func TestOutput_FullDiskFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		room := 30
		o := telemetry.NewOutput(writer(func(p []byte) (int, error) {
			n := min(len(p), room)
			text.Write(p[:n])
			room -= n
			if n < len(p) {
				return n, errors.New("no space left on device")
			}
			return n, nil
		}))
		for _, line := range []string{"first line", "second line", "the third line is cut off"} {
			_, _ = fmt.Fprintln(o, line)
			synctest.Wait()
		}
		room = 1 << 20
		_, _ = fmt.Fprintln(o, "fourth line")
		o.Close()
		got := strings.Split(text.String(), "\n")
		if len(got) != 6 || got[0] != "first line" || got[1] != "second line" || got[2] != "the thi" ||
			!strings.Contains(got[3], `"msg":"log lines are missing","lines":1`) || got[4] != "fourth line" {
			t.Errorf("got %q", got)
		}
	})
}

func TestOutput_LogPanic(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var text bytes.Buffer
		o := telemetry.NewOutput(&text)
		telemetry.NewLogger(o, telemetry.LogConfig{Format: format}).Info("before")
		func() {
			defer func() { o.LogPanic(recover()) }()
			panic("of the process\n")
		}()
		o.Close()
		got := strings.Split(strings.TrimSpace(text.String()), "\n")
		if len(got) != 2 || !strings.Contains(got[0], "before") || !strings.Contains(got[1], `of the process\n`) ||
			!strings.Contains(got[1], "output_test.go") {
			t.Errorf("%s: got %s", format, &text)
		}
	}
}
