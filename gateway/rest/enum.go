package rest

import (
	"fmt"
	"io"
	"strconv"
)

// WriteEnum writes the name of a value of an enum, null for one that has none.
func WriteEnum(w io.Writer, name string) {
	if name == "" {
		_, _ = io.WriteString(w, "null")
		return
	}
	_, _ = io.WriteString(w, strconv.Quote(name))
}

// NotInEnum is the error for what is no name of a value of an enum.
func NotInEnum(enum string) error { return fmt.Errorf("not a value of %s", enum) }
