package docs_test

import (
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tributary/internal/testkit"
)

// reviewService is the service of the page's document.
func reviewService(w http.ResponseWriter, r *http.Request) {
	review := `{"id":7,"stars":5,"headline":null,"reviewer_id":"r1","created_at":"2026-01-02T03:04:05Z"}`
	answer, ok := map[string]string{
		"/reviews?ids=7":          `{"data":[` + review + `],"next_page":null}`,
		"/reviews?reviewer_id=r1": `{"data":[` + review + `]}`,
		"/reviewers/r1":           `{"id":"r1","name":"Ada"}`,
	}[r.RequestURI]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer)
}

// step is a file or a command of the page, in its order, or else a block that is shown only.
var step = regexp.MustCompile("(?m)(?s:^`([^`\n]+)`:\n\n```\\w+\n(.*?\n)```$)|^    (\\S.*)$|(?s:^```\\w+\n.*?\n```$)")

var projects = flag.Bool("projects", false, "follow the pages that make or change a project, which build it")

// TestYourOwnGraph_AsThePageSays follows the page in a new folder. What it starts for
// development, or configures elsewhere, is left out.
func TestYourOwnGraph_AsThePageSays(t *testing.T) {
	if !*projects {
		t.Skip("SKIPPED: generating and building a project takes long: give -projects, as make library does")
	}
	service := httptest.NewServer(http.HandlerFunc(reviewService))
	t.Cleanup(service.Close)
	text, err := os.ReadFile("your-own-graph.md")
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	project := filepath.Join(t.TempDir(), "myshop")
	dir, answer := "..", ""
	for _, s := range step.FindAllStringSubmatch(string(text), -1) {
		file, content, command := s[1], s[2], s[3]
		switch {
		case file != "":
			if err := os.WriteFile(filepath.Join(project, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		case command == "cd ../myshop":
			dir = project
		case command == "./app gateway":
			serve(t, project, address, "BFF_REVIEWS_URL="+service.URL)
		case command == "", command == "go run . dev", strings.Contains(command, "/dev/faults/"):
		default:
			command = strings.NewReplacer("../myshop", project, "localhost:8000", address).Replace(command)
			out := shell(t, dir, command)
			if strings.HasPrefix(command, "curl") {
				answer = out
			}
		}
	}
	if want := `{"data":{"review":{"stars":5,"reviewer":{"name":"Ada","reviews":[{"id":"7"}]}}}}`; strings.TrimSpace(answer) != want {
		t.Errorf("the page's query is answered with %s, want %s", answer, want)
	}
	schema, err := os.ReadFile(filepath.Join(project, "graph", "schema", "reviews.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(text), "```graphql\n")
	shown, _, _ = strings.Cut(shown, "\n}\n```")
	if !strings.Contains(string(schema), shown) {
		t.Errorf("the page shows\n%s\nwhich is not in\n%s", shown, schema)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func shell(t *testing.T, dir, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -trimpath")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

// serve runs a project's gateway until the test ends.
func serve(t *testing.T, project, address string, env ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(project, "app"), "gateway", "--addr", address)
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	testkit.WaitFor(t, "the gateway listens on "+address, func() bool {
		resp, err := http.Get("http://" + address + "/livez")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil
	})
}
