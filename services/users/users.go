// Package users is the client side of the user service: its type, its client and its
// contract (openapi.yaml).
package users

import "tributary/gateway/scalar"

// Service is the name of the service in errors, metrics, settings and /health.
const Service = "users"

// User is a user as the service writes it. Values are shared between
// requests: treat them as read-only.
type User struct {
	ID        string          `json:"id"`
	Username  string          `json:"username"`
	Email     string          `json:"email"`
	FullName  string          `json:"full_name"`
	IsActive  bool            `json:"is_active"`
	CreatedAt scalar.DateTime `json:"created_at"`
}
