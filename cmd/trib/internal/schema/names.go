package schema

import (
	"strings"
	"unicode"

	"github.com/99designs/gqlgen/codegen/templates"
)

// A namer gives out names that are not taken.
type namer map[string]bool

// unique returns name, with a number behind it if it is taken.
func (n namer) unique(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + string(rune('0'+i%10))
	}
	n[free] = true
	return free
}

// goName returns a name as Go exports it.
func goName(name string) string { return templates.ToGo(name) }

// Snake returns a name in camel case as snake case has it: createdAt → created_at.
func Snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func lcFirst(name string) string { return templates.LcFirst(name) }
