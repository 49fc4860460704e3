package graphqlserver

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

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
	if timing := result.Summary.ServerTiming(); timing != "" {
		h.Set("Server-Timing", timing)
	}
	var fields httpserver.Fields
	addFreshness(&fields, get, result, time.Now())
	fields.Set(h)
	if get && result.kept != nil {
		tag := result.kept.etag(media)
		h.Set("Etag", tag)
		if httpserver.Unmodified(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", contentType(media))
	httpserver.Gather(r)
	if result.kept != nil {
		result.kept.body.Write(w, r, status)
		return
	}
	body := encode(result)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// dataOpens is the beginning of a response without errors.
const dataOpens = `{"data":`

// extensions are those of a response, or of a part of one.
type extensions struct {
	Degraded []report.Part    `json:"degraded,omitempty"`
	Trace    *waterfall.Trace `json:"trace,omitempty"`
	Cost     *lookahead.Cost  `json:"cost,omitempty"`
}

// encode writes a result as a GraphQL response. The data are JSON already and
// are copied as they are.
func encode(r *Result) []byte {
	var b bytes.Buffer
	b.Grow(len(r.Data) + 64)
	switch {
	case len(r.Errors) == 0:
		b.WriteString(dataOpens)
	case r.Data == nil:
		b.WriteString(`{"errors":`)
		writeJSON(&b, r.Errors)
	default:
		b.WriteString(`{"errors":`)
		writeJSON(&b, r.Errors)
		b.WriteString(`,"data":`)
	}
	b.Write(r.Data)
	if len(r.Summary.Degraded) > 0 || r.Trace != nil || r.Cost != nil {
		b.WriteString(`,"extensions":`)
		writeJSON(&b, extensions{r.Summary.Degraded, r.Trace, r.Cost})
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, v any) {
	j, err := json.Marshal(v)
	if err != nil { // errors and parts hold strings and numbers
		panic(err)
	}
	b.Write(j)
}
