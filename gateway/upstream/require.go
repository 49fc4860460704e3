package upstream

import "fmt"

// Fields checks that an answer has what the contract with its service
// promises. The zero value is ready; Err names the first field that is missing.
type Fields struct{ missing string }

// Require gives the value of a field, which must be there and not null.
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

// Err is nil when nothing was missing.
func (f *Fields) Err() error {
	if f.missing == "" {
		return nil
	}
	return fmt.Errorf("field %q is missing", f.missing)
}
