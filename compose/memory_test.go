package compose_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"tributary/gateway/engine"
	"tributary/gateway/entitycache"
	"tributary/gateway/heap"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
	"tributary/gateway/settings"
	"tributary/gateway/upstream"
)

const composeFile = "compose.yaml"

var update = flag.Bool("update", false, "write the sum in "+composeFile+" anew")

// gatewayService is the part of the compose file that says what the gateway has.
type gatewayService struct {
	Environment map[string]string
	Deploy      struct {
		Resources struct {
			Limits struct{ Memory string }
		}
	}
}

func readGatewayService(t *testing.T) gatewayService {
	t.Helper()
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services struct {
			Gateway gatewayService
		}
	}
	text = regexp.MustCompile(`\$\{[A-Z_]+:-([^}]*)\}`).ReplaceAll(text, []byte("$1")) // nothing is set in the environment
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Services.Gateway
}

// memoryConfig has the settings with a budget.
type memoryConfig struct {
	Server    httpserver.Config    `embed:""`
	Upstream  upstream.Config      `embed:""`
	Cache     entitycache.Config   `embed:""`
	Responses responsecache.Config `embed:""`
	GraphQL   engine.Config        `embed:""`
}

func (c memoryConfig) budgets() []heap.Budget {
	return slices.Concat(c.Server.Budgets(), c.Upstream.Budgets(), c.Cache.Budgets(), c.Responses.Budgets(), c.GraphQL.Budgets())
}

// readBudgets returns the budgets of the settings in an environment.
func readBudgets(t *testing.T, env map[string]string) []heap.Budget {
	t.Helper()
	var cfg memoryConfig
	parser, err := kong.New(&cfg, kong.Resolvers(settings.New(func(name string) string { return env[name] })))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	return cfg.budgets()
}

// bytesOf parses a size as Docker and Go write it.
func bytesOf(t *testing.T, size string) int64 {
	t.Helper()
	parts := regexp.MustCompile(`^(\d+)(M|MiB)$`).FindStringSubmatch(size)
	if parts == nil {
		t.Fatalf("%q is no size in MiB", size)
	}
	n, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n << 20
}

// notHeap is what a container needs besides the memory that GOMEMLIMIT bounds: the pages
// of the program, of which the kernel may take back the most, and of threads.
const notHeap = 48 << 20

func TestMemory_OfTheGatewayFits(t *testing.T) {
	gateway := readGatewayService(t)
	limit, container := bytesOf(t, gateway.Environment["GOMEMLIMIT"]), bytesOf(t, gateway.Deploy.Resources.Limits.Memory)
	if sum := heap.Sum(readBudgets(t, gateway.Environment)); sum > limit {
		t.Errorf("the settings permit %d MiB, GOMEMLIMIT is %d MiB", sum>>20, limit>>20)
	}
	if limit > container-notHeap {
		t.Errorf("GOMEMLIMIT is %d MiB, and the container's limit %d MiB", limit>>20, container>>20)
	}
}

// The balancer leaves connections for checks of the gateway's health.
func TestMemory_ConnectionsOfTheBalancerFit(t *testing.T) {
	var options []string
	for _, line := range directives(t, "server-template") {
		options = strings.Fields(line)
	}
	i := slices.Index(options, "maxconn")
	if i < 0 {
		t.Fatalf("no maxconn in %q", options)
	}
	balancer, _ := strconv.Atoi(options[i+1])
	gateway, _ := strconv.Atoi(readGatewayService(t).Environment["BFF_MAX_CONNECTIONS"])
	if balancer < 1 || balancer > gateway-16 {
		t.Errorf("the balancer makes %d connections to a gateway that takes %d", balancer, gateway)
	}
}

// The comment has the sum as the program calculates it.
func TestMemory_SumIsWrittenDown(t *testing.T) {
	const from, to = "      # sum of the settings\n", "      BFF_"
	gateway := readGatewayService(t)
	budgets := readBudgets(t, gateway.Environment)
	var sum strings.Builder
	line := func(bytes int64, name string) {
		fmt.Fprintf(&sum, "      #   %6.1f  %s\n", float64(bytes)/(1<<20), name)
	}
	line(heap.Sum(nil), "the program, and garbage")
	for _, b := range budgets {
		line(b.Bytes, b.Settings)
	}
	line(heap.Sum(budgets), "sum")
	line(bytesOf(t, gateway.Environment["GOMEMLIMIT"]), "GOMEMLIMIT")
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(text), from)
	written, after, ok2 := strings.Cut(after, to)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the sum", composeFile)
	}
	if *update {
		if err := os.WriteFile(composeFile, []byte(before+from+sum.String()+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if written != sum.String() {
		t.Errorf("%s does not have the sum; run: go test ./compose -run Memory -update\nwant:\n%s", composeFile, sum.String())
	}
}
