// Package otelcol holds the one type of the OpenTelemetry components that the runtime itself knows: where its own traces go. None can go anywhere.
package otelcol

import "go.opentelemetry.io/collector/consumer"

// Consumer takes traces.
type Consumer interface {
	consumer.Traces
}
