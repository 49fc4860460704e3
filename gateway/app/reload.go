package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admin"
	"tributary/gateway/browser"
	"tributary/gateway/engine"
	"tributary/gateway/internal/filewatch"
	"tributary/gateway/settings"
	"tributary/gateway/telemetry"
)

// reloadable is what takes over settings of a running gateway: each part holds what they
// permit in one immutable value, and replaces that at once.
type reloadable struct {
	graphql *engine.Engine
	guard   *browser.Guard
	check   func(gatewayConfig) error // of what Validate does not know
	metrics reloadMetrics
}

type reloadMetrics struct {
	count   *prometheus.CounterVec // by outcome
	success prometheus.Gauge
}

func newReloadMetrics(reg prometheus.Registerer) reloadMetrics {
	m := reloadMetrics{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "settings_reloads_total", Help: "Reloads of the settings, by outcome: reloaded or refused (invalid).",
		}, []string{"outcome"}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "settings_last_reload_successful", Help: "Whether the last reload of the settings succeeded: 0 if they were invalid, so that the previous ones are in effect.",
		}),
	}
	m.success.Set(1)
	m.count.WithLabelValues("reloaded")
	m.count.WithLabelValues("refused")
	reg.MustRegister(m.count, m.success)
	return m
}

// reread are the settings of a command as they are now, and as they were written.
type reread struct {
	gateway  gatewayConfig
	log      telemetry.LogConfig
	snapshot settings.Snapshot
}

// reloader makes a running gateway take over the settings file, and the manifests that the
// settings name. Flags and the environment are as they were at the start.
type reloader struct {
	reloadable

	read    func() (reread, error)
	log     *slog.Logger
	watcher *filewatch.Watcher

	mu        sync.Mutex
	running   settings.Snapshot
	file      string
	manifests []string
}

func newReloader(parts reloadable, p *process, cfg gatewayConfig, read func() (reread, error), log *slog.Logger) *reloader {
	r := &reloader{
		reloadable: parts, read: read, log: log, running: p.snapshot, file: p.settings.File(),
		manifests: cfg.GraphQL.Manifests,
	}
	r.watcher = filewatch.New(r.files)
	return r
}

// run reloads when a file changes, and at each signal of hangup, until ctx ends.
func (r *reloader) run(ctx context.Context, hangup <-chan os.Signal) {
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() { r.watcher.Run(ctx, func() { _, _ = r.reload() }) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_, _ = r.reload()
		}
	}
}

func (r *reloader) files() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := slices.Clone(r.manifests)
	if r.file != "" {
		files = append(files, r.file)
	}
	return files
}

// reload reads the settings, and takes over what can be while the gateway runs. If any of them
// cannot be used, all stay as they are. It logs and counts what came of it.
func (r *reloader) reload() (admin.Reloaded, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	outcome, err := r.apply()
	if err != nil {
		r.metrics.count.WithLabelValues("refused").Inc()
		r.metrics.success.Set(0)
		r.log.Error("settings not reloaded: the previous ones stay in effect", "error", err.Error())
		return outcome, err
	}
	r.metrics.count.WithLabelValues("reloaded").Inc()
	r.metrics.success.Set(1)
	level, attrs := slog.LevelInfo, []slog.Attr{slog.Any("reloaded", outcome.Reloaded)}
	if len(outcome.Restart) > 0 {
		level, attrs = slog.LevelWarn, append(attrs, slog.Any("need_restart", outcome.Restart))
	}
	if len(outcome.Overridden) > 0 {
		level, attrs = slog.LevelWarn, append(attrs, slog.Any("overridden", outcome.Overridden))
	}
	r.log.LogAttrs(context.Background(), level, "settings reloaded", attrs...)
	return outcome, nil
}

func (r *reloader) apply() (outcome admin.Reloaded, err error) {
	now, err := r.read()
	if err != nil {
		return outcome, err
	}
	if err := r.check(now.gateway); err != nil {
		return outcome, err
	}
	graphql := now.gateway.GraphQL
	trusted, err := trustedDocuments(now.gateway.graph.Operations, graphql.Manifests)
	if err != nil {
		return outcome, err
	}
	use, err := r.graphql.Prepare(graphql, trusted)
	if err != nil {
		return outcome, err
	}
	changed, restart := r.running.Changes(now.snapshot)
	if slices.Contains(changed, "log_level") { // else /admin/log-level may have set another
		var level slog.Level
		if err := errors.Join(level.UnmarshalText([]byte(now.log.Level)), telemetry.SetLevel(r.log, level)); err != nil {
			return outcome, err
		}
	}
	const manifests = "graphql_trusted_documents"
	if !trusted.Equal(r.graphql.Trusted()) && !slices.Contains(changed, manifests) {
		changed = append(changed, manifests) // the same files have other contents
	}
	use()
	r.guard.Use(now.gateway.Browser)
	r.running, r.manifests = r.running.Reloaded(now.snapshot), graphql.Manifests
	return admin.Reloaded{Reloaded: changed, Restart: restart, Overridden: now.snapshot.Overridden()}, nil
}
