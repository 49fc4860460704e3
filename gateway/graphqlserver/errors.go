package graphqlserver

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/internal/truncate"
	"tributary/gateway/report"
)

// coded returns an error for the client with the code of a kind.
func coded(kind fault.Kind, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": kind.Code()}}
}

// present converts the error of a field for the client: its path, and what its kind
// allows clients to know. The log has the rest.
func (s *Server) present(ctx context.Context, err error) *gqlerror.Error {
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
	f := fault.In(ctx, err)
	if bad, path := badArgument(ctx, at, err); bad != nil {
		f, at = bad, path
	}
	s.tellOfPanic(ctx, err)
	outcome := outcomeOf(ctx, at, f)
	report.From(ctx).Failed(report.Failure{
		Field: fieldPath(ctx), Service: f.Service, Code: f.Kind.Code(), Level: levelOf(f, outcome), Outcome: string(outcome),
	}, err)

	if f.Service != "" && (outcome == "" || f.Kind != fault.Rejected) { // a refused write leaves nothing out
		report.From(ctx).Missing(f.Service, f.Kind.Reason())
	}
	if !meter.AddError() {
		return nil
	}
	shown := coded(f.Kind, f.Public())
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
func (s *Server) logFailures(ctx context.Context) {
	failures, others := report.From(ctx).TakeFailures()
	for _, f := range failures {
		attrs := []slog.Attr{
			slog.String("path", f.Field), slog.String("code", f.Code),
			slog.String("service", f.Service), slog.String("error", f.Error), slog.Int("count", f.Count),
		}
		if f.Outcome != "" {
			attrs = append(attrs, slog.String("outcome", f.Outcome))
		}
		s.log.LogAttrs(ctx, f.Level, "field failed", attrs...)
	}
	if others > 0 {
		s.log.LogAttrs(ctx, slog.LevelWarn, "further fields failed", slog.Int("count", others))
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

// maxRefusals is the maximum number of errors in a refusal: a short document may have
// thousands.
const maxRefusals = 20

// maxMessage is the maximum length of an error message in a refusal, in bytes: some
// repeat what the client sent.
const maxMessage = 300

// refuse returns the result of a request that is not executed. It replaces the extensions
// of the library's errors, such as the names of validation rules, by the code of a kind.
func refuse(kind fault.Kind, errs gqlerror.List) *Result {
	omitted := max(0, len(errs)-maxRefusals)
	errs = errs[:len(errs)-omitted]
	for _, err := range errs {
		err.Message = truncate.String(err.Message, maxMessage)
		err.Extensions = map[string]any{"code": kind.Code()}
	}
	return &Result{Errors: errs, Omitted: omitted, refused: kind}
}

// refuseOne is [refuse] for one reason.
func refuseOne(kind fault.Kind, message string) *Result {
	return refuse(kind, gqlerror.List{{Message: message}})
}
