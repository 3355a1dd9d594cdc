// Package stat has the statistics of figures that were measured. It is
// arithmetic.
package stat
