package filewatch_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tributary/gateway/internal/filewatch"
)

// TestRun_Replacements replaces a file in every way in which operators and Kubernetes do.
func TestRun_Replacements(t *testing.T) {
	ways := map[string]func(t *testing.T, dir, name string){
		"written in place": func(t *testing.T, _, name string) {
			t.Helper()
			write(t, name, "longer than before")
		},
		"as long as it was": func(t *testing.T, _, name string) {
			t.Helper()
			write(t, name, "second")
			must(t, os.Chtimes(name, time.Time{}, time.Unix(7, 0)))
		},
		"renamed over": func(t *testing.T, dir, name string) {
			t.Helper()
			write(t, filepath.Join(dir, "new"), "second")
			must(t, os.Rename(filepath.Join(dir, "new"), name))
		},
		"removed": func(t *testing.T, _, name string) {
			t.Helper()
			must(t, os.Remove(name))
		},
		"a directory's link is swapped": func(t *testing.T, dir, _ string) {
			t.Helper()
			must(t, os.Mkdir(filepath.Join(dir, "..2"), 0o700))
			write(t, filepath.Join(dir, "..2", "file"), "second")
			must(t, os.Symlink("..2", filepath.Join(dir, "..tmp")))
			must(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		},
	}
	for way, replace := range ways {
		t.Run(way, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.Mkdir(filepath.Join(dir, "..1"), 0o700))
			write(t, filepath.Join(dir, "..1", "file"), "first.")
			must(t, os.Symlink("..1", filepath.Join(dir, "..data")))
			name := filepath.Join(dir, "..data", "file")
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				var changes atomic.Int32
				watcher := filewatch.New(func() []string { return []string{name} })
				go watcher.Run(ctx, func() { changes.Add(1) })
				after := func(looks, want int) {
					t.Helper()
					time.Sleep(time.Duration(looks) * filewatch.Interval)
					synctest.Wait()
					if n := int(changes.Load()); n != want {
						t.Errorf("%d changes, want %d", n, want)
					}
				}
				after(5, 0)
				replace(t, dir, name)
				after(1, 0) // it may be half written
				after(1, 1)
				after(5, 1)
			})
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(name, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
