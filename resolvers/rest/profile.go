package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"tributary/gateway/engine"
	"tributary/gateway/fault"
)

// profile is the data of the operation. Its parts are in REST form already, by the
// operation's aliases.
type profile struct {
	User     json.RawMessage   `json:"user"`
	Orders   []json.RawMessage `json:"orders"` // nil if they are not available
	Products []json.RawMessage `json:"products"`

	size int // of all, in bytes
}

// metadataSize is about the size in bytes of what is added to the profile in an answer.
const metadataSize = 512

// parse decodes the data of a result; nil means that there is no profile.
func parse(result *engine.Result) (*profile, error) {
	if result.Data == nil {
		return nil, &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("the operation was refused: %w", result.Errors)}
	}
	var data struct {
		Profile *profile `json:"profile"`
	}
	if err := json.Unmarshal(result.Data, &data); err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Err: err}
	}
	if data.Profile != nil {
		data.Profile.size = len(result.Data)
	}
	return data.Profile, nil
}

func (p *profile) hasUser() bool { return len(p.User) > 0 && !bytes.Equal(p.User, []byte("null")) }

// empty reports whether no part could be loaded.
func (p *profile) empty() bool { return !p.hasUser() && p.Orders == nil }

var errNoID = errors.New("a product without an id")

// content encodes the body without its metadata and closing brace.
func (p *profile) content() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(p.size + metadataSize)
	b.WriteString(`{"user":`)
	b.Write(p.User)
	b.WriteString(`,"orders":`)
	if p.Orders == nil {
		b.WriteString("null")
	} else {
		b.WriteByte('[')
		for i, order := range p.Orders {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(order)
		}
		b.WriteByte(']')
	}
	b.WriteString(`,"products":`)
	err := p.writeProducts(&b)
	return b.Bytes(), err
}

// writeProducts writes the products as an object with their ids as keys.
func (p *profile) writeProducts(b *bytes.Buffer) error {
	b.WriteByte('{')
	for i, product := range p.Products {
		var key struct {
			ID json.RawMessage `json:"id"`
		}
		if err := json.Unmarshal(product, &key); err != nil {
			return err
		}
		if key.ID == nil {
			return errNoID
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(key.ID)
		b.WriteByte(':')
		b.Write(product)
	}
	b.WriteByte('}')
	return nil
}
