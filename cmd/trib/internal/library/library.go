// Package library knows the library that projects are made with.
package library

// Module is the path of the library's module. It stands here and in go.mod.
const Module = "tributary"
