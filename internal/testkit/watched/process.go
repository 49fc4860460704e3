package watched

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
)

// run starts a program that is killed when the test is over. What it says is
// shown when the test fails.
func (s *Stack) run(program string, env []string, args ...string) {
	s.t.Helper()
	var said tailBuffer
	cmd := exec.Command(program, args...)  //nolint:gosec,noctx // G204: the test names it, and its end ends it
	cmd.Env = append(os.Environ(), env...) //nolint:forbidigo // what any program needs of it
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("%s %v said at last:\n%s", filepath.Base(program), args, said)
		}
	})
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer []byte

// Write implements io.Writer.
func (w *tailBuffer) Write(p []byte) (int, error) {
	const kept = 1 << 10
	*w = append(*w, p...)
	if over := len(*w) - kept; over > 0 {
		*w = bytes.Clone((*w)[over:])
	}
	return len(p), nil
}
