package telemetry

import (
	"bytes"
	"log/slog"
)

// outputWriter is the goroutine of an [Output] that writes. Its fields belong to that
// goroutine.
type outputWriter struct {
	*Output

	buffer  []byte // of rest
	rest    []byte // lines taken from the queue and not yet written
	text    []byte // of the write under way, if it has more than lines of rest
	failing bool   // the last write failed
	torn    bool   // what was written ends within a line
}

// piece is what one write writes.
type piece struct {
	text   []byte
	lines  int // where in text the lines begin
	notice gap // the gap that the text before the lines reports
}

func (w *outputWriter) run() {
	defer close(w.ended)
	for {
		p, ok := w.next()
		if !ok {
			return
		}
		n, err := w.w.Write(p.text)
		w.wrote(p, n, err)
	}
}

// next waits for something to write. It is not ok when the output was closed and nothing
// is left.
func (w *outputWriter) next() (p piece, ok bool) {
	for {
		w.mu.Lock()
		if len(w.rest) == 0 {
			w.take()
		}
		due := w.gap.lines > 0 && w.gap.at <= w.written
		if len(w.rest) > 0 || due && !w.failing { // a failing output is tried again with the next line
			p = w.piece(due)
			w.mu.Unlock()
			return p, true
		}
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return p, false
		}
		<-w.wake
	}
}

// take takes all lines from the queue, and gives it the memory of those written before. Both
// keep what they have allocated: about 3 MiB, if the queue has ever been full.
func (w *outputWriter) take() {
	w.queue, w.buffer = w.buffer[:0], w.queue
	w.rest = w.buffer
}

// piece returns the next lines, up to the next gap, with what has to stand before them.
func (w *outputWriter) piece(due bool) piece {
	lines := w.rest
	if !due && w.gap.lines > 0 {
		lines = lines[:min(int64(len(lines)), w.gap.at-w.written)]
	}
	lines = wholeLines(lines)
	if !due && !w.torn {
		return piece{text: lines}
	}
	p := piece{}
	w.text = w.text[:0]
	if w.torn {
		w.text = append(w.text, '\n')
	}
	if due {
		p.notice, w.gap = w.gap, gap{}
		w.text = append(w.text, w.line(slog.LevelWarn, "log lines are missing", slog.Int("lines", p.notice.lines),
			slog.Time("since", p.notice.since))...)
	}
	p.lines = len(w.text)
	w.text = append(w.text, lines...)
	p.text = w.text
	return p
}

// wrote records the result of a write.
func (w *outputWriter) wrote(p piece, n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := p.text[p.lines:]
	w.rest = w.rest[len(lines):]
	w.written += int64(len(lines))
	w.failing = err != nil || n < len(p.text)
	if n > 0 {
		w.torn = w.failing && p.text[n-1] != '\n'
	}
	if !w.failing {
		return
	}
	if n < len(p.text) && p.text[n] == '\n' && w.torn {
		n++ // the next write begins with it
	}
	if p.notice.lines > 0 && n < p.lines {
		w.gap.add(p.notice.lines, w.written, p.notice.since)
	}
	if left := lines[max(0, n-p.lines):]; len(left) > 0 {
		w.drop(left, w.written)
	}
}

// wholeLines returns the whole lines within the first writeBytes of text, or the first
// line if that is longer.
func wholeLines(text []byte) []byte {
	if len(text) <= writeBytes {
		return text
	}
	end := bytes.LastIndexByte(text[:writeBytes], '\n')
	if end < 0 {
		end = bytes.IndexByte(text, '\n')
	}
	if end < 0 {
		return text
	}
	return text[:end+1]
}
