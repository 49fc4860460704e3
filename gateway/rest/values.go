package rest

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tributary/gateway/scalar"
)

// The functions below decode values of one type each. They return false, and set nothing,
// for null and for a value of the wrong type.

// String decodes a string of valid UTF-8.
func String(d *Decoder, v *string) bool {
	text, ok := d.text8()
	if ok {
		*v = strings.Clone(text)
	}
	return ok
}

// ID decodes an id that is a string. An empty one is no id.
func ID(d *Decoder, v *string) bool {
	text, ok := d.text8()
	if !ok || text == "" {
		return false
	}
	return d.id(text, v)
}

// IntegerID decodes an id that is an integer.
func IntegerID(d *Decoder, v *string) bool {
	raw, ok := d.number()
	if !ok {
		return false
	}
	if strings.ContainsAny(raw, ".eE") {
		d.Fail(errNotInteger)
		return false
	}
	return d.id(raw, v)
}

func (d *Decoder) id(text string, v *string) bool {
	if err := scalar.CheckID(text); err != nil {
		d.Fail(errNotID)
		return false
	}
	*v = strings.Clone(text)
	return true
}

// Int decodes an integer of 32 bits.
func Int(d *Decoder, v *int32) bool { return number(d, (*scalar.Int)(v)) }

// Int64 decodes an integer of 64 bits.
func Int64(d *Decoder, v *scalar.Int64) bool { return number(d, v) }

// Decimal decodes a number and keeps its digits.
func Decimal(d *Decoder, v *scalar.Decimal) bool {
	raw, ok := d.number()
	if ok {
		*v = scalar.Decimal(strings.Clone(raw))
	}
	return ok
}

// DateTime decodes a time.
func DateTime(d *Decoder, v *scalar.DateTime) bool {
	text, ok := d.text8()
	if !ok {
		return false
	}
	t, err := scalar.ParseDateTime(text)
	if err != nil {
		d.Fail(err)
		return false
	}
	*v = scalar.DateTime(strings.Clone(string(t)))
	return true
}

// Bool decodes a boolean.
func Bool(d *Decoder, v *bool) bool {
	switch d.json.PeekKind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		raw, ok := d.value()
		*v = raw == "true"
		return ok
	}
	return d.other(errNotBool)
}

// Float decodes a number as a float of 64 bits.
func Float(d *Decoder, v *float64) bool {
	raw, ok := d.number()
	if !ok {
		return false
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		d.Fail(errNotNumber)
		return false
	}
	*v = n
	return true
}

// Name decodes what names something else, a string or an integer. Any other value is
// ignored: the type of a member that the schema does not show is not known.
func Name(d *Decoder, v *string) bool {
	switch d.json.PeekKind() {
	case jsontext.KindString:
		if text, ok := d.text8(); ok && scalar.CheckID(text) == nil {
			return d.id(text, v)
		}
		return false
	case jsontext.KindNumber:
		return IntegerID(d, v)
	}
	d.Skip()
	return false
}

// Enum decodes a string that must be a known value of an enum.
func Enum[E ~string](d *Decoder, v *E, known func(E) bool) bool {
	text, ok := d.text8()
	if !ok {
		return false
	}
	if !known(E(text)) {
		d.Fail(errNotEnum)
		return false
	}
	*v = E(strings.Clone(text))
	return true
}

var (
	errNotString  = errors.New("not a string")
	errNotUTF8    = errors.New("not valid UTF-8")
	errNotNumber  = errors.New("not a number")
	errNotInteger = errors.New("not an integer")
	errNotBool    = errors.New("not a boolean")
	errNotID      = errors.New("not an id")
	errNotEnum    = errors.New("not a value of the enum")
)

// other consumes a value of another type.
func (d *Decoder) other(err error) bool {
	if d.null() {
		return false
	}
	d.Skip()
	if d.syntax == nil {
		d.Fail(err)
	}
	return false
}

// text8 reads a string of valid UTF-8.
func (d *Decoder) text8() (string, bool) {
	if d.json.PeekKind() != jsontext.KindString {
		return "", d.other(errNotString)
	}
	raw, ok := d.value()
	if !ok {
		return "", false
	}
	text := raw[1 : len(raw)-1]
	if isASCII(text) {
		return text, true
	}
	plain, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		d.Fail(errNotUTF8)
		return "", false
	}
	return string(plain), true
}

// isASCII reports whether the inside of a JSON string needs no decoding.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == '\\' {
			return false
		}
	}
	return true
}

func (d *Decoder) number() (string, bool) {
	if d.json.PeekKind() != jsontext.KindNumber {
		return "", d.other(errNotNumber)
	}
	return d.value()
}

func number(d *Decoder, v interface{ UnmarshalJSON([]byte) error }) bool {
	raw, ok := d.number()
	if !ok {
		return false
	}
	if err := v.UnmarshalJSON([]byte(raw)); err != nil {
		d.Fail(err)
		return false
	}
	return true
}
