// Package scalar has the values that travel from an upstream's JSON to a
// client's JSON without losing a digit on the way. Each type reads JSON,
// refuses what it is not, and writes itself as JSON and as a GraphQL scalar.
package scalar
