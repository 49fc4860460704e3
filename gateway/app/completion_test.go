package app

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCompletion_Bash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("SKIPPED for want of bash: completion")
	}
	code, script, stderr := run(t, library(), nil, "completion")
	if code != 0 || stderr != "" {
		t.Fatalf("%d %s", code, stderr)
	}
	for typed, want := range map[string]string{
		"library ga":                   "gateway",
		"library --v":                  "--version",
		"library au":                   "authors",
		"library gateway --upstream-q": "--upstream-queue --upstream-queue-wait",
		"library dev --addr x --faul":  "--faults",
		"library schema --upstream-":   "",
	} {
		complete := script + "COMP_WORDS=(" + typed + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _library; echo ${COMPREPLY[@]}"
		out, err := exec.CommandContext(t.Context(), bash, "-c", complete).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q becomes %q, want %q: %v", typed, got, want, err)
		}
	}
}
