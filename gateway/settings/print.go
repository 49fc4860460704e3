package settings

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Print writes the settings of the parsed command in the format that [Settings.Load]
// reads, with the source of each value in a comment. Secrets are masked.
func (s *Settings) Print(w io.Writer, ctx *kong.Context) error {
	for _, flag := range ctx.Flags() {
		if !isSetting(flag) {
			continue
		}
		text := formatValue(flag.Target)
		if flag.Tag.Has("secret") {
			text = quoted(Mask(flag.Target.String()))
		}
		if err := line(w, keyOf(flag), text, s.source(ctx, flag.Name)); err != nil {
			return err
		}
	}
	return nil
}

// Changed returns the settings of the parsed command that do not have their default, by their
// names in the file. Secrets are masked.
func (s *Settings) Changed(ctx *kong.Context) (all []slog.Attr) {
	for _, flag := range ctx.Flags() {
		if !isSetting(flag) || s.source(ctx, flag.Name) == "default" {
			continue
		}
		text := plain(flag.Target)
		if flag.Tag.Has("secret") {
			text = Mask(flag.Target.String())
		}
		all = append(all, slog.String(keyOf(flag), text))
	}
	return all
}

// PrintVariable writes an environment variable that is not a setting, if it is set:
// as a comment, because the file cannot set it.
func (s *Settings) PrintVariable(w io.Writer, name string, secret bool) error {
	value := s.getenv(name)
	if value == "" {
		return nil
	}
	if secret {
		value = Mask(value)
	}
	return line(w, "# "+name, quoted(value), "environment "+name)
}

func line(w io.Writer, key, text, source string) error {
	_, err := fmt.Fprintf(w, "%-40s # %s\n", key+": "+text, source)
	return err
}

// formatValue formats a value as YAML.
func formatValue(v reflect.Value) string {
	text := plain(v)
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return quoted(text)
	}
	return text
}

// plain formats a value as a flag has it, durations without trailing zero parts.
func plain(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		text := d.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		return text
	}
	switch v.Kind() {
	case reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, fmt.Sprint(v.Index(i)))
		}
		return strings.Join(items, ",")
	case reflect.Map:
		var pairs []string
		for _, key := range v.MapKeys() {
			pairs = append(pairs, fmt.Sprintf("%v=%v", key, v.MapIndex(key)))
		}
		slices.Sort(pairs)
		return strings.Join(pairs, ";")
	}
	return fmt.Sprint(v)
}

// quoted returns s as a YAML string; JSON strings are valid YAML.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return string(text)
}

var (
	scheme   = regexp.MustCompile(`(?i)^[a-z]+://`)
	userinfo = regexp.MustCompile(`(?s)//.*@`)
	rest     = regexp.MustCompile(`(?s)([?#]).*`)
)

// Mask hides user, password, query and fragment of a URL, and all of a value that is
// not a URL.
func Mask(url string) string {
	if url == "" {
		return ""
	}
	if !scheme.MatchString(url) {
		return "***"
	}
	return rest.ReplaceAllString(userinfo.ReplaceAllString(url, "//***@"), "$1***")
}
