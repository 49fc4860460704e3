package schema

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// An Error is a mistake in a schema file.
type Error struct {
	At      *ast.Position
	Message string
}

// Error is one line: the file, the line, and what is wrong.
func (e *Error) Error() string {
	if e.At == nil || e.At.Src == nil {
		return e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.At.Src.Name, e.At.Line, e.Message)
}

// errorf panics with an [Error], which [Read] returns.
func errorf(at *ast.Position, format string, args ...any) {
	panic(&Error{At: at, Message: fmt.Sprintf(format, args...)})
}
