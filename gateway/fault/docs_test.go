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

func TestTheErrorsPageSaysWhatTheTableSays(t *testing.T) {
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

Every failure gets a kind where it arises, and one table says what a client sees of it.

In GraphQL the code stands in ` + "`errors[].extensions.code`" + `, with the upstream concerned in
` + "`errors[].extensions.service`" + `. A REST answer that has nothing but the failure to tell is an
` + "`application/problem+json`" + ` with that status and ` + "`code`" + `; an answer that has something else to
give is 200, and names what is missing in ` + "`metadata.degraded`" + ` by the reason. *Asked again* tells
whether the gateway itself may make another attempt, within its budget, before it reports the failure.

| code | reason | status | asked again | what happened |
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
A client never sees the cause of a failure (hosts, texts of other programs, panics). The log has it,
under the ` + "`request_id`" + ` that the answer carries.

What is no HTTP request is refused before there is anything to give an id to: a header that is
malformed or too long, a missing ` + "`Host`" + `, a bad escape in the path (` + "`/api/profile/%zz`" + `). The answer
is 400 or 431 in plain text, the connection is closed, and neither log nor metrics tell of it.
`)
	return b.String()
}
