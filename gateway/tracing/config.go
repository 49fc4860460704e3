package tracing

// Config has the settings of traces that are the gateway's own.
type Config struct {
	TrustClients bool `name:"trace-trust-clients" default:"true" negatable:"" help:"Continue the trace in the traceparent of a request, whose sampling then is the client's decision. false: each request begins a trace of its own."`
}
