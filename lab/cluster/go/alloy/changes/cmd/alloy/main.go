// Command alloy is Grafana Alloy with the components that this repository's configurations use.
package main

import (
	"os"

	"github.com/prometheus/client_golang/prometheus"
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/grafana/alloy/internal/alloycli"
	"github.com/grafana/alloy/internal/build"
)

func main() {
	prometheus.MustRegister(build.NewCollector("alloy"))
	if err := alloycli.Command().Execute(); err != nil {
		os.Exit(1)
	}
}
