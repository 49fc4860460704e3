package graphqlserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/waterfall"
)

func (s *Server) writeError(w http.ResponseWriter, media string, status int, message string) {
	h := w.Header()
	h.Set("Content-Type", contentType(media))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(encode(&Result{Errors: gqlerror.List{coded(fault.BadUserInput, message)}}))
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, media string, status int, result *Result) {
	h, get := w.Header(), r.Method != http.MethodPost
	result.tellSeen(h)
	if timing := result.Summary.ServerTiming(); timing != "" {
		h.Set("Server-Timing", timing)
	}
	if result.VariesByViewer() {
		h.Add("Vary", "Authorization")
	}
	var fields httpserver.Fields
	addFreshness(&fields, get, result, time.Now())
	fields.Set(h)
	if get && result.kept != nil {
		VaryBySeen(h)
		tag := result.kept.etag(media)
		h.Set("Etag", tag)
		if httpserver.Unmodified(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", contentType(media))
	if result.kept != nil {
		result.kept.body.Write(w, r, status)
		return
	}
	pieces := encoded(result)
	h.Set("Content-Length", strconv.Itoa(pieces.size()))
	w.WriteHeader(status)
	_ = pieces.writeTo(w) // if it fails the client has gone
}

// extensions are those of a response, or of a part of one.
type extensions struct {
	Degraded []report.Part    `json:"degraded,omitempty"`
	Omitted  int              `json:"errorsOmitted,omitempty"`
	Trace    *waterfall.Trace `json:"trace,omitempty"`
	Cost     *lookahead.Cost  `json:"cost,omitempty"`
	Seen     string           `json:"seen,omitempty"`
}

// pieces is a text in pieces, so that a long answer is not copied to put them together.
type pieces [][]byte

func (p pieces) size() (n int) {
	for _, piece := range p {
		n += len(piece)
	}
	return n
}

func (p pieces) writeTo(w io.Writer) (err error) {
	for _, piece := range p {
		if len(piece) > 0 && err == nil {
			_, err = w.Write(piece)
		}
	}
	return err
}

// line returns p without the line feed at its end.
func (p pieces) line() pieces {
	last := len(p) - 1
	p[last] = bytes.TrimSuffix(p[last], []byte("\n"))
	return p
}

// encoded returns a result as a GraphQL response.
func encoded(r *Result) pieces {
	about := extensions{r.Summary.Degraded, r.Omitted, r.Trace, r.Cost, ""}
	if r.tellsSeen {
		about.Seen = r.seen
	}
	bare := len(about.Degraded) == 0 && about.Omitted == 0 && about.Trace == nil && about.Cost == nil && about.Seen == ""
	if bare && len(r.Errors) == 0 && r.document != nil {
		return pieces{append(r.document, execute.Closing...)} // there is room for it
	}
	var before, after bytes.Buffer
	switch {
	case len(r.Errors) == 0:
		before.WriteString(execute.Opening)
	case r.Data == nil:
		before.WriteString(`{"errors":`)
		writeJSON(&before, r.Errors)
	default:
		before.WriteString(`{"errors":`)
		writeJSON(&before, r.Errors)
		before.WriteString(`,"data":`)
	}
	if !bare {
		after.WriteString(`,"extensions":`)
		writeJSON(&after, about)
	}
	after.WriteString(execute.Closing)
	return pieces{before.Bytes(), r.Data, after.Bytes()}
}

// encode returns the same in one piece.
func encode(r *Result) []byte {
	p := encoded(r)
	if len(p) == 1 {
		return p[0]
	}
	return slices.Concat(p...)
}

// pieces returns a result, cached or not, as a GraphQL response.
func (r *Result) pieces() pieces {
	if r.kept != nil {
		return pieces{r.kept.body.Bytes()}
	}
	return encoded(r)
}

func writeJSON(b *bytes.Buffer, v any) {
	j, err := json.Marshal(v)
	if err != nil { // errors and parts hold strings and numbers
		panic(err)
	}
	b.Write(j)
}
