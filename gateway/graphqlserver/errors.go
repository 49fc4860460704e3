package graphqlserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
	"tributary/gateway/report"
)

type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

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
		if ge.Err == nil {
			// gqlgen's own: what it says of nulls and arguments is for clients.
			own := coded(fault.BadUserInput, ge.Message)
			own.Path, own.Locations = at, ge.Locations
			return own
		}
	}
	f := fault.From(err)
	level := slog.LevelWarn
	switch f.Kind {
	case fault.Internal:
		level = slog.LevelError
	case fault.BadUserInput:
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

// refuse is the result of a request that is not executed, with the codes of
// the contract in the place of gqlgen's and without the rules' internal names.
func refuse(errs gqlerror.List) *Result {
	r := &Result{Errors: errs, refused: fault.ValidationFailed}
	for i, err := range errs {
		kind := fault.ValidationFailed
		switch code := err.Extensions["code"]; {
		case code == errcode.ParseFailed:
			kind = fault.ParseFailed
		case len(err.Path) > 0 && err.Path[0] != nil && err.Rule == "":
			kind = fault.BadUserInput // a variable that does not fit its type
		}
		if i == 0 {
			r.refused = kind
		}
		err.Extensions = map[string]any{"code": kind.Code()}
	}
	return r
}
