// Package discovery finds the other members of a cluster of Alloys. This build finds none: every Alloy here works alone.
package discovery

import (
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// DiscoverFn returns the addresses of members.
type DiscoverFn func() ([]string, error)

// Options says where to look.
type Options struct {
	JoinPeers     []string
	DiscoverPeers string
	DefaultPort   int
	Logger        *slog.Logger
	Tracer        trace.TracerProvider
}

// NewPeerDiscoveryFn refuses to look anywhere.
func NewPeerDiscoveryFn(options Options) (DiscoverFn, error) {
	if len(options.JoinPeers) > 0 || options.DiscoverPeers != "" {
		return nil, errors.New("this build of Alloy joins no cluster")
	}
	return nil, nil
}
