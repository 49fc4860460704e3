package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/engine"
	"tributary/gateway/httpserver"
	"tributary/gateway/lookahead"
)

// explainCommand computes the cost of a query from the schema and the joins. It needs
// neither a gateway nor services.
type explainCommand struct {
	File      string        `arg:"" help:"The file with the GraphQL document; - reads it from stdin."`
	Variables string        `setting:"-" default:"{}" placeholder:"JSON" help:"The variables, as a JSON object."`
	Operation string        `setting:"-" placeholder:"NAME" help:"Which operation of the document."`
	Gateway   gatewayConfig `embed:""`
}

// Run implements the command. The error says why the gateway would refuse the query;
// the cost is printed all the same, if it is known.
func (c *explainCommand) Run(p *process) error {
	text, err := c.read(p)
	if err != nil {
		return usageError{fmt.Errorf("explain: %w", err)}
	}
	req := engine.Request{Query: string(text), OperationName: c.Operation}
	if err := json.Unmarshal([]byte(c.Variables), &req.Variables); err != nil {
		return usageError{errors.New("explain: the variables are not a JSON object")}
	}
	explainer, release, err := c.engine()
	if err != nil {
		return err
	}
	cost, refused := explainer.Explain(p.ctx, req)
	if cost != nil {
		err = printCost(p.Stdout, cost)
	}
	if refused != nil {
		err = errors.Join(err, fmt.Errorf("explain: the query is rejected: %w", refused.Errors))
	}
	return errors.Join(err, release())
}

func (c *explainCommand) read(p *process) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(p.Stdin)
	}
	return os.ReadFile(c.File)
}

// engine returns an engine with the schema and the limits of a gateway.
func (c *explainCommand) engine() (*engine.Engine, func() error, error) {
	log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	c.Gateway.Cache.RedisURL = "" // nothing is loaded or cached
	core, err := newCore(c.Gateway, log, reg)
	if err != nil {
		return nil, nil, err
	}
	c.Gateway.GraphQL.Introspection = true // the binary prints the schema anyway
	return engine.New(c.Gateway.GraphQL, engine.Deps{Schema: core.schema, Plan: core.plan, Log: log, Registerer: reg}), core.close, nil
}

// maxExplained is the maximum size of an operation that is explained, in bytes.
const maxExplained = 1 << 20

// explainHandler answers, for the playground, with what the command prints of an operation:
// {"query": "…", "variables": {}, "operationName": ""}.
func explainHandler(e *engine.Engine) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			Query, OperationName string
			Variables            map[string]any
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxExplained)).Decode(&req); err != nil {
			httpserver.WriteProblem(w, r, httpserver.Problem{Status: http.StatusBadRequest, Code: "BAD_USER_INPUT", Detail: "the body must be a GraphQL request in JSON"})
			return
		}
		cost, refused := e.Explain(r.Context(), engine.Request{Query: req.Query, OperationName: req.OperationName, Variables: req.Variables})
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if cost != nil {
			_ = printCost(w, cost)
		}
		if refused != nil {
			for _, err := range refused.Errors {
				fmt.Fprintf(w, "refused: %s\n", err.Message)
			}
		}
	}
}

// printCost writes the fields that lead to loads, nested as in the query, and then the
// calls to each service.
func printCost(w io.Writer, cost *lookahead.Cost) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printFields(out, cost.Fields(), "")
	fmt.Fprintln(out)
	assumed := false
	for _, c := range cost.Services {
		calls := fmt.Sprint(c.AtMost)
		if c.AtLeast < c.AtMost {
			calls = fmt.Sprintf("%d to %d", c.AtLeast, c.AtMost)
		}
		fmt.Fprintf(out, "%s\t%s\t(%s)\n", c.Service, plural(calls, "call"), keys(c.Keys, c.Assumed))
		assumed = assumed || c.Assumed
	}
	if len(cost.Services) == 0 {
		fmt.Fprintln(out, "no calls")
	}
	if assumed {
		fmt.Fprintln(out, "\n~ with lists as long as the joins assume")
	}
	return out.Flush()
}

func printFields(w io.Writer, fields []lookahead.Field, indent string) {
	for _, f := range fields {
		loads := make([]string, len(f.Loads))
		for i, l := range f.Loads {
			loads[i] = l.Service + ": " + keys(l.Keys, l.Assumed)
			if l.Keys == 0 {
				loads[i] = l.Service + ": asked already"
			}
		}
		fmt.Fprintf(w, "%s%s\t%s\n", indent, f.Name, strings.Join(loads, ", "))
		printFields(w, f.Children, indent+"  ")
	}
}

func keys(n int, assumed bool) string {
	text := plural(fmt.Sprint(n), "key")
	if assumed {
		return "~" + text
	}
	return text
}

func plural(n, noun string) string {
	if n == "1" {
		return n + " " + noun
	}
	return n + " " + noun + "s"
}
