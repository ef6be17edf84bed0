// Package scrapeconfig holds what loki.source.journal takes from Promtail's configuration, and none of its service discovery.
package scrapeconfig

import "github.com/prometheus/common/model"

// JournalTargetConfig says which entries of a journal are read, and how.
type JournalTargetConfig struct {
	MaxAge  string
	JSON    bool
	Labels  model.LabelSet
	Path    string
	Matches string
}
