package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Snapshot has the values that the settings of a command have at one time. It is immutable.
type Snapshot struct {
	values     map[string]string // by key
	reloadable map[string]bool   // keys
	overridden []string
}

// Snapshot returns the values of the settings of a parsed command.
func (s *Settings) Snapshot(ctx *kong.Context) Snapshot {
	now := Snapshot{values: map[string]string{}, reloadable: map[string]bool{}, overridden: []string{}}
	for _, flag := range ctx.Flags() {
		if !isSetting(flag) {
			continue
		}
		key := keyOf(flag)
		now.values[key] = plain(flag.Target)
		now.reloadable[key] = flag.Tag.Has("reload")
		_, inFile := s.file.values[key]
		if source := s.source(ctx, flag.Name); inFile && !strings.HasPrefix(source, "file ") {
			now.overridden = append(now.overridden, key+" by "+source)
		}
	}
	return now
}

// Overridden returns the keys of the file that have no effect, each with the flag or the
// variable that has: "cache_ttl by environment BFF_CACHE_TTL".
func (s Snapshot) Overridden() []string { return s.overridden }

// Changes returns the keys that have other values in next: those that a running process takes
// over (tag reload), and those for which it must be restarted.
func (s Snapshot) Changes(next Snapshot) (reload, restart []string) {
	reload, restart = []string{}, []string{}
	for _, key := range slices.Sorted(maps.Keys(next.values)) {
		switch {
		case s.values[key] == next.values[key]:
		case next.reloadable[key]:
			reload = append(reload, key)
		default:
			restart = append(restart, key)
		}
	}
	return reload, restart
}

// Reloaded returns s with the values of next that a running process takes over.
func (s Snapshot) Reloaded(next Snapshot) Snapshot {
	values := maps.Clone(s.values)
	for key := range next.values {
		if next.reloadable[key] {
			values[key] = next.values[key]
		}
	}
	return Snapshot{values, next.reloadable, next.overridden}
}
