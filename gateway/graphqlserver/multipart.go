package graphqlserver

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
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
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || media != mediaMultipart {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		refused := params["q"] != "" && (err != nil || q <= 0)
		spec, named := params["deferspec"]
		other := params["subscriptionspec"] + params["incrementalspec"]
		if !refused && ((named && spec == deferSpec) || (!named && other == "")) {
			return true
		}
	}
	return false
}

// parts writes an answer in parts.
type parts struct {
	w     http.ResponseWriter
	flush func() error
	told  int  // how many degraded services the client knows of
	more  bool // the last of the operation is not the last of all
}

// partsTo is an answer in parts to w. Where something is to be told of the whole
// answer, more is true: a part of that follows the last of the operation.
func partsTo(w http.ResponseWriter, more bool) *parts {
	return &parts{w: w, flush: http.NewResponseController(w).Flush, more: more}
}

// send answers with the first part at once, and with the others as they come.
func (p *parts) send(first *Result, rest <-chan later) {
	p.w.Header().Set("Content-Type", mediaParts)
	p.w.Header().Set("Cache-Control", "no-store")
	p.write(func(b *bytes.Buffer) {
		b.WriteString(delimiter)
		p.told = len(first.Summary.Degraded)
		b.WriteString(partHeader)
		b.Write(bytes.TrimSuffix(encode(first), []byte("}\n")))
		b.WriteString(`,"hasNext":true}`)
		b.WriteString(delimiter)
	})
	for part := range rest {
		together := append([]later{part}, waiting(rest)...)
		p.write(func(b *bytes.Buffer) { p.incremental(b, together) })
	}
}

// end ends an answer that was sent, with what is told of the whole of it.
func (p *parts) end(result *Result) {
	p.write(func(b *bytes.Buffer) {
		if p.more {
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

// waiting are those parts that are there already.
func waiting(rest <-chan later) (all []later) {
	for {
		select {
		case part, ok := <-rest:
			if !ok {
				return all
			}
			all = append(all, part)
		default:
			return all
		}
	}
}

// write sends what fill writes. A client that has gone is none of its business:
// the request's context has ended.
func (p *parts) write(fill func(*bytes.Buffer)) {
	var b bytes.Buffer
	fill(&b)
	_, _ = p.w.Write(b.Bytes())
	_ = p.flush()
}

func (p *parts) incremental(b *bytes.Buffer, together []later) {
	type part struct {
		Data       raw           `json:"data"`
		Path       ast.Path      `json:"path"`
		Label      string        `json:"label,omitempty"`
		Errors     gqlerror.List `json:"errors,omitempty"`
		Extensions *extensions   `json:"extensions,omitempty"`
	}
	payload := struct {
		Incremental []part `json:"incremental"`
		HasNext     bool   `json:"hasNext"`
	}{HasNext: true}
	for _, l := range together {
		next := part{Data: l.Data, Path: l.path, Label: l.label, Errors: l.Errors}
		if degraded := l.Summary.Degraded; len(degraded) > p.told {
			p.told = len(degraded)
			next.Extensions = &extensions{Degraded: degraded}
		}
		payload.Incremental = append(payload.Incremental, next)
		payload.HasNext = p.more || (payload.HasNext && !l.last)
	}
	b.WriteString(partHeader)
	writeJSON(b, payload)
	b.WriteString(delimiter)
}

// raw is JSON as it is.
type raw []byte

// MarshalJSON implements [json.Marshaler].
func (r raw) MarshalJSON() ([]byte, error) { return r, nil }
