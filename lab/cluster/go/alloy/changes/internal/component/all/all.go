// Package all registers the components of this build: those that a configuration of this repository may name.
package all

import (
	_ "github.com/grafana/alloy/internal/component/discovery/consul"
	_ "github.com/grafana/alloy/internal/component/discovery/dns"
	_ "github.com/grafana/alloy/internal/component/discovery/file"
	_ "github.com/grafana/alloy/internal/component/discovery/http"
	_ "github.com/grafana/alloy/internal/component/discovery/kubernetes"
	_ "github.com/grafana/alloy/internal/component/discovery/relabel"
	_ "github.com/grafana/alloy/internal/component/local/file_match"
	_ "github.com/grafana/alloy/internal/component/loki/process"
	_ "github.com/grafana/alloy/internal/component/loki/relabel"
	_ "github.com/grafana/alloy/internal/component/loki/source/file"
	_ "github.com/grafana/alloy/internal/component/loki/source/journal"
	_ "github.com/grafana/alloy/internal/component/loki/source/kubernetes"
	_ "github.com/grafana/alloy/internal/component/loki/source/kubernetes_events"
	_ "github.com/grafana/alloy/internal/component/loki/source/syslog"
	_ "github.com/grafana/alloy/internal/component/loki/write"
	_ "github.com/grafana/alloy/internal/component/mimir/rules/kubernetes"
	_ "github.com/grafana/alloy/internal/component/prometheus/operator/podmonitors"
	_ "github.com/grafana/alloy/internal/component/prometheus/operator/probes"
	_ "github.com/grafana/alloy/internal/component/prometheus/operator/scrapeconfigs"
	_ "github.com/grafana/alloy/internal/component/prometheus/operator/servicemonitors"
	_ "github.com/grafana/alloy/internal/component/prometheus/relabel"
	_ "github.com/grafana/alloy/internal/component/prometheus/remotewrite"
	_ "github.com/grafana/alloy/internal/component/prometheus/scrape"
)
