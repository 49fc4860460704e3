package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tributary/gateway/auth/devtoken"
	"tributary/gateway/settings"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// gatewayCommand runs the gateway alone.
type gatewayCommand struct {
	Gateway gatewayConfig       `embed:""`
	Log     telemetry.LogConfig `embed:"" group:"Log"`
}

// Run implements the command.
func (c *gatewayCommand) Run(p *process) error {
	if err := c.Gateway.Auth.CheckKeys(); err != nil {
		return usageError{p.settings.AnnotateError(err, p.parsed.Model)}
	}
	on, err := p.listenGateway(c.Gateway)
	if err != nil {
		return err
	}
	return p.serveGateway(p.ctx, c.Gateway, on, p.logger(c.Log), func() (reread, error) {
		later, c, err := again[gatewayCommand](p)
		if err != nil {
			return reread{}, err
		}
		return reread{c.Gateway, c.Log, later.snapshot}, nil
	})
}

// configCommand prints the settings of all commands, and the OTEL_* variables that are
// set.
type configCommand struct {
	Gateway  gatewayConfig       `embed:""`
	Examples examplesConfig      `embed:"" group:"Example services"`
	Key      devtoken.Config     `embed:"" group:"Viewers"`
	Log      telemetry.LogConfig `embed:"" group:"Log"`
	Markdown bool                `setting:"-" help:"Print what settings there are instead, as tables in Markdown."`
}

// Run implements the command.
func (c *configCommand) Run(p *process) error {
	if c.Markdown {
		return settings.Tables(p.Stdout, p.parsed.Selected())
	}
	err := p.settings.Print(p.Stdout, p.parsed)
	for _, name := range tracing.Names() {
		err = errors.Join(err, p.settings.PrintVariable(p.Stdout, name, tracing.IsSecret(name)))
	}
	return err
}

type schemaCommand struct{}

// Run implements the command.
func (schemaCommand) Run(p *process) error {
	sdl, err := p.graph.sdl()
	if err != nil {
		return err
	}
	_, err = io.WriteString(p.Stdout, sdl)
	return err
}

// healthcheckCommand is the health check of container images without a shell.
type healthcheckCommand struct {
	URL      string `arg:"" help:"The URL to request."`
	Insecure bool   `name:"insecure" setting:"-" help:"Accept any certificate, such as one that is not for localhost."`
}

const healthcheckTimeout = 3 * time.Second

var errUnhealthy = errors.New("unhealthy")

// Run implements the command.
func (c *healthcheckCommand) Run(p *process) error {
	ctx, cancel := context.WithTimeout(p.ctx, healthcheckTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil || (req.URL.Scheme != "http" && req.URL.Scheme != "https") || req.URL.Host == "" {
		return usageError{fmt.Errorf("healthcheck: %q is not a URL with http:// or https:// and a host", c.URL)}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: c.Insecure}}} //nolint:gosec // G402: as asked for
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnhealthy, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%w: %s answered %s", errUnhealthy, c.URL, resp.Status)
	}
	return nil
}
