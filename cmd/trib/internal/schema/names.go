package schema

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/99designs/gqlgen/codegen/templates"
)

// A namer gives out names that are not taken.
type namer map[string]bool

// packageNames returns a namer that does not return the other names of generated packages: the
// function Services of services, and the method Joins of the struct of loaders, whose fields have
// the names of the functions in services.
func packageNames(written Go) namer {
	n := namer{"Services": true, "Joins": true}
	for name := range written.Declared {
		n[name] = true
	}
	return n
}

// unique returns name, with a number behind it if it is taken.
func (n namer) unique(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + strconv.Itoa(i)
	}
	n[free] = true
	return free
}

// goName returns a name as Go exports it. One that would begin with a digit gets a letter.
func goName(name string) string {
	name = templates.ToGo(name)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return "X" + name
	}
	return name
}

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
