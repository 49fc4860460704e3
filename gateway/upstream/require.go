package upstream

import "fmt"

// Fields checks that a response has all required fields. The zero value is ready to
// use; Err names the first missing field.
type Fields struct{ missing string }

// Require returns the value of a field, which must be present and not null.
func Require[T any](f *Fields, name string, v *T) T {
	if v == nil {
		if f.missing == "" {
			f.missing = name
		}
		var zero T
		return zero
	}
	return *v
}

// Err is nil if no field was missing.
func (f *Fields) Err() error {
	if f.missing == "" {
		return nil
	}
	return fmt.Errorf("field %q is missing", f.missing)
}
