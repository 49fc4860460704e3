package main

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// versions returns the names and versions of the subjects, as far as they are known.
func (f *lineup) versions() []string {
	v := []string{tributary + " " + revision(f.options.binary)}
	for _, program := range []string{"redis-server", "node"} {
		if out, err := exec.Command(program, "--version").Output(); err == nil { //nolint:gosec // G204: one of the two
			v = append(v, versionIn(program, string(out)))
		}
	}
	for name, of := range map[string]string{apollo: "apollo @apollo/server", hive: "hive @graphql-hive/gateway"} {
		if folder, pkg, _ := strings.Cut(of, " "); f.running[name] != nil {
			v = append(v, name+" "+dependency(filepath.Join(f.options.peers, folder, "package.json"), pkg))
		}
	}
	if own, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range own.Deps {
			if dep.Path == "github.com/99designs/gqlgen" {
				v = append(v, "gqlgen "+strings.TrimPrefix(dep.Version, "v"))
			}
		}
	}
	slices.Sort(v[1:])
	return v
}

// revision returns the commit that a binary was built from.
func revision(binary string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "of an unknown commit"
	}
	commit, changed := "of an unknown commit", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 10)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " with changes"
		}
	}
	return commit + changed
}

// versionIn returns the version in the output of a program: v=7.0.15, or v20.1.0.
func versionIn(program, says string) string {
	for _, word := range strings.Fields(says) {
		if v, ok := strings.CutPrefix(word, "v"); ok {
			return program + " " + strings.TrimPrefix(v, "=")
		}
	}
	return program
}

// dependency returns the version of a package that a peer depends on.
func dependency(file, pkg string) string {
	var p struct{ Dependencies map[string]string }
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return "of an unknown version"
	}
	return p.Dependencies[pkg]
}
