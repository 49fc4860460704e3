package telemetry

import (
	stdlog "log" //nolint:depguard // what net/http has no other way to say is caught here
	"log/slog"
	"strings"
	"time"
)

// RedirectStdLog redirects the standard library's default logger, which libraries
// such as net/http use, to log. It affects the whole process, so main calls it once.
func RedirectStdLog(log *slog.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetOutput(newSlogWriter(log))
}

// NewStdLogger returns a standard library logger that writes to log, for APIs that
// take no other, such as [net/http.Server.ErrorLog].
func NewStdLogger(log *slog.Logger) *stdlog.Logger { return stdlog.New(newSlogWriter(log), "", 0) }

// libraryLines is the maximum number of lines of libraries that are logged per second:
// they belong to no request that could bound them.
const libraryLines = 5

type slogWriter struct {
	log     *slog.Logger
	sampler *sampler
}

func newSlogWriter(log *slog.Logger) slogWriter { return slogWriter{log, newSampler(libraryLines)} }

// Write logs a line up to its first quotation.
func (c slogWriter) Write(line []byte) (int, error) {
	pass, skipped := c.sampler.sample(time.Now())
	switch {
	case !pass:
	case skipped > 0:
		c.log.Warn("log from a library", "text", StripQuoted(string(line)), "skipped", skipped)
	default:
		c.log.Warn("log from a library", "text", StripQuoted(string(line)))
	}
	return len(line), nil
}

// StripQuoted returns text up to its first quotation, because quoted parts of library
// messages come from outside and may be part of a response.
func StripQuoted(text string) string {
	text, _, _ = strings.Cut(text, `"`)
	return strings.TrimSpace(text)
}
