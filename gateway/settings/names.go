package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// visit calls f with each setting of all commands.
func visit(app *kong.Application, f func(flag *kong.Flag)) {
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && isSetting(flag) {
			f(flag)
		}
		return next(nil)
	})
}

// renamed reports the use of a name that a setting had before, by the tag was.
func (s *Settings) renamed(app *kong.Application) error {
	now := map[string]*kong.Flag{}
	visit(app, func(flag *kong.Flag) {
		if was := flag.Tag.Get("was"); was != "" {
			now[was] = flag
		}
	})
	for _, was := range slices.Sorted(maps.Keys(now)) {
		key := strings.ReplaceAll(was, "-", "_")
		if env := EnvPrefix + strings.ToUpper(key); s.getenv(env) != "" {
			return fmt.Errorf("%s is now %s", env, envOf(now[was]))
		}
		if v, ok := s.file.values[key]; ok {
			return fmt.Errorf("%s:%d: %s is now %s", s.file.name, v.line, key, keyOf(now[was]))
		}
	}
	return nil
}

// renamedFlag returns the error for a flag that err says is unknown, if it is the name that
// a setting had before; nil if it is not.
func renamedFlag(err error, app *kong.Application) (renamed error) {
	unknown, found := strings.CutPrefix(err.Error(), "unknown flag --")
	if !found || app == nil {
		return nil
	}
	unknown, _, _ = strings.Cut(unknown, ",") // with a suggestion
	visit(app, func(flag *kong.Flag) {
		if flag.Tag.Get("was") == unknown {
			renamed = fmt.Errorf("--%s is now --%s", unknown, flag.Name)
		}
	})
	return renamed
}

// An Unknown is a variable that has the prefix of settings, but is none.
type Unknown struct {
	Name    string
	Nearest string // the name of the setting that is most like it
}

// Unknown returns the variables in environ (elements are NAME=value) that have the prefix of
// settings and that no command has, sorted by name. They are not errors, because Kubernetes adds
// such variables for each of its services.
func (s *Settings) Unknown(environ []string, app *kong.Application) (all []Unknown) {
	known := map[string]bool{EnvPrefix + "CONFIG": true}
	visit(app, func(flag *kong.Flag) { known[envOf(flag)] = true })
	names := slices.Sorted(maps.Keys(known))
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, EnvPrefix) && value != "" && !known[name] {
			nearest := slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
			all = append(all, Unknown{name, nearest})
		}
	}
	slices.SortFunc(all, func(a, b Unknown) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// maxName is the length up to which names are compared.
const maxName = 128

// distance is the number of bytes to insert, delete or replace to turn a into b.
func distance(a, b string) int {
	a, b = a[:min(len(a), maxName)], b[:min(len(b), maxName)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Help is the text of a flag in the help: what it does, and the name of its variable. It is a
// [kong.HelpValueFormatter].
func Help(value *kong.Value) string {
	if value.Flag == nil || !isSetting(value.Flag) {
		return kong.DefaultHelpValueFormatter(value)
	}
	return strings.TrimSpace(value.Help + " ($" + envOf(value.Flag) + ")")
}
