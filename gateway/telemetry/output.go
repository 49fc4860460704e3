package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits of an [Output], in bytes.
const (
	queueBytes   = 1 << 20   // lines that wait to be written
	reserveBytes = 256 << 10 // further lines, if they are warnings or errors
	writeBytes   = 4096      // in one write, unless a line is longer: pipes do not mix writes up to this size with those of other processes
)

// flushTime is how long [Output.Close] waits for the reader.
const flushTime = time.Second

// Output is an asynchronous writer to the stderr of a process, or to another output that may be
// read slowly, not be read at all, or be closed. Lines are queued, and a goroutine writes them in
// order, so that Write never blocks. Lines that do not fit into the queue, or cannot be written,
// are dropped and counted; once lines can be written again, one of them has the number of missing
// lines. It is safe for concurrent use.
type Output struct {
	w       io.Writer
	dropped prometheus.Counter
	wake    chan struct{} // of the writer; holds one token at most
	ended   chan struct{} // closed when the writer has ended

	mu      sync.Mutex
	queue   []byte // the lines that the writer has not taken yet
	queued  int64  // bytes of all lines that were ever queued
	written int64  // bytes of those that were written, or dropped because they could not be
	gap     gap
	format  func(io.Writer) slog.Handler // of what the output itself says
	closed  bool

	crowded atomic.Bool // the queue fills, but nothing is missing yet
}

// gap is a number of missing lines that have not been reported yet.
type gap struct {
	lines int
	at    int64     // as in Output.queued: where the first of them is missing
	since time.Time // when it was dropped
}

func (g *gap) add(lines int, at int64, since time.Time) {
	if g.lines == 0 || since.Before(g.since) {
		g.at, g.since = at, since
	}
	g.lines += lines
}

// NewOutput returns an output that writes to w, until it is closed.
func NewOutput(w io.Writer) *Output {
	o := &Output{
		w: w,
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "log_lines_dropped_total",
			Help: "Lines of the log that were dropped because the output was not read fast enough, was closed, or failed.",
		}),
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
		format: func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	}
	go (&outputWriter{Output: o}).run()
	return o
}

// Dropped is the metric of the lines that were dropped.
func (o *Output) Dropped() prometheus.Counter { return o.dropped }

// Write queues whole lines. They may use the reserve for warnings and errors. It always
// succeeds.
func (o *Output) Write(lines []byte) (int, error) {
	o.add(lines, queueBytes+reserveBytes)
	return len(lines), nil
}

// ordinary is an [Output] for lines that are neither warnings nor errors.
type ordinary struct{ *Output }

// Write implements [io.Writer].
func (o ordinary) Write(lines []byte) (int, error) {
	o.add(lines, queueBytes)
	return len(lines), nil
}

func (o *Output) add(lines []byte, limit int64) {
	o.mu.Lock()
	if o.closed || o.queued-o.written+int64(len(lines)) > limit {
		o.drop(lines, o.queued)
	} else {
		o.queue = append(o.queue, lines...)
		o.queued += int64(len(lines))
	}
	o.crowded.Store(o.queued-o.written > queueBytes/2 && o.gap.lines == 0)
	o.mu.Unlock()
	o.signal()
}

// yield lets other goroutines run if more than half of the queue is in use. It must be called
// after a line was logged, without locks. On busy processors the writing goroutine is scheduled
// too late otherwise, and lines are dropped although the reader keeps up: with 64 busy goroutines
// on 2 cores and 10,000 lines a second, 10 to 35 % were. Once lines are missing, because the
// reader reads nothing, it does nothing.
func (o *Output) yield() {
	if o != nil && o.crowded.Load() {
		runtime.Gosched()
	}
}

// drop counts lines as missing at a position. The caller holds the lock.
func (o *Output) drop(lines []byte, at int64) {
	n := bytes.Count(lines, []byte("\n"))
	if !bytes.HasSuffix(lines, []byte("\n")) {
		n++
	}
	o.dropped.Add(float64(n))
	o.gap.add(n, at, time.Now())
}

func (o *Output) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Close waits until everything queued has been written, for a second at most. What is
// logged later is dropped. Close does not close the writer below.
func (o *Output) Close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.signal()
	limit := time.NewTimer(flushTime)
	defer limit.Stop()
	select {
	case <-o.ended:
	case <-limit.C:
	}
}

// LogPanic logs the value of a panic that ends the process, with its stack. It must be
// called in the deferred function that recovers from it.
func (o *Output) LogPanic(v any) {
	o.mu.Lock()
	line := o.line(slog.LevelError, "panic: the process ends", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	o.mu.Unlock()
	_, _ = o.Write(line)
}

// setFormat sets the format of what the output itself says.
func (o *Output) setFormat(format func(io.Writer) slog.Handler) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.format = format
}

// line formats a record of the output itself. The caller holds the lock.
func (o *Output) line(level slog.Level, message string, attrs ...slog.Attr) []byte {
	var b bytes.Buffer
	record := slog.NewRecord(time.Now(), level, message, 0)
	record.AddAttrs(attrs...)
	_ = o.format(&b).Handle(context.Background(), record) // a buffer takes everything
	return b.Bytes()
}
