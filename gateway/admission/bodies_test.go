package admission_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
	"tributary/internal/testkit"
)

const mb = 1 << 20

// newBodies returns a budget of 8 MiB, and its metrics.
func newBodies(t testing.TB) (*admission.Bodies, func(name string) float64) {
	t.Helper()
	reg := prometheus.NewRegistry()
	b := admission.NewBodies(admission.Config{BodiesMB: 8, QueueWait: time.Second}, mb, reg)
	return b, func(name string) float64 {
		n, found := testkit.Metric(t, reg, name)
		if !found {
			t.Fatalf("no metric %s", name)
		}
		return n
	}
}

// take takes n bytes for a new lease and returns its release, or the failure.
func take(ctx context.Context, b *admission.Bodies, n int) (release func(), err error) {
	l := b.Lease()
	if err := l.Take(ctx, n); err != nil {
		l.Release()
		return nil, err
	}
	return l.Release, nil
}

func isOverloaded(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind == fault.Overloaded
}

func TestBodies_WaitForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, figure := newBodies(t)
		release, err := take(t.Context(), b, 6*mb)
		if err != nil || figure("admission_body_bytes") != 6*mb {
			t.Fatal(err, figure("admission_body_bytes"))
		}
		start := time.Now()
		if _, err := take(t.Context(), b, mb); !isOverloaded(err) || time.Since(start) != time.Second {
			t.Errorf("without memory: %v after %v", err, time.Since(start))
		}
		if n := figure("admission_bodies_shed_total"); n != 1 {
			t.Errorf("%v shed", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := take(ctx, b, mb); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without time: %v", err)
		}
		if n := figure("admission_bodies_shed_total"); n != 2 {
			t.Errorf("%v shed, of two", n)
		}
		left, leave := context.WithCancel(t.Context())
		leave()
		if _, err := take(left, b, mb); !errors.Is(err, context.Canceled) {
			t.Errorf("of a client that has disconnected: %v", err)
		}
		if n := figure("admission_bodies_shed_total"); n != 2 {
			t.Errorf("%v shed, of two and one that was canceled", n)
		}
		time.AfterFunc(time.Second/2, release)
		other, err := take(t.Context(), b, mb)
		if err != nil {
			t.Fatalf("with memory in time: %v", err)
		}
		if n := figure("admission_body_bytes"); n != mb {
			t.Errorf("%v bytes held", n)
		}
		other()
		if n := figure("admission_body_bytes"); n != 0 {
			t.Errorf("%v bytes held in the end", n)
		}
	})
}

func TestBodies_KeepAShareForSmallOnes(t *testing.T) {
	b, figure := newBodies(t)
	var releases []func()
	for range 5 { // of 6 MiB
		release, err := take(t.Context(), b, mb+16<<10)
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that there is no wait
	if _, err := take(ctx, b, 2*mb); err == nil {
		t.Error("a long one that does not fit is admitted")
	}
	for range 2*mb/(16<<10) - 5 {
		release, err := take(t.Context(), b, 16<<10)
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	if _, err := take(ctx, b, 1); err == nil {
		t.Error("more than all is admitted")
	}
	for _, release := range releases {
		release()
		release() // changes nothing
	}
	if n := figure("admission_body_bytes"); n != 0 {
		t.Errorf("%v bytes held in the end", n)
	}
}

func TestBodies_AdmitTheLargestRequest(t *testing.T) {
	for _, megabytes := range []int{0, 1, 64, 1 << 30} {
		for _, largest := range []int{1, 16 << 10, 17 << 10, 5 * mb, 1 << 48} {
			b := admission.NewBodies(admission.Config{BodiesMB: megabytes}, largest, prometheus.NewRegistry())
			for range 2 {
				release, err := take(t.Context(), b, largest)
				if err != nil {
					t.Fatalf("%d bytes of %d MiB: %v", largest, megabytes, err)
				}
				release()
			}
		}
	}
}

func TestLease_Moves(t *testing.T) {
	b, figure := newBodies(t)
	l := b.Lease()
	if err := l.Take(t.Context(), mb); err != nil {
		t.Fatal(err)
	}
	moved := l.Move()
	l.Release()
	if n := figure("admission_body_bytes"); n != mb {
		t.Errorf("%v bytes held by the lease to which they were moved", n)
	}
	moved.Release()
	if n := figure("admission_body_bytes"); n != 0 {
		t.Errorf("%v bytes held in the end", n)
	}
}

// A body is read correctly for every announced length and in pieces of every size, with at most
// twice the memory of the bytes that have arrived.
func TestLease_ReadsAll(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 10_000)
	for name, pieces := range map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "half": iotest.HalfReader,
		"bytes": iotest.OneByteReader, "with its end": iotest.DataErrReader,
	} {
		for _, n := range []int{0, 1, 1023, 1024, 1025, 4096, 16<<10 + 1, len(text)} {
			for _, announced := range []int64{-1, 0, int64(n), int64(n) - 1, int64(n) + 1, math.MaxInt64 - 1, math.MaxInt64} {
				b, figure := newBodies(t)
				l := b.Lease()
				got, err := l.ReadAll(t.Context(), pieces(bytes.NewReader(text[:n])), announced)
				if err != nil || !bytes.Equal(got, text[:n]) || cap(got) > max(1024, 2*n) {
					t.Errorf("%s: %d bytes announced as %d: %d of %d, %v", name, n, announced, len(got), cap(got), err)
				}
				if held := figure("admission_body_bytes"); held != float64(n) {
					t.Errorf("%s: %v held of %d", name, held, n)
				}
				l.Release()
			}
		}
	}
}

func TestLease_ReadsUntilAFailure(t *testing.T) {
	synctest.Test(t, readsUntilAFailure)
}

func readsUntilAFailure(t *testing.T) {
	b, figure := newBodies(t)
	l := b.Lease()
	reset := errors.New("connection reset")
	if _, err := l.ReadAll(t.Context(), io.MultiReader(bytes.NewReader(make([]byte, 5000)), iotest.ErrReader(reset)),
		-1); !errors.Is(err, reset) {
		t.Error(err)
	}
	l.Release()
	endless, ctx := b.Lease(), t.Context()
	if _, err := endless.ReadAll(ctx, iotest.HalfReader(zeros{}), -1); !isOverloaded(err) {
		t.Error(err)
	}
	endless.Release()
	if n := figure("admission_body_bytes"); n != 0 {
		t.Errorf("%v bytes held in the end", n)
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
