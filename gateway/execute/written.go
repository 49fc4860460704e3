package execute

import (
	"bytes"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// rooms holds buffers that have grown to the size of an answer: growing one anew
// allocates about as much again as the answer takes.
var rooms = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// roomKept is the largest buffer that is kept.
const roomKept = 256 << 10

// Written returns what m writes, in a buffer of its own.
func Written(m graphql.Marshaler) *bytes.Buffer {
	room, _ := rooms.Get().(*bytes.Buffer)
	room.Reset()
	m.MarshalGQL(room)
	written := bytes.NewBuffer(bytes.Clone(room.Bytes()))
	if room.Cap() <= roomKept {
		rooms.Put(room)
	}
	return written
}
