// Package strictjson reads the JSON of untrusted requests without copying it. It refuses what
// other programs may read in another way: two members of one name, and escapes that are half
// of a surrogate pair.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	// ErrNotObject is the error for a text that is not a JSON object.
	ErrNotObject = errors.New("not a JSON object")

	errNotList         = errors.New("not a JSON list")
	errDuplicateMember = errors.New("two members of one name")
	errLoneSurrogate   = errors.New("half of a surrogate pair")
)

// fewMembers is the number of members up to which [EachMember] allocates nothing for them.
const fewMembers = 16

// EachMember calls f with the name and the value of each member of a JSON object, in order.
// Both are parts of object, unless the name has escapes. Two members of one name are an
// error, after the calls: a program that read the request before may have used the other
// one (RFC 8259, section 4). So is an escape that is half of a surrogate pair, because
// programs replace it in different ways (section 8.2).
func EachMember(object []byte, f func(name []byte, value json.RawMessage)) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return ErrNotObject
	}
	// Names are compared by hashes of 64 bits: among 20,000 names, two different ones have
	// the same hash once in 10^11 requests.
	seed := maphash.MakeSeed()
	hashes := make([]uint64, 0, fewMembers)
	for d.PeekKind() != '}' {
		name, err := nextValue(d, object)
		if err != nil {
			return syntaxError(object)
		}
		value, err := nextValue(d, object)
		if err != nil {
			return syntaxError(object)
		}
		if bytes.IndexByte(name, '\\') < 0 {
			name = name[1 : len(name)-1]
		} else if name, err = jsontext.AppendUnquote(nil, name); err != nil {
			return syntaxError(object)
		}
		hashes = append(hashes, maphash.Bytes(seed, name))
		f(name, value)
	}
	if err := atEnd(d); err != nil {
		return ErrNotObject
	}
	members := len(hashes)
	slices.Sort(hashes)
	if len(slices.Compact(hashes)) < members {
		return errDuplicateMember
	}
	return nil
}

// Elements returns the elements of a JSON list, which are parts of it. Their strings are
// not checked.
func Elements(list []byte) (all []json.RawMessage, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '[' {
		return nil, errNotList
	}
	for d.PeekKind() != ']' {
		value, err := nextValue(d, list)
		if err != nil {
			return nil, errNotList
		}
		all = append(all, value)
	}
	return all, atEnd(d)
}

// nextValue returns the next value, or name, of the text that d decodes, as a part of text:
// what d returns may change.
func nextValue(d *jsontext.Decoder, text []byte) ([]byte, error) {
	value, err := d.ReadValue()
	end := int(d.InputOffset())
	return text[end-len(value) : end], err
}

// atEnd reads the end of the outermost object or list, which nothing may follow.
func atEnd(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// Malformed reports whether a text is neither empty nor one that [EachMember] can read.
func Malformed(text []byte) bool {
	return len(text) > 0 && !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
}

// syntaxError returns what is wrong with an object that cannot be read.
func syntaxError(object []byte) error {
	if jsontext.Value(object).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		return errLoneSurrogate
	}
	return ErrNotObject
}

// CountValues returns the number of values in a JSON text: scalars, lists and objects at any
// depth, but not the names of members. It allocates nothing. Of a text that is not JSON, the
// number means nothing.
func CountValues(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	n := 1         // the outermost one; all others follow a comma, or are the first in a list or object
	first := false // whether a list or object has just begun
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case ' ', '\t', '\n', '\r':
			continue
		case ',':
			n++
		case '"':
			i = stringEnd(text, i)
		}
		if first && c != ']' && c != '}' {
			n++
		}
		first = c == '[' || c == '{'
	}
	return n
}

// stringEnd returns the index of the quote that ends the string that begins at i, or the
// length of text if none does.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}
