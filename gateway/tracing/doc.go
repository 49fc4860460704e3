// Package tracing tells what happened to a request, step by step and when: to
// OpenTelemetry, and to a developer who asks for the steps of one request. The
// two are one source: what a step notes of itself is exported, collected, or
// neither.
//
// A step opens a span and notes what it learns:
//
//	ctx, span := tracing.Start(ctx, tracing.Batch, "batch", service)
//	defer span.End()
//	span.Int(tracing.Keys, len(keys))
//
// A [Provider] starts the first span of each request (see [Provider.Handler]);
// all others are children of the span that their context carries. Where that
// carries none that records, Start gives the zero [Span], which notes nothing:
// tracing that is off costs a look into the context and allocates nothing.
//
// # Exported
//
// The standard OTEL_* variables say whether and where to: see [New]. No span
// holds an id, a key, a path or a text that a client has chosen: they name
// routes and registered operations.
//
// # Collected
//
// [Collect] gives a context whose spans are kept, for a waterfall of one
// request. It needs no Provider. What [Span.Detail] notes (the keys of a
// batch, the path of a call) is collected only, and never exported.
//
//	ctx, collection := tracing.Collect(ctx)
//	result := server.Execute(ctx, request)
//	for _, s := range collection.Spans() { … }
//
// A [Record] has the step, so that a reader needs no names, and attributes by
// the constants of this package:
//
//	Operation  what was asked for: "query", "mutation"
//	Parse, Validate, Execute
//	Resolve    a field that joins, all of its places as one span: Field, Count
//	Batch      a loader's batch: Service, Keys, Waited, KeyList; links to the Resolve spans that wait for it
//	Cache      a look-up: Kind, Keys, Outcome, FromMemory, FromRedis, Stale, Missed, Coalesced, Failed, KeyList
//	Refresh    a load ahead of time, which nobody waits for
//	Redis      a round trip: Keys, Outcome
//	Call       a call to a service, with its waits: Service, Outcome ("circuit_open" when it was refused)
//	Attempt    each request of a call: Service, Method, Route, Path, Status, Bytes, AttemptKind, Resend, Outcome
//
// What goes on when its request has ended (a refresh, a load that others wait
// for too) is under way in a Record: its End is zero.
package tracing
