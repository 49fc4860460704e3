package generate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A snapshot has the Go files of some folders as they were.
type snapshot struct {
	dirs  []string
	files map[string][]byte
}

func takeSnapshot(dirs ...string) (*snapshot, error) {
	s := &snapshot{dirs: dirs, files: map[string][]byte{}}
	err := s.each(func(name string) (err error) {
		s.files[name], err = os.ReadFile(name) //nolint:gosec // G304: a file of the project
		return err
	})
	return s, err
}

// each calls f with the name of each file that is in the folders now.
func (s *snapshot) each(f func(name string) error) error {
	for _, dir := range s.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				if err := f(filepath.Join(dir, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// removeGenerated removes the generated files of some folders.
func (s *snapshot) removeGenerated(dirs ...string) error {
	for name := range s.files {
		for _, dir := range dirs {
			if filepath.Dir(name) == filepath.Clean(dir) && strings.HasSuffix(name, ".generated.go") {
				if err := os.Remove(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// restore makes the folders as they were.
func (s *snapshot) restore() error {
	err := s.each(func(name string) error {
		if _, ok := s.files[name]; ok {
			return nil
		}
		return os.Remove(name)
	})
	for name, content := range s.files {
		err = errors.Join(err, os.WriteFile(name, content, 0o644)) //nolint:gosec // G306: source code
	}
	return err
}
