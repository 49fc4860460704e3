// Package library locates the library that projects depend on.
package library

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Module is the path of the library's module. It stands here and in go.mod.
const Module = "tributary"

// Dir returns the folder of the library: that of the module which the working directory
// belongs to or depends on, or else the one that this program was built from.
func Dir() (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", Module) //nolint:noctx // it ends with this program
	list.Stderr = nil
	if out, err := list.Output(); err == nil {
		if dir := strings.TrimSpace(string(out)); isLibrary(dir) {
			return dir, nil
		}
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		const levels = 5 // cmd/trib/internal/library/library.go
		dir := file
		for range levels {
			dir = filepath.Dir(dir)
		}
		if isLibrary(dir) {
			return dir, nil
		}
	}
	return "", errors.New("the library was not found: run trib in its folder, or in that of a project, or say where it is by --library")
}

// Check returns an error unless dir is the folder of the library.
func Check(dir string) error {
	if !isLibrary(dir) {
		return fmt.Errorf("%s is not the folder of the module %s", dir, Module)
	}
	return nil
}

func isLibrary(dir string) bool {
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "gateway", "rest"))
	return err == nil
}
