package graphqlserver

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// coded makes an error of a kind for the client.
func coded(kind fault.Kind, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": kind.Code()}}
}

// present turns the error of a field into what the client sees of it: its
// path, and of the error what its kind allows. The log has the rest.
func (s *Server) present(ctx context.Context, err error) *gqlerror.Error {
	at := graphql.GetPath(ctx)
	if ge, ok := errors.AsType[*gqlerror.Error](err); ok {
		if ge.Path != nil {
			at = ge.Path
		}
	}
	f := fault.In(endOf(ctx), err)
	s.tellOfPanic(ctx, err)
	level := slog.LevelWarn
	switch f.Kind {
	case fault.Internal:
		level = slog.LevelError
	case fault.BadUserInput, fault.Canceled:
		level = slog.LevelDebug
	}
	s.log.LogAttrs(ctx, level, "field failed",
		slog.String("path", fieldPath(ctx)), slog.String("code", f.Kind.Code()),
		slog.String("service", f.Service), slog.String("error", err.Error()))

	shown := coded(f.Kind, f.Public())
	shown.Path = at
	if f.Service != "" {
		shown.Extensions["service"] = f.Service
		report.From(ctx).Missing(f.Service, f.Kind.Reason())
	}
	return shown
}

// fieldPath is where in the schema the field of ctx stands: aliases, which
// the client chooses, don't get into the log.
func fieldPath(ctx context.Context) string {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || fc.Object == "" {
		return ""
	}
	return fc.Object + "." + fc.Field.Name
}

// maxRefusals is how many reasons of a refusal are told: a short document may
// have thousands.
const maxRefusals = 20

// maxMessage is how long a message of a refusal may be, in bytes: some repeat
// what the client sent.
const maxMessage = 300

// abridged is a message without the end of a long one.
func abridged(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// refuse is the result of a request that is not executed: it has the code of a
// kind in the place of what the library has, and no names of rules.
func refuse(kind fault.Kind, errs gqlerror.List) *Result {
	errs = errs[:min(len(errs), maxRefusals)]
	for _, err := range errs {
		err.Message = abridged(err.Message)
		err.Extensions = map[string]any{"code": kind.Code()}
	}
	return &Result{Errors: errs, refused: kind}
}

// refuseOne is [refuse] for one reason.
func refuseOne(kind fault.Kind, message string) *Result {
	return refuse(kind, gqlerror.List{{Message: message}})
}
