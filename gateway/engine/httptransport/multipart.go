package httptransport

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/execute"
	"tributary/gateway/report"
)

// Responses in parts are multipart/mixed (RFC 2046, section 5.1), with the boundary "-".
const (
	mediaParts = mediaMultipart + `; boundary="-"; deferSpec=` + deferSpec
	delimiter  = "\r\n---"
	partHeader = "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
)

// partsGrace is how long after the end of its time a client may take to receive the rest of
// an answer in parts. Until it has, the operation counts as running.
const partsGrace = 2 * time.Second

// multipartWriter writes a response in parts.
type multipartWriter struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	closing  bool  // a part about the whole response follows those of the operation
	degraded int   // number of degraded services that the client knows of
	failed   error // of a write: the client takes no more
}

// newMultipartWriter returns a writer to w. With closing, extensions about the whole response
// are sent in a part of their own after those of the operation.
func newMultipartWriter(w http.ResponseWriter, closing bool) *multipartWriter {
	return &multipartWriter{w: w, control: http.NewResponseController(w), closing: closing}
}

// incremental returns the receiver of the parts.
func (p *multipartWriter) incremental() *engine.Incremental {
	parts := &engine.Incremental{First: p.first, Next: p.next}
	if p.closing {
		parts.Reserved = 1
	}
	return parts
}

// first sends the first part.
func (p *multipartWriter) first(ctx context.Context, first *engine.Result) error {
	if end, ok := ctx.Deadline(); ok {
		_ = p.control.SetWriteDeadline(end.Add(partsGrace))
	}
	p.w.Header().Set("Content-Type", mediaParts)
	p.w.Header().Set("Cache-Control", "no-store")
	if seen := entitycache.SessionOf(ctx).Seen(); seen != "" {
		p.w.Header().Set(SeenHeader, seen)
	}
	p.degraded = len(first.Summary.Degraded)
	p.write(func(b *bytes.Buffer) {
		b.WriteString(delimiter)
		b.WriteString(partHeader)
		b.Write(bytes.TrimSuffix(first.Response().Bytes(), []byte("}\n")))
		b.WriteString(`,"hasNext":true}`)
		b.WriteString(delimiter)
	})
	return p.failed
}

// next sends the parts of an operation that are ready, together. omitted and summary are
// those of all parts so far; the last part tells the number of errors omitted.
func (p *multipartWriter) next(ready []execute.Part, more bool, omitted int, summary report.Summary) error {
	p.write(func(b *bytes.Buffer) {
		b.WriteString(partHeader + `{"incremental":[`)
		for i, r := range ready {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`{"data":`)
			b.Write(r.Data)
			member(b, "path", r.Path, true)
			member(b, "label", r.Label, r.Label != "")
			member(b, "errors", r.Errors, len(r.Errors) > 0)
			if i == len(ready)-1 {
				var about engine.Extensions
				if len(summary.Degraded) > p.degraded {
					p.degraded = len(summary.Degraded)
					about.Degraded = summary.Degraded
				}
				if !more {
					about.Omitted = omitted
				}
				member(b, "extensions", about, about.Degraded != nil || about.Omitted > 0)
			}
			b.WriteByte('}')
		}
		b.WriteByte(']')
		member(b, "hasNext", more || p.closing, true)
		b.WriteString("}" + delimiter)
	})
	return p.failed
}

// member writes a further member of a JSON object, if it is there.
func member(b *bytes.Buffer, name string, value any, there bool) {
	if there {
		b.WriteString(`,"` + name + `":`)
		engine.WriteJSON(b, value)
	}
}

// end ends an answer that was sent. result is about the whole of it.
func (p *multipartWriter) end(result *engine.Result) {
	p.write(func(b *bytes.Buffer) {
		if p.closing {
			b.WriteString(partHeader)
			engine.WriteJSON(b, struct {
				HasNext    bool              `json:"hasNext"`
				Extensions engine.Extensions `json:"extensions"`
			}{Extensions: engine.Extensions{Trace: result.Trace, Cost: result.Cost}})
			b.WriteString(delimiter)
		}
		b.WriteString("--\r\n")
	})
}

// write sends what fill writes, unless an earlier write has failed.
func (p *multipartWriter) write(fill func(*bytes.Buffer)) {
	if p.failed != nil {
		return
	}
	var b bytes.Buffer
	fill(&b)
	if _, p.failed = p.w.Write(b.Bytes()); p.failed == nil {
		p.failed = p.control.Flush()
	}
}
