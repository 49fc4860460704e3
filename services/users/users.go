// Package users is the user service as the gateway knows it: its type, its
// contract (openapi.yaml) and a client of it.
package users

import "tributary/gateway/scalar"

// Service is the name under which errors, metrics and reports speak of it.
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
