package compress

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Body is a response body that is sent many times. It is compressed once per
// coding, on first use. In each coding it takes at most as much memory as
// uncompressed. It is safe for concurrent use.
type Body struct {
	plain      []byte
	gzip, zstd func() []byte
}

// NewBody returns a body of b, which must not be modified afterwards.
func NewBody(b []byte) *Body {
	return &Body{
		plain: b,
		gzip:  sync.OnceValue(func() []byte { return ifShorter(gzipped(b), b) }),
		zstd:  sync.OnceValue(func() []byte { return ifShorter(zstandard(b), b) }),
	}
}

// Bytes returns the uncompressed body.
func (b *Body) Bytes() []byte { return b.plain }

// ifShorter returns a copy of a compressed body without the room that the compressor
// had taken, or nil if it is not shorter than the plain one.
func ifShorter(compressed, plain []byte) []byte {
	if len(compressed) >= len(plain) {
		return nil
	}
	return bytes.Clone(compressed)
}

// Encoded returns the body in a coding, and the coding it is actually in: a body is
// not compressed if it is short, or does not become shorter.
func (b *Body) Encoded(coding Encoding) ([]byte, Encoding) {
	if len(b.plain) >= MinSize {
		var compressed []byte
		switch coding {
		case Gzip:
			compressed = b.gzip()
		case Zstd:
			compressed = b.zstd()
		}
		if compressed != nil {
			return compressed, coding
		}
	}
	return b.plain, Identity
}

// Write answers r with the body in the coding that its client prefers. The
// caller must have set the Content-Type.
func (b *Body) Write(w http.ResponseWriter, r *http.Request, status int) {
	body, coding := b.Encoded(Negotiate(r.Header))
	if coding != Identity {
		w.Header().Set("Content-Encoding", string(coding))
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func gzipped(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return buf.Bytes()
}

func zstandard(b []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow))
	if err != nil { // these options are good
		panic(err)
	}
	return w.EncodeAll(b, nil)
}

// zstdWindow is the window size in bytes. Browsers support at most 8 MiB (RFC 9659); a smaller
// one takes less memory on both sides.
const zstdWindow = 1 << 20
