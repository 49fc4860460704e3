// Package scalar has the types of values that pass from an upstream's JSON to a
// client's JSON without loss of precision. Each type decodes JSON strictly, and
// encodes itself as JSON and as a GraphQL scalar.
package scalar
