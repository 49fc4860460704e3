// Package otlptest is a collector for tests: it takes traces over OTLP, by HTTP
// and by gRPC, as a real one does, and shows what it was sent.
package otlptest

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Span is a span as it arrived. Ids are hexadecimal; attributes are strings,
// int64, float64 and bool.
type Span struct {
	Server            string // service.name of its resource
	Resource          map[string]any
	Trace, ID, Parent string
	Name              string
	Kind              string
	Failed            bool
	Links             []string
	Attributes        map[string]any
	Start, End        uint64 // nanoseconds
}

// Collector is a server that takes traces until its test ends.
type Collector struct {
	URL     string // of OTLP over HTTP
	GRPCURL string // of OTLP over gRPC

	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans []Span
}

// New starts a collector.
func New(t *testing.T) *Collector {
	t.Helper()
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.take)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.URL = server.URL

	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // of a test
	if err != nil {
		t.Fatal(err)
	}
	rpc := grpc.NewServer()
	collector.RegisterTraceServiceServer(rpc, c)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = rpc.Serve(ln)
	}()
	t.Cleanup(func() {
		rpc.Stop()
		<-served
	})
	c.GRPCURL = "http://" + ln.Addr().String()
	return c
}

// Spans are those that have arrived.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Export takes spans over gRPC.
func (c *Collector) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.add(req)
	return &collector.ExportTraceServiceResponse{}, nil
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := read(r)
	var req collector.ExportTraceServiceRequest
	if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &req) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.add(&req)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func read(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (c *Collector) add(req *collector.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range req.GetResourceSpans() {
		resource := attributes(of.GetResource().GetAttributes())
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, spanOf(resource, s))
			}
		}
	}
}

func spanOf(resource map[string]any, s *trace.Span) Span {
	server, _ := resource["service.name"].(string)
	span := Span{
		Server: server, Resource: resource,
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Name: s.GetName(), Kind: s.GetKind().String(),
		Failed:     s.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR,
		Attributes: attributes(s.GetAttributes()),
		Start:      s.GetStartTimeUnixNano(), End: s.GetEndTimeUnixNano(),
	}
	for _, link := range s.GetLinks() {
		span.Links = append(span.Links, hex.EncodeToString(link.GetSpanId()))
	}
	return span
}

func attributes(list []*common.KeyValue) map[string]any {
	all := map[string]any{}
	for _, kv := range list {
		switch v := kv.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			all[kv.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			all[kv.GetKey()] = v.IntValue
		case *common.AnyValue_DoubleValue:
			all[kv.GetKey()] = v.DoubleValue
		case *common.AnyValue_BoolValue:
			all[kv.GetKey()] = v.BoolValue
		default:
			all[kv.GetKey()] = kv.GetValue().String()
		}
	}
	return all
}
