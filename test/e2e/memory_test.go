package e2e_test

import (
	"strings"
	"testing"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// The start warns if the settings permit more memory than GOMEMLIMIT. What the sum is made
// of is tested in gateway/heap, and that of the stack in compose.
func TestStart_WarnsOfBudgetsBeyondGOMEMLIMIT(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	const warning = "the settings permit more memory"
	for name, c := range map[string]struct {
		env   []string
		warns bool
	}{
		"the defaults in a small container": {[]string{"GOMEMLIMIT=230MiB"}, true},
		"small settings":                    {[]string{"GOMEMLIMIT=230MiB", "BFF_CACHE_MEMORY_MB=8", "BFF_CACHE_RESPONSE_MB=8", "BFF_GRAPHQL_DOCUMENTS_MB=4", "BFF_GRAPHQL_BODIES_MB=8", "BFF_GRAPHQL_RESPONSES_MB=16", "BFF_UPSTREAM_BODIES_MB=8", "BFF_MAX_CONNECTIONS=256", "BFF_MAX_OPERATIONS=64"}, false},
		"small settings, but one":           {[]string{"GOMEMLIMIT=230MiB", "BFF_CACHE_MEMORY_MB=8", "BFF_CACHE_RESPONSE_MB=100", "BFF_GRAPHQL_DOCUMENTS_MB=4", "BFF_GRAPHQL_BODIES_MB=8", "BFF_GRAPHQL_RESPONSES_MB=16", "BFF_UPSTREAM_BODIES_MB=8", "BFF_MAX_CONNECTIONS=256", "BFF_MAX_OPERATIONS=64"}, true},
		"the defaults with a lot of memory": {[]string{"GOMEMLIMIT=4GiB"}, false},
		"a large cache, and a lot":          {[]string{"GOMEMLIMIT=4GiB", "BFF_CACHE_MEMORY_MB=3000"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startGatewayIn(t, c.env, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s")...)
			p.signal()
			if err := <-p.Done; err != nil {
				t.Fatal(err)
			}
			var lines []string
			for line := range strings.Lines(p.Stderr()) {
				if strings.Contains(line, warning) {
					lines = append(lines, line)
				}
			}
			if (len(lines) == 1) != c.warns || len(lines) > 1 {
				t.Errorf("warned %d times: %s", len(lines), p.Stderr())
			}
			for _, line := range lines {
				for _, part := range []string{`"level":"WARN"`, "BFF_CACHE_MEMORY_MB: ", "BFF_MAX_CONNECTIONS", `"limit_by":"GOMEMLIMIT"`, `"remedy":"`} {
					if !strings.Contains(line, part) {
						t.Errorf("no %s in %s", part, line)
					}
				}
			}
		})
	}
}
