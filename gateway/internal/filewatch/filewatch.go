// Package filewatch notices that files have changed. It looks at them at intervals: other
// than notifications of the kernel, that sees every way in which files are replaced (the
// symbolic links that Kubernetes swaps, network file systems) and costs a few system calls.
package filewatch

import (
	"context"
	"os"
	"slices"
	"time"
)

// Interval is the time between two looks.
const Interval = time.Second

// Watcher looks at files. It is not safe for concurrent use.
type Watcher struct {
	names    func() []string
	reported []file
}

// New returns a watcher of the files that names returns, as they are now. They may be missing.
func New(names func() []string) *Watcher { return &Watcher{names, look(names())} }

// Run calls changed whenever files have changed since its last call, or since [New], until ctx
// ends. A change is reported when the next look finds no other, so that a file that is being
// written is not read.
func (w *Watcher) Run(ctx context.Context, changed func()) {
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for last := w.reported; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := look(w.names())
		if settled := same(now, last); settled && !same(now, w.reported) {
			w.reported = now
			changed()
		}
		last = now
	}
}

// A file is what a look sees of a file.
type file struct {
	name string
	info os.FileInfo // nil: it cannot be looked at
}

func look(names []string) []file {
	files := make([]file, len(names))
	for i, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			info = nil
		}
		files[i] = file{name, info}
	}
	return files
}

func same(a, b []file) bool {
	return slices.EqualFunc(a, b, func(a, b file) bool {
		if a.name != b.name || a.info == nil || b.info == nil {
			return a.name == b.name && a.info == nil && b.info == nil
		}
		return os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() && a.info.ModTime().Equal(b.info.ModTime())
	})
}
