package util

// SetupOtelFeatureGates has nothing to do: this build has no OpenTelemetry component.
func SetupOtelFeatureGates() error {
	return nil
}
