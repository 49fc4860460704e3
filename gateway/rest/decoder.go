package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// A Decoder reads the values of one response. Each function that decodes a value consumes
// exactly one JSON value, whatever its type, and returns whether there was one: null is
// none. The first value of the wrong type and the first missing member are remembered;
// [Decoder.Err] returns them.
//
// A Decoder is not safe for concurrent use.
type Decoder struct {
	json *jsontext.Decoder
	text string // the response; values copy what they keep of it

	syntax  error     // the response is not JSON: nothing more can be read
	wrong   []problem // values of the wrong type
	missing *problem  // the first required member that is absent
}

// problem is what is wrong with the value at a JSON pointer.
type problem struct {
	at  jsontext.Pointer
	err error
}

func (p problem) Error() string {
	if p.at == "" {
		return "the response is " + p.err.Error()
	}
	return fmt.Sprintf("%q is %v", p.at, p.err)
}

// decoders reuses the memory of decoders.
type decoders struct{ pool sync.Pool }

// of returns a decoder of a response, and the function that gives it back.
func (p *decoders) of(response []byte) (d *Decoder, free func()) {
	d, _ = p.pool.Get().(*Decoder)
	if d == nil {
		d = &Decoder{json: &jsontext.Decoder{}}
	}
	d.reset(response)
	return d, func() { d.reset(nil); p.pool.Put(d) }
}

func (d *Decoder) reset(response []byte) {
	d.json.Reset(bytes.NewBuffer(response), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.text = string(response)
	d.syntax, d.missing = nil, nil
	clear(d.wrong)
	d.wrong = d.wrong[:0]
}

// Err returns what is wrong with what was read so far; nil if nothing is.
func (d *Decoder) Err() error {
	switch {
	case d.syntax != nil:
		return d.syntax
	case len(d.wrong) > 0:
		return d.wrong[0]
	case d.missing != nil:
		return *d.missing
	}
	return nil
}

// Fail records that the value just read is wrong. The error must not contain the value.
func (d *Decoder) Fail(err error) {
	d.wrong = append(d.wrong, problem{d.json.StackPointer(), err})
}

// Skip reads a value and ignores it.
func (d *Decoder) Skip() {
	if err := d.json.SkipValue(); err != nil {
		d.broken(err)
	}
}

// Members reads an object and yields the name of each member, whose value must then be
// read or skipped.
func (d *Decoder) Members(yield func(name string) bool) {
	if !d.open(jsontext.KindBeginObject, errNotObject) {
		return
	}
	for d.syntax == nil && d.json.PeekKind() != jsontext.KindEndObject {
		name, ok := d.name()
		if !ok || !yield(name) {
			return
		}
	}
	d.token()
}

// elements reads a list and calls read for each element, which must consume it.
func (d *Decoder) elements(read func()) {
	if !d.open(jsontext.KindBeginArray, errNotList) {
		return
	}
	for d.syntax == nil && d.json.PeekKind() != jsontext.KindEndArray {
		read()
	}
	d.token()
}

var (
	errNotJSON   = errors.New("the response is not JSON")
	errNotObject = errors.New("not an object")
	errNotList   = errors.New("not a list")
	errMissing   = errors.New("missing")
	errNull      = errors.New("null")
)

// open reads the beginning of an object or a list. Another value is skipped.
func (d *Decoder) open(kind jsontext.Kind, otherwise error) bool {
	if d.json.PeekKind() == kind {
		d.token()
		return d.syntax == nil
	}
	d.Skip()
	if d.syntax == nil {
		d.Fail(otherwise)
	}
	return false
}

// null consumes a null, if one is next.
func (d *Decoder) null() bool {
	if d.json.PeekKind() != jsontext.KindNull {
		return false
	}
	d.token()
	return true
}

func (d *Decoder) token() {
	if d.syntax != nil {
		return
	}
	if _, err := d.json.ReadToken(); err != nil {
		d.broken(err)
	}
}

// value reads a value as it stands in the response.
func (d *Decoder) value() (raw string, ok bool) {
	v, err := d.json.ReadValue()
	if err != nil {
		d.broken(err)
		return "", false
	}
	end := int(d.json.InputOffset())
	return d.text[end-len(v) : end], true
}

// name reads the name of a member.
func (d *Decoder) name() (string, bool) {
	raw, ok := d.value()
	if !ok {
		return "", false
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	plain, _ := jsontext.AppendUnquote(nil, raw) // an invalid name is no name that is looked for
	return string(plain), true
}

// end checks that the response holds nothing more.
func (d *Decoder) end() {
	if d.syntax != nil {
		return
	}
	if _, err := d.json.ReadToken(); !errors.Is(err, io.EOF) {
		d.syntax = fmt.Errorf("%w: more than one value", errNotJSON)
	}
}

// broken records an error of the JSON decoder, without what the service sent.
func (d *Decoder) broken(err error) {
	if d.syntax != nil {
		return
	}
	d.syntax = errNotJSON
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		d.syntax = fmt.Errorf("%w from byte %d on", errNotJSON, e.ByteOffset)
	}
}

// failedAt reports whether a value at a pointer below base had the wrong type.
func (d *Decoder) failedAt(base jsontext.Pointer, names []string) bool {
	for _, p := range d.wrong {
		for _, name := range names {
			if p.at == base+jsontext.Pointer("/"+strings.ReplaceAll(name, ".", "/")) {
				return true
			}
		}
	}
	return false
}

// next forgets what was wrong, before another value that stands for itself.
func (d *Decoder) next() {
	d.wrong, d.missing = d.wrong[:0], nil
}

// at calls read at the member that a path such as "data.items" names, and reports whether
// there was one. An empty path is the value itself.
func (d *Decoder) at(path string, read func()) (found bool) {
	if path == "" {
		read()
		return true
	}
	name, rest, _ := strings.Cut(path, ".")
	for member := range d.Members {
		if member == name {
			found = d.at(rest, read)
		} else {
			d.Skip()
		}
	}
	return found
}
