// Package settings resolves settings: a flag takes precedence over the environment,
// the environment over the file, and the file over the default. It is a resolver
// for kong, so every setting is declared as a flag: cache-ttl is BFF_CACHE_TTL in
// the environment and cache_ttl in the file.
//
// Four tags of a flag's field matter here. setting:"NAME" gives it another name in
// the environment, and setting:"-" makes it a flag only; secret:"" masks its value
// when settings are printed; was:"name" is the name that the flag had before; reload:"" marks
// what a running process takes over from the file, see [Snapshot].
package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// EnvPrefix is the prefix of settings in the environment.
const EnvPrefix = "BFF_"

// Settings resolves the flags of one command line, and records where each value came
// from. It is a [kong.Resolver].
type Settings struct {
	getenv func(string) string
	file   *file
	from   map[string]string // by flag: what was set, other than by flag
}

// New returns settings that read the environment through getenv. An empty
// variable counts as one that is not set.
func New(getenv func(string) string) *Settings {
	return &Settings{getenv: getenv, file: &file{}, from: map[string]string{}}
}

// Resolve implements [kong.Resolver].
func (s *Settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(flag) {
		return nil, nil //nolint:nilnil // kong's way to say that there is none
	}
	if name := envOf(flag); s.getenv(name) != "" {
		s.from[flag.Name] = "environment " + name
		return s.getenv(name), nil
	}
	if v, ok := s.file.values[keyOf(flag)]; ok {
		s.from[flag.Name] = fmt.Sprintf("file %s:%d", s.file.name, v.line)
		return v.text, nil
	}
	return nil, nil //nolint:nilnil // as above
}

// Validate implements [kong.Resolver]: it refuses names that settings had before, and keys
// of the file that are not settings of any command.
func (s *Settings) Validate(app *kong.Application) error {
	if err := s.renamed(app); err != nil {
		return err
	}
	known := map[string]bool{}
	visit(app, func(flag *kong.Flag) { known[keyOf(flag)] = true })
	for _, key := range slices.Sorted(maps.Keys(s.file.values)) {
		if !known[key] {
			return fmt.Errorf("%s:%d: unknown key %s", s.file.name, s.file.values[key].line, key)
		}
	}
	return nil
}

// IsDefault reports whether a flag of the parsed command line has its default value.
func (s *Settings) IsDefault(ctx *kong.Context, name string) bool {
	return s.source(ctx, name) == "default"
}

func (s *Settings) source(ctx *kong.Context, name string) string {
	for _, step := range ctx.Path {
		if step.Flag != nil && step.Flag.Name == name && !step.Resolved {
			return "flag --" + name
		}
	}
	if from, ok := s.from[name]; ok {
		return from
	}
	return "default"
}

// AnnotateError adds to an error where the value of its setting came from. The setting is the
// first word of the message, as the parser and Validate methods write it, after the names
// of commands that the parser puts before it. A flag of app that had another name is answered
// with its new one.
func (s *Settings) AnnotateError(err error, app *kong.Application) error {
	if renamed := renamedFlag(err, app); renamed != nil {
		return renamed
	}
	for part := range strings.SplitSeq(err.Error(), ": ") {
		name, _, _ := strings.Cut(strings.TrimPrefix(part, "--"), " ")
		if from, ok := s.from[name]; ok {
			return fmt.Errorf("%w (set by %s)", err, from)
		}
	}
	return err
}

func isSetting(flag *kong.Flag) bool {
	return flag.Name != "help" && flag.Tag.Get("setting") != "-"
}

func envOf(flag *kong.Flag) string {
	if name := flag.Tag.Get("setting"); name != "" {
		return name
	}
	return EnvPrefix + strings.ToUpper(keyOf(flag))
}

func keyOf(flag *kong.Flag) string { return strings.ReplaceAll(flag.Name, "-", "_") }
