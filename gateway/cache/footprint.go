package cache

import "reflect"

// footprint is about how many bytes a value takes in memory, with all that it
// points to. Values are what a client makes of an answer: trees.
func footprint(v reflect.Value) int {
	if !v.IsValid() {
		return 0
	}
	return int(v.Type().Size()) + beyond(v)
}

// beyond is what of v's footprint lies outside of v itself.
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

// entries stands apart so that only a map costs what its iteration allocates.
func entries(m reflect.Value) (bytes int) {
	for key, value := range m.Seq2() {
		bytes += footprint(key) + footprint(value)
	}
	return bytes
}
