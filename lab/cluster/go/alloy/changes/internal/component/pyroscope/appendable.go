// Package pyroscope holds the one type of the components for profiles that the runtime itself knows.
package pyroscope

// Appendable takes profiles; nothing in this build does.
type Appendable interface {
	appendable()
}
