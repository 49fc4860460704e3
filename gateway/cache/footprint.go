package cache

import "reflect"

// footprint returns the approximate number of bytes of a value and all that it points
// to. Values are decoded responses, and so trees.
func footprint(v reflect.Value) int {
	if !v.IsValid() {
		return 0
	}
	return int(v.Type().Size()) + beyond(v)
}

// beyond returns the part of v's footprint that is outside of v itself.
func beyond(v reflect.Value) (bytes int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer, reflect.Interface:
		return footprint(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Len()
		}
		for i := range v.Len() {
			bytes += footprint(v.Index(i))
		}
	case reflect.Map:
		return entries(v)
	case reflect.Struct:
		for i := range v.NumField() {
			bytes += beyond(v.Field(i))
		}
	}
	return bytes
}

// entries is a function of its own so that only maps pay for the allocations of iterating.
func entries(m reflect.Value) (bytes int) {
	for key, value := range m.Seq2() {
		bytes += footprint(key) + footprint(value)
	}
	return bytes
}
