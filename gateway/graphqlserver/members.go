package graphqlserver

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
	errNoObject = errors.New("not a JSON object")
	errNoList   = errors.New("not a JSON list")
	errTwice    = errors.New("two members of one name")
	errHalf     = errors.New("half of a surrogate pair")
)

// fewMembers is the number of members up to which [eachMember] allocates nothing for them.
const fewMembers = 16

// eachMember calls f with the name and the value of each member of a JSON object, in order.
// Both are parts of object, unless the name has escapes. Two members of one name are an
// error, after the calls: a program that read the request before may have used the other
// one (RFC 8259, section 4). So is an escape that is half of a surrogate pair, because
// programs replace it in different ways (section 8.2).
func eachMember(object []byte, f func(name []byte, value json.RawMessage)) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return errNoObject
	}
	// Names are compared by hashes of 64 bits: among 20,000 names, two different ones have
	// the same hash once in 10^11 requests.
	seed := maphash.MakeSeed()
	hashes := make([]uint64, 0, fewMembers)
	for d.PeekKind() != '}' {
		name, err := nextValue(d, object)
		if err != nil {
			return unreadable(object)
		}
		value, err := nextValue(d, object)
		if err != nil {
			return unreadable(object)
		}
		if bytes.IndexByte(name, '\\') < 0 {
			name = name[1 : len(name)-1]
		} else if name, err = jsontext.AppendUnquote(nil, name); err != nil {
			return unreadable(object)
		}
		hashes = append(hashes, maphash.Bytes(seed, name))
		f(name, value)
	}
	if err := ends(d); err != nil {
		return errNoObject
	}
	members := len(hashes)
	slices.Sort(hashes)
	if len(slices.Compact(hashes)) < members {
		return errTwice
	}
	return nil
}

// elements returns the elements of a JSON list, which are parts of it. Their strings are
// not checked.
func elements(list []byte) (all []json.RawMessage, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '[' {
		return nil, errNoList
	}
	for d.PeekKind() != ']' {
		value, err := nextValue(d, list)
		if err != nil {
			return nil, errNoList
		}
		all = append(all, value)
	}
	return all, ends(d)
}

// nextValue returns the next value, or name, of the text that d decodes, as a part of text:
// what d returns may change.
func nextValue(d *jsontext.Decoder, text []byte) ([]byte, error) {
	value, err := d.ReadValue()
	end := int(d.InputOffset())
	return text[end-len(value) : end], err
}

// ends reads the end of the outermost object or list, which nothing may follow.
func ends(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// notJSON reports whether a text is neither empty nor one that [eachMember] can read.
func notJSON(text []byte) bool {
	return len(text) > 0 && !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
}

// unreadable returns what is wrong with an object that cannot be read.
func unreadable(object []byte) error {
	if jsontext.Value(object).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		return errHalf
	}
	return errNoObject
}
