package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"

	"tributary/gateway/report"
)

// RequestMessage is the message of the log record of a request.
const RequestMessage = "request"

// NewLogger returns a logger that writes each record to w as one line, by one call of Write.
// Records logged with the context of a request have its request_id and, if it is traced, its
// trace_id; at most [report.MaxLines] of one request are logged. Unless w is an [Output], logging
// blocks while w does.
func NewLogger(w io.Writer, cfg LogConfig) *slog.Logger {
	level := &slog.LevelVar{}
	_ = level.UnmarshalText([]byte(cfg.Level)) // info, for one that is none
	format := func(w io.Writer) slog.Handler {
		return slog.NewJSONHandler(sanitizingWriter{w}, &slog.HandlerOptions{Level: level})
	}
	if cfg.Format == "text" {
		color := IsTerminal(w)
		format = func(w io.Writer) slog.Handler {
			return tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: "15:04:05.000", NoColor: !color})
		}
	}
	h := handler{Handler: format(w), level: level, sampler: newSampler(cfg.Requests)}
	h.low = h.Handler
	if o, ok := w.(*Output); ok {
		h.low, h.output = format(ordinary{o}), o
		o.setFormat(format)
	}
	return slog.New(h)
}

// IsTerminal reports whether w, or what an [Output] writes to, is a terminal.
func IsTerminal(w io.Writer) bool {
	if o, ok := w.(*Output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

var errFixed = errors.New("the level of this log cannot be changed")

// SetLevel changes the level of a logger of [NewLogger] and of all loggers derived
// from it. It is safe for concurrent use.
func SetLevel(log *slog.Logger, level slog.Level) error {
	h, ok := log.Handler().(handler)
	if !ok {
		return errFixed
	}
	h.level.Set(level)
	return nil
}

// Level returns the level of log.
func Level(log *slog.Logger) slog.Level {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if log.Enabled(context.Background(), level) {
			return level
		}
	}
	return slog.LevelError
}

type handler struct {
	slog.Handler              // for warnings and errors
	low          slog.Handler // for less severe levels
	level        *slog.LevelVar
	output       *Output  // nil: another writer
	sampler      *sampler // nil: all requests are logged
}

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if h.sampler != nil && r.Level == slog.LevelInfo && r.Message == RequestMessage {
		pass, skipped := h.sampler.sample(r.Time)
		if !pass {
			return nil
		}
		if skipped > 0 {
			r.AddAttrs(slog.Int("skipped", skipped))
		}
	}
	switch of := report.RequestFrom(ctx); {
	case of == nil:
	case r.Message != RequestMessage && !of.MayLog():
		return nil
	case of.Trace == "":
		r.AddAttrs(slog.String("request_id", of.ID))
	default:
		r.AddAttrs(slog.String("request_id", of.ID), slog.String("trace_id", of.Trace))
	}
	defer h.output.yield()
	if r.Level < slog.LevelWarn {
		return h.low.Handle(ctx, r)
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler, h.low = h.Handler.WithAttrs(attrs), h.low.WithAttrs(attrs)
	return h
}

func (h handler) WithGroup(name string) slog.Handler {
	h.Handler, h.low = h.Handler.WithGroup(name), h.low.WithGroup(name)
	return h
}
