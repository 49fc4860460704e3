package rest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tributary/gateway/engine"
	"tributary/gateway/engine/httptransport"
	"tributary/gateway/httpserver"
	"tributary/gateway/report"
)

// answer is the part of a profile's response that is the same for all requests served from
// one result. It is shared and read-only.
type answer struct {
	body []byte // up to those of the metadata that change
	tag  []string
}

// metadata has the metadata that were determined when the profile was built.
type metadata struct {
	UserID            string    `json:"user_id"`
	OrdersCount       *int      `json:"orders_count"` // null if the orders could not be loaded
	ProductsCount     int       `json:"products_count"`
	AggregatedAt      time.Time `json:"aggregated_at"`
	AggregationTimeMS float64   `json:"aggregation_time_ms"`
	CacheTTL          float64   `json:"cache_ttl"`
}

// newAnswer returns the answer for the parts of a profile in result.
func newAnswer(parts *profile, userID string, result *engine.Result, ttl time.Duration) (*answer, error) {
	content, err := parts.content()
	if err != nil {
		return nil, err
	}
	var orders *int
	if parts.Orders != nil {
		orders = new(len(parts.Orders))
	}
	constant, err := json.Marshal(metadata{
		UserID:            userID,
		OrdersCount:       orders,
		ProductsCount:     len(parts.Products),
		AggregatedAt:      result.Made.UTC(),
		AggregationTimeMS: milliseconds(result.Took),
		CacheTTL:          ttl.Seconds(),
	})
	if err != nil {
		return nil, err
	}
	tag := etag(content, result.Summary.Degraded)
	content = append(content, `,"metadata":`...) // there is room for both
	content = append(content, constant[:len(constant)-len("}")]...)
	return &answer{body: content, tag: []string{tag}}, nil
}

// write answers r, which was received at start.
func (a *answer) write(w http.ResponseWriter, r *http.Request, result *engine.Result, start time.Time) {
	now := time.Now()
	age := result.Summary.Age(now)
	h := w.Header()
	h["Etag"] = a.tag
	if result.VariesByViewer() {
		h.Add("Vary", "Authorization")
	}
	httptransport.VaryBySeen(h)
	var fields httpserver.Fields
	var value [96]byte
	fields.Add("Age", strconv.AppendInt(value[:0], int64(age.Seconds()), 10))
	fields.Add("Cache-Control", appendCacheControl(value[:0], &result.Summary, now))
	fields.Add("Cache-Status", result.AppendCacheStatus(value[:0], now))
	fields.Add("Server-Timing", appendServerTiming(value[:0], &result.Summary, now.Sub(start)))
	if httpserver.Unmodified(r, a.tag[0]) {
		fields.Set(h)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	changing := volatileMetadata(&result.Summary, age)
	fields.Add("Content-Type", []byte("application/json"))
	fields.Add("Content-Length", strconv.AppendInt(value[:0], int64(len(a.body)+len(changing)), 10))
	fields.Set(h)
	_, _ = w.Write(a.body)
	_, _ = w.Write(changing)
}

// volatileMetadata encodes the metadata that change with time, and the end of the body.
func volatileMetadata(s *report.Summary, age time.Duration) []byte {
	b := make([]byte, 0, 96)
	b = append(b, `,"cached":`...)
	b = strconv.AppendBool(b, !s.Asked)
	b = append(b, `,"age_seconds":`...)
	b = strconv.AppendFloat(b, milliseconds(age.Truncate(time.Millisecond))/1000, 'f', -1, 64)
	b = append(b, `,"degraded":[`...)
	for i, part := range s.Degraded {
		text, err := json.Marshal(part)
		if err != nil { // two strings and a number always marshal
			panic(err)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return append(b, "]}}\n"...)
}

// etag returns a weak ETag, which depends on the data and on what is missing or stale, but
// not on age and time.
func etag(content []byte, degraded []report.DegradedPart) string {
	sum := sha256.New()
	sum.Write(content)
	for _, part := range sorted(degraded) {
		fmt.Fprintf(sum, "\n%s %s", part.Service, part.Reason)
	}
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12]) + `"`
}

// sorted returns degraded parts in an order independent of which failed first.
func sorted(parts []report.DegradedPart) []report.DegradedPart {
	return slices.SortedFunc(slices.Values(parts), func(p, q report.DegradedPart) int {
		return cmp.Or(cmp.Compare(p.Service, q.Service), cmp.Compare(p.Reason, q.Reason))
	})
}

func appendCacheControl(b []byte, s *report.Summary, now time.Time) []byte {
	if len(s.Degraded) > 0 {
		return append(b, "no-store"...)
	}
	return strconv.AppendInt(append(b, "private, max-age="...), int64(max(0, s.Left(now))), 10)
}

func appendServerTiming(b []byte, s *report.Summary, took time.Duration) []byte {
	if calls := s.ServerTiming(); calls != "" {
		b = append(append(b, calls...), ", "...)
	}
	return strconv.AppendFloat(append(b, "total;dur="...), milliseconds(took), 'f', 1, 64)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
