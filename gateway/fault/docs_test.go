package fault_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"tributary/gateway/fault"
)

const page = "../../docs/errors.md"

var update = flag.Bool("update", false, "write "+page+" anew")

func TestErrorsPage_MatchesTable(t *testing.T) {
	want := errorsPage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/errors.md is not what the table of gateway/fault says; run: go test ./gateway/fault -update\nwant:\n%s", want)
	}
}

func errorsPage() string {
	var b strings.Builder
	b.WriteString(`# Errors

<!-- Written by: go test ./gateway/fault -update -->

In GraphQL, ` + "`errors[].extensions`" + ` has the ` + "`code`" + ` and the ` + "`service`" + ` concerned. By REST, a request that
failed as a whole gets a problem document (` + "`application/problem+json`" + `, RFC 9457) with the ` + "`code`" + ` and
the status below; an answer that is only incomplete is 200, and ` + "`metadata.degraded`" + ` has the reason.
*Retried* says whether the gateway itself may retry, within its retry budget, before it reports the
failure.

| code | reason | status | retried | meaning |
| --- | --- | --- | --- | --- |
`)
	for _, k := range fault.Kinds() {
		again := "no"
		if k.Retryable() {
			again = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %d | %s | %s |\n", k.Code(), k.Reason(), k.HTTPStatus(), again, k.Meaning())
	}
	b.WriteString(`
Clients never see the cause of a failure (host names, messages of other programs, panics). The log has
it, under the ` + "`request_id`" + ` of the response.

Malformed HTTP is refused before it becomes a request: a header that is invalid or too long, a missing
` + "`Host`" + `, a bad escape in the path (` + "`/graphql/%zz`" + `). The response is 400 or 431 in plain text,
the connection is closed, and neither logs nor metrics have it.
`)
	return b.String()
}
