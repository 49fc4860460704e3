package rest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/report"
)

// answer is a profile on its way to a client.
type answer struct {
	*profile
	userID  string
	summary report.Summary
	at      time.Time     // when it was put together
	took    time.Duration // how long that took
	ttl     time.Duration
}

type metadata struct {
	UserID            string        `json:"user_id"`
	OrdersCount       int           `json:"orders_count"`
	ProductsCount     int           `json:"products_count"`
	AggregatedAt      time.Time     `json:"aggregated_at"`
	AggregationTimeMS float64       `json:"aggregation_time_ms"`
	CacheTTL          float64       `json:"cache_ttl"`
	Cached            bool          `json:"cached"`
	AgeSeconds        float64       `json:"age_seconds"`
	Degraded          []report.Part `json:"degraded"`
}

func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	content, err := a.content()
	if err != nil {
		httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Internal, Err: err})
		return
	}
	age := a.summary.Age(a.at)
	tag := a.etag(content)
	h := w.Header()
	h.Set("Cache-Control", a.cacheControl(age))
	h.Set("Age", strconv.Itoa(int(age.Seconds())))
	h.Set("ETag", tag)
	h.Set("Cache-Status", a.cacheStatus(age))
	h.Set("Server-Timing", a.serverTiming())
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text, err := json.Marshal(a.metadata(age))
	if err != nil {
		httpserver.WriteFault(w, r, &fault.Error{Kind: fault.Internal, Err: err})
		return
	}
	body := bytes.Join([][]byte{content, []byte(`,"metadata":`), text, []byte("}\n")}, nil)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func (a *answer) metadata(age time.Duration) metadata {
	return metadata{
		UserID:            a.userID,
		OrdersCount:       len(a.Orders),
		ProductsCount:     len(a.Products),
		AggregatedAt:      a.at.UTC(),
		AggregationTimeMS: float64(a.took.Microseconds()) / 1000,
		CacheTTL:          a.ttl.Seconds(),
		Cached:            !a.summary.Asked,
		AgeSeconds:        age.Truncate(time.Millisecond).Seconds(),
		Degraded:          append([]report.Part{}, a.summary.Degraded...),
	}
}

// etag is weak: it stays the same while the data and what is said of their
// completeness do, though age and time of the answer change.
func (a *answer) etag(content []byte) string {
	sum := sha256.New()
	sum.Write(content)
	for _, part := range a.sortedParts() {
		fmt.Fprintf(sum, "\n%s %s", part.Service, part.Reason)
	}
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12]) + `"`
}

// sortedParts are the degraded parts in an order that does not hang on which
// failed first.
func (a *answer) sortedParts() []report.Part {
	return slices.SortedFunc(slices.Values(a.summary.Degraded), func(p, q report.Part) int {
		return cmp.Or(cmp.Compare(p.Service, q.Service), cmp.Compare(p.Reason, q.Reason))
	})
}

// matches does the weak comparison of RFC 9110, section 13.1.2.
func matches(ifNoneMatch []string, tag string) bool {
	for candidate := range strings.SplitSeq(strings.Join(ifNoneMatch, ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

func (a *answer) degraded() bool { return len(a.summary.Degraded) > 0 }

func (a *answer) cacheControl(age time.Duration) string {
	if a.degraded() {
		return "no-store"
	}
	return fmt.Sprintf("private, max-age=%d", int(max(0, a.ttl-age).Seconds()))
}

// cacheStatus tells after RFC 9211 what the gateway's cache did.
func (a *answer) cacheStatus(age time.Duration) string {
	ttl := int((a.ttl - age).Seconds())
	for _, part := range a.summary.Degraded {
		if part.Reason == report.Stale {
			return fmt.Sprintf("tributary; fwd=stale; ttl=%d; detail=stale-if-error", ttl)
		}
	}
	if !a.summary.Asked {
		return fmt.Sprintf("tributary; hit; ttl=%d", ttl)
	}
	return "tributary; fwd=miss"
}

func (a *answer) serverTiming() string {
	total := fmt.Sprintf("total;dur=%.1f", float64(a.took.Microseconds())/1000)
	if calls := a.summary.ServerTiming(); calls != "" {
		return calls + ", " + total
	}
	return total
}
