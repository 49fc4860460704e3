package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tributary/gateway/engine/httptransport"
	"tributary/gateway/waterfall"
)

// queryCommand sends a query to a running gateway. The answer goes to stdout and the
// waterfall to stderr, so that the answer can be piped.
type queryCommand struct {
	Document  string            `arg:"" help:"The GraphQL document; - reads it from stdin." name:"query"`
	URL       string            `setting:"-" default:"http://localhost:8000/graphql" help:"The GraphQL endpoint."`
	Variables string            `setting:"-" default:"{}" placeholder:"JSON" help:"The variables, as a JSON object."`
	Operation string            `setting:"-" placeholder:"NAME" help:"Which operation of the document."`
	Header    map[string]string `setting:"-" placeholder:"NAME=VALUE;..." help:"Headers to send."`
	Trace     bool              `setting:"-" help:"Draw a waterfall. The gateway must have graphql-trace on, as in dev."`
}

// Run implements the command.
func (c *queryCommand) Run(p *process) error {
	req, err := c.request(p)
	if err != nil {
		return usageError{err}
	}
	resp, err := (&http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return c.show(p, resp.Status, answer)
}

func (c *queryCommand) request(p *process) (*http.Request, error) {
	if !json.Valid([]byte(c.Variables)) {
		return nil, errors.New("query: the variables are not JSON")
	}
	document := c.Document
	if document == "-" {
		text, err := io.ReadAll(p.Stdin)
		if err != nil {
			return nil, fmt.Errorf("query: %w", err)
		}
		document = string(text)
	}
	body, err := json.Marshal(map[string]any{"query": document, "variables": json.RawMessage(c.Variables), "operationName": c.Operation})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	for name, value := range c.Header {
		req.Header.Set(name, value)
	}
	if c.Trace {
		req.Header.Set(httptransport.TraceHeader, "1")
	}
	return req, nil
}

// show prints an answer without its trace, which it draws.
func (c *queryCommand) show(p *process, status string, answer []byte) error {
	var members struct {
		Data, Errors json.RawMessage
		Extensions   map[string]json.RawMessage
	}
	if err := json.Unmarshal(answer, &members); err != nil || (members.Data == nil && members.Errors == nil) {
		return fmt.Errorf("query: the answer, %s, is not a GraphQL response", status)
	}
	trace := members.Extensions["trace"]
	delete(members.Extensions, "trace")
	shown, err := json.MarshalIndent(struct {
		Errors     json.RawMessage            `json:"errors,omitempty"`
		Data       json.RawMessage            `json:"data,omitempty"`
		Extensions map[string]json.RawMessage `json:"extensions,omitempty"`
	}{members.Errors, members.Data, members.Extensions}, "", "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.Stdout, "%s\n", shown); err != nil {
		return err
	}
	switch {
	case trace != nil:
		var t waterfall.Trace
		if err := json.Unmarshal(trace, &t); err != nil {
			return fmt.Errorf("query: the trace: %w", err)
		}
		if err := t.Draw(p.Stderr); err != nil {
			return err
		}
	case c.Trace:
		return errors.New("query: the response has no trace: is graphql-trace on?")
	}
	if members.Data == nil {
		return errors.New("query: the operation was rejected")
	}
	return nil
}
