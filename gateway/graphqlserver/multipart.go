package graphqlserver

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"tributary/gateway/cache"
	"tributary/gateway/execute"
	"tributary/gateway/internal/qvalue"
	"tributary/gateway/report"
)

// Answers in parts are multipart/mixed (RFC 2046, section 5.1) with the form of
// incremental delivery that the number names, which is what clients have agreed on.
const (
	mediaMultipart = "multipart/mixed"
	deferSpec      = "20220824"
	mediaParts     = mediaMultipart + `; boundary="-"; deferSpec=` + deferSpec
	delimiter      = "\r\n---"
	partHeader     = "\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
)

// takesParts tells whether a client has named an answer in parts as acceptable,
// and no other form of them than ours.
func takesParts(h http.Header) bool {
	if !names(h, mediaMultipart) {
		return false
	}
	for accepted := range qvalue.Ranges(h["Accept"]) {
		if accepted.Name != mediaMultipart {
			continue
		}
		spec, named := accepted.Params["deferspec"]
		other := accepted.Params["subscriptionspec"] + accepted.Params["incrementalspec"]
		if accepted.Weight > 0 && ((named && spec == deferSpec) || (!named && other == "")) {
			return true
		}
	}
	return false
}

// partsGrace is how long after the end of its time a client may take to receive the rest of
// an answer in parts. Until it has, the operation counts as running.
const partsGrace = 2 * time.Second

// parts writes an answer in parts.
type parts struct {
	w       http.ResponseWriter
	control *http.ResponseController
	closing bool  // a part about the whole answer follows those of the operation
	told    int   // number of degraded services that the client knows of
	failed  error // of a write: the client takes no more
}

// partsTo returns a writer to w. With closing, extensions about the whole answer are sent
// in a part of their own after those of the operation.
func partsTo(w http.ResponseWriter, closing bool) *parts {
	return &parts{w: w, control: http.NewResponseController(w), closing: closing}
}

// further returns how many parts of the operation may follow the first, given the maximum
// number of all parts.
func (p *parts) further(most int) int {
	if p.closing {
		most--
	}
	return most - 1
}

// begin sends the first part.
func (p *parts) begin(ctx context.Context, first *Result) {
	if end, ok := ctx.Deadline(); ok {
		_ = p.control.SetWriteDeadline(end.Add(partsGrace))
	}
	p.w.Header().Set("Content-Type", mediaParts)
	p.w.Header().Set("Cache-Control", "no-store")
	if seen := cache.SessionOf(ctx).Seen(); seen != "" {
		p.w.Header().Set(SeenHeader, seen)
	}
	p.told = len(first.Summary.Degraded)
	p.write(func(b *bytes.Buffer) {
		b.WriteString(delimiter)
		b.WriteString(partHeader)
		b.Write(bytes.TrimSuffix(encode(first), []byte("}\n")))
		b.WriteString(`,"hasNext":true}`)
		b.WriteString(delimiter)
	})
}

// next sends the parts of an operation that are ready, together. omitted and summary are
// those of all parts so far; the last part tells the number of errors omitted.
func (p *parts) next(ready []execute.Part, more bool, omitted int, summary report.Summary) {
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
				var about extensions
				if len(summary.Degraded) > p.told {
					p.told = len(summary.Degraded)
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
}

// member writes a further member of a JSON object, if it is there.
func member(b *bytes.Buffer, name string, value any, there bool) {
	if there {
		b.WriteString(`,"` + name + `":`)
		writeJSON(b, value)
	}
}

// end ends an answer that was sent. result is about the whole of it.
func (p *parts) end(result *Result) {
	p.write(func(b *bytes.Buffer) {
		if p.closing {
			b.WriteString(partHeader)
			writeJSON(b, struct {
				HasNext    bool       `json:"hasNext"`
				Extensions extensions `json:"extensions"`
			}{Extensions: extensions{Trace: result.Trace, Cost: result.Cost}})
			b.WriteString(delimiter)
		}
		b.WriteString("--\r\n")
	})
}

// write sends what fill writes, unless an earlier write has failed.
func (p *parts) write(fill func(*bytes.Buffer)) {
	if p.failed != nil {
		return
	}
	var b bytes.Buffer
	fill(&b)
	if _, p.failed = p.w.Write(b.Bytes()); p.failed == nil {
		p.failed = p.control.Flush()
	}
}
