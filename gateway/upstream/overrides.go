package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Overrides are per-service values of the settings in [Config]: "books.timeout" is
// the upstream-timeout of the books service.
type Overrides map[string]string

// settingPrefix is the prefix of this package's settings.
const settingPrefix = "upstream-"

// Services returns the services that have overrides.
func (o Overrides) Services() []string {
	services := make([]string, 0, len(o))
	for key := range o {
		service, _, _ := strings.Cut(key, ".")
		services = append(services, service)
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// of returns the configuration of one service.
func (c Config) of(service string) (Config, error) {
	overrides := c.Overrides
	c.Overrides = nil
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		name, ours := strings.CutPrefix(key, service+".")
		if !ours {
			continue
		}
		if err := set(&c, name, overrides[key]); err != nil {
			return c, fmt.Errorf("upstream-overrides: %s: %w", key, err)
		}
	}
	return c, nil
}

// overridden yields the configurations of the services that have overrides.
func (c Config) overridden() iter.Seq[Config] {
	return func(yield func(Config) bool) {
		for _, service := range c.Overrides.Services() {
			if own, err := c.of(service); err == nil && !yield(own.withDefaults()) {
				return
			}
		}
	}
}

// LongestAttempt is the time limit for one attempt at a call of any service.
func (c Config) LongestAttempt() time.Duration {
	longest := c.withDefaults().Timeout
	for own := range c.overridden() {
		longest = max(longest, own.Timeout)
	}
	return longest
}

// set parses value into the setting of c with that name, which it finds by the tags of
// the fields.
func set(c *Config, name, value string) (err error) {
	fields := reflect.ValueOf(c).Elem()
	for field, v := range fields.Fields() {
		if field.Tag.Get("name") != settingPrefix+name {
			continue
		}
		switch into := v.Addr().Interface().(type) {
		case *time.Duration:
			*into, err = time.ParseDuration(value)
			return err
		case *Overrides: // not a setting of a single service
		default:
			if json.Unmarshal([]byte(value), into) != nil {
				return fmt.Errorf("%q is not a %s", value, field.Type)
			}
			return nil
		}
	}
	return errors.New("there is no such setting")
}

// validateOverrides reports the first service with invalid settings.
func (c Config) validateOverrides() error {
	for key := range c.Overrides {
		if service, _, ok := strings.Cut(key, "."); !ok || service == "" {
			return fmt.Errorf("upstream-overrides: %q must be SERVICE.SETTING", key)
		}
	}
	for _, service := range c.Overrides.Services() {
		own, err := c.of(service)
		if err != nil {
			return err
		}
		if err := own.Validate(); err != nil {
			return fmt.Errorf("upstream-overrides: %s: %w", service, err)
		}
	}
	return nil
}
