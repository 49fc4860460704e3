package telemetry

import (
	stdlog "log" //nolint:depguard // what net/http has no other way to say is caught here
	"log/slog"
	"strings"
)

// CatchStandardLog lets what libraries write to the log of the process, as
// net/http does about bytes that a service sends unasked, become lines of log.
// It concerns the whole process: a main calls it, once.
func CatchStandardLog(log *slog.Logger) {
	stdlog.SetFlags(0)
	stdlog.SetOutput(caught{log})
}

// ForLibraries is a log for those who take no other, as servers of net/http do
// for what they have to say of connections. It makes lines of log.
func ForLibraries(log *slog.Logger) *stdlog.Logger { return stdlog.New(caught{log}, "", 0) }

type caught struct{ log *slog.Logger }

// Write logs a line up to its first quotation.
func (c caught) Write(line []byte) (int, error) {
	c.log.Warn("a library complains", "text", Unquoted(string(line)))
	return len(line), nil
}

// Unquoted is what a library says up to its first quotation: what is quoted came
// from outside, and may be part of an answer.
func Unquoted(text string) string {
	text, _, _ = strings.Cut(text, `"`)
	return strings.TrimSpace(text)
}
