package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// presentError converts the error of a field for the client: its path, and what its kind
// allows clients to know. The log has the rest.
func (e *Engine) presentError(ctx context.Context, err error) *gqlerror.Error {
	meter := execute.MeterOf(ctx)
	if meter.IsStopped() {
		return nil
	}
	at := graphql.GetPath(ctx)
	if ge, ok := errors.AsType[*gqlerror.Error](err); ok {
		if ge.Path != nil {
			at = ge.Path
		}
	}
	f := fault.FromContext(ctx, err)
	if bad, path := badArgument(ctx, at, err); bad != nil {
		f, at = bad, path
	}
	e.reportPanic(ctx, err)
	outcome := outcomeOf(ctx, at, f)
	report.From(ctx).Failed(report.Failure{
		Field: fieldPath(ctx), Service: f.Service, Code: f.Kind.Code(), Level: levelOf(f, outcome), Outcome: string(outcome),
	}, err)

	if f.Service != "" && (outcome == "" || f.Kind != fault.Rejected) { // a refused write leaves nothing out
		report.From(ctx).AddMissing(f.Service, f.Kind.Reason())
	}
	if !meter.AddError() {
		return nil
	}
	shown := &gqlerror.Error{Message: f.ClientMessage(), Extensions: map[string]any{"code": f.Kind.Code()}}
	shown.Path = at
	if f.Service != "" {
		shown.Extensions["service"] = f.Service
	}
	if outcome != "" {
		shown.Extensions[outcomeExtension] = outcome
		if f.Problem != nil {
			shown.Extensions["problem"] = f.Problem
		}
	}
	return shown
}

// levelOf returns the level at which a failure is logged. A write that a service refuses for a
// reason which concerns its client is as unremarkable as input that the gateway refuses.
func levelOf(f *fault.Error, outcome fault.Outcome) slog.Level {
	if f.Kind == fault.Rejected && f.Problem != nil && outcome == fault.NotExecuted {
		return slog.LevelDebug
	}
	switch f.Kind {
	case fault.Internal:
		return slog.LevelError
	case fault.BadUserInput, fault.Canceled:
		return slog.LevelDebug
	default:
		return slog.LevelWarn
	}
}

// logFailures logs the failures of fields since it was called last: one line for each
// field, service and code, because a short document can have any number of them.
func (e *Engine) logFailures(ctx context.Context) {
	failures, others := report.From(ctx).TakeFailures()
	for _, f := range failures {
		attrs := []slog.Attr{
			slog.String("path", f.Field), slog.String("code", f.Code),
			slog.String("service", f.Service), slog.String("error", f.Error), slog.Int("count", f.Count),
		}
		if f.Outcome != "" {
			attrs = append(attrs, slog.String("outcome", f.Outcome))
		}
		e.log.LogAttrs(ctx, f.Level, "field failed", attrs...)
	}
	if others > 0 {
		e.log.LogAttrs(ctx, slog.LevelWarn, "further fields failed", slog.Int("count", others))
	}
}

// fieldPath returns the field of ctx as Type.field, for the log. It has no aliases, which
// clients choose.
func fieldPath(ctx context.Context) string {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Object == "" {
		return ""
	}
	return fc.Object + "." + fc.Field.Name
}

// badArgument returns the failure of a field one of whose arguments could not be read, such
// as an Int of more than 32 bits in a variable, and the path of the field. at is the path of
// err, which leads to the argument and into it. For any other error it returns nil.
func badArgument(ctx context.Context, at ast.Path, err error) (*fault.Error, ast.Path) {
	fc := graphql.GetFieldContext(ctx)
	if _, classified := errors.AsType[*fault.Error](err); classified || fc == nil || fc.Field.Definition == nil {
		return nil, nil
	}
	path := fc.Path()
	if len(at) <= len(path) || !slices.Equal(at[:len(path)], path) {
		return nil, nil
	}
	name, ok := at[len(path)].(ast.PathName)
	if !ok || fc.Field.Definition.Arguments.ForName(string(name)) == nil {
		return nil, nil
	}
	argument := strings.TrimPrefix(at[len(path):].String(), ".")
	return fault.BadUserInputf("%s has a value that is not one of its type", argument), path
}

// recoverPanic turns a panic of a resolver into an error of its field.
func (e *Engine) recoverPanic(ctx context.Context, v any) error {
	err := fault.Recovered("", v)
	e.reportPanic(ctx, err)
	return err
}

// reportPanic logs and counts a panic, once for all operations that wait for what panicked.
func (e *Engine) reportPanic(ctx context.Context, err error) {
	if p, ok := errors.AsType[*fault.Panic](err); ok && p.First() {
		e.metrics.panics.Inc()
		if !report.From(ctx).Panicked() {
			return // it is counted among the failures of its field
		}
		e.log.ErrorContext(ctx, "panic", "path", fieldPath(ctx), "panic", p.Value, "stack", string(p.Stack))
	}
}
