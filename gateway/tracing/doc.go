// Package tracing records the steps of a request as spans. Spans are exported to
// OpenTelemetry, collected for a developer who asked for a trace of this request,
// both, or neither.
//
// A step opens a span and sets attributes:
//
//	ctx, span := tracing.Start(ctx, tracing.Batch, "batch", service)
//	defer span.End()
//	span.Int(tracing.Keys, len(keys))
//
// A [Provider] starts the first span of each request (see [Provider.Handler]);
// all others are children of the span in their context. Without a recording span in
// the context, Start returns the zero [Span], which does nothing: disabled tracing
// costs a context lookup and allocates nothing.
//
// # Exported
//
// The standard OTEL_* variables configure export: see [New]. Exported spans contain
// no ids, keys, paths or text chosen by clients, only routes and registered
// operations.
//
// # Collected
//
// [StartRecording] returns a context whose spans are collected, for a waterfall of one
// request. It needs no Provider. Attributes set with [Span.Detail] (the keys of a
// batch, the path of a call) are collected only, never exported.
//
//	ctx, recorder := tracing.StartRecording(ctx)
//	result := server.Execute(ctx, request)
//	for _, s := range recorder.Spans() { … }
//
// A [Record] has the step, so that a reader needs no names, and attributes by
// the constants of this package:
//
//	Operation  "query", "mutation" or "subscription"
//	Parse, Validate, Execute
//	Resolve    a field that joins, all of its places as one span: Field, Count
//	Batch      a loader's batch: Service, Keys, Waited, KeyList; links to the Resolve spans that wait for it
//	Cache      a look-up: Kind, Keys, Outcome, FromMemory, FromRedis, Stale, Missed, Coalesced, Failed, KeyList
//	Refresh    a background refresh, which no request waits for
//	Redis      a round trip: Keys, Outcome
//	Call       a call to a service, with its waits: Service, Outcome ("circuit_open" when it was refused)
//	Attempt    each request of a call: Service, Method, Route, Path, Status, Bytes, AttemptKind, Resend, Outcome
//
// Steps that outlive their request (a refresh, a load that other requests wait for)
// have a zero End.
package tracing
